"""What does each layer look for?"""

from pages.inside.kernels import parts

if models := parts.pick():
    parts.look(models)
