"""What does a channel answer to most?"""

from pages.inside.feature_visualization import controls, parts

if chosen := controls.pick():
    parts.look(*chosen)
