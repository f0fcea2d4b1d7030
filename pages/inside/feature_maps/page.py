"""What does each layer see?"""

from pages.inside.feature_maps import parts

if choice := parts.pick():
    parts.look(*choice)
