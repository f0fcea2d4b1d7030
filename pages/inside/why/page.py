"""What in the picture does the answer rest on?"""

from pages.inside.why import controls, parts

if inputs := controls.pick():
    parts.show(inputs)
