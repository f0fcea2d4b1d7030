"""What does each layer see?"""

from pages.inside.feature_maps import controls, parts

if chosen := controls.pick():
    parts.look(*chosen)
