"""The course's networks: whatever file stands here is found by itself."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache

from explorer.networks import pytorch_code, registry
from explorer.networks.registry import COURSE, Architecture, Value


@cache
def course() -> dict[str, Architecture]:
    """The course's networks by name, oldest first."""
    modules = (
        importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
    )
    found = [entry for module in modules for entry in module.ARCHITECTURES]
    found.sort(key=lambda entry: entry.paper.year if entry.paper else 0)
    return {entry.name: entry for entry in found}


class Course:
    """The source of the networks in this folder."""

    name = COURSE

    def networks(self) -> Sequence[str]:
        """Oldest first."""
        return tuple(course())

    def architecture(self, key: str) -> Architecture:
        """What its file says."""
        return course()[key]

    def code(self, key: str, options: Mapping[str, Value]) -> str:
        """Cut out of the very files that build it."""
        return pytorch_code.excerpt(course()[key].build, options)


registry.register(Course())
