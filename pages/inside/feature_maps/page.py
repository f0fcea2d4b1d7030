"""What does each layer see?"""

from pages.inside.feature_maps import parts

if chosen := parts.pick():
    parts.look(*chosen)
