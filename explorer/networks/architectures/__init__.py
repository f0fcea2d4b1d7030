"""The course's networks: whatever file stands here is found by itself."""

import importlib
import pkgutil

from explorer.networks import pytorch_code
from explorer.networks.registry import COURSE, Architecture, Source, register

_FILES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
_ALL: list[Architecture] = [each for file in _FILES for each in file.ARCHITECTURES]
NETWORKS = {
    each.name: each for each in sorted(_ALL, key=lambda each: each.paper.year if each.paper else 0)
}

register(
    Source(
        COURSE,
        lambda: NETWORKS,
        # Cut out of the very files that build it.
        lambda key, options: pytorch_code.excerpt(NETWORKS[key].build, options),
    )
)
