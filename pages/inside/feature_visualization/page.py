"""What does a channel answer to most?"""

from pages.inside.feature_visualization import parts

if choice := parts.pick():
    parts.look(*choice)
