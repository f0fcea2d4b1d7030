"""What does a channel answer to most?"""

from pages.inside.feature_visualization import parts

if chosen := parts.pick():
    parts.look(*chosen)
