"""What does each layer look for?"""

from pages.inside.kernels import controls, parts

if models := controls.pick():
    parts.look(models)
