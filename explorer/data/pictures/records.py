"""A picture as it was given, and as a network receives it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was given. Everyone may read the pixels: do not write."""

    pixels: Tensor  # (1 or 3, H, W), uint8
    title: str
    label: int | None = None  # its class, where it is known
    classes: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """Equal for equal pixels, and short: to keep results by."""
        content = repr(tuple(self.pixels.shape)).encode() + self.pixels.numpy().tobytes()
        return hashlib.sha256(content).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the network receives, and the same to be looked at."""

    tensor: Tensor  # (1, C, H, W), float32
    shown: Tensor  # (1 or 3, H, W), uint8: before normalisation
