"""What kernels that read the picture look for: edges in one direction, colours, levels, spots."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

import torch
from torch import Tensor

Kind = Literal["edge", "colour", "level", "spot"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HALF = 0.5  # of a kernel's energy, or of what there is of one direction: more decides
LEAST = 3  # rows and columns: smaller kernels have no shape
RANDOM = 4000  # kernels that chance is measured with


def kinds(kernels: Tensor) -> list[Kind]:
    """What each of the kernels (K, C, h, w) looks for.

    "colour": more than half of its energy is difference between its channels. "level": more than
    half of the rest is its mean, so that it answers to light or dark areas. "edge": its slopes lie
    along one direction (the coherence of its structure tensor is over a half), as those of edges
    and stripes do. "spot": all others.
    """
    grey = kernels.double().mean(1)
    energy, own = kernels.double().square().sum((1, 2, 3)), grey.square().sum((1, 2))
    colour = energy - kernels.shape[1] * own > HALF * energy
    level = grey.mean((1, 2)).square() * grey[0].numel() > HALF * own
    edge = _coherence(grey) > HALF
    return [
        "colour" if of_colour else "level" if of_level else "edge" if of_edge else "spot"
        for of_colour, of_level, of_edge in zip(
            colour.tolist(), level.tolist(), edge.tolist(), strict=True
        )
    ]


def _coherence(grey: Tensor) -> Tensor:
    """0: as much slope in every direction, 1: all in one; of each of (K, h, w).

    From the structure tensor, summed over all 2 × 2 cells: (λ₁ − λ₂) / (λ₁ + λ₂).
    """
    right, below = grey.diff(dim=2), grey.diff(dim=1)
    x, y = (right[:, 1:] + right[:, :-1]) / 2, (below[:, :, 1:] + below[:, :, :-1]) / 2
    across, down, mixed = ((a * b).sum((1, 2)) for a, b in ((x, x), (y, y), (x, y)))
    apart = ((across - down).square() + 4 * mixed.square()).sqrt()
    coherence: Tensor = apart / (across + down).clamp_min(torch.finfo(torch.float64).tiny)
    return coherence


def shares(each: Sequence[Kind]) -> dict[Kind, float]:
    """How many of the kernels are of each kind, as shares."""
    counts = Counter(each)
    return {kind: counts[kind] / len(each) for kind in KINDS}


@lru_cache(maxsize=64)
def by_chance(channels: int, height: int, width: int) -> dict[Kind, float]:
    """The same shares of kernels of this size whose weights are drawn at random."""
    generator = torch.Generator().manual_seed(0)
    return shares(kinds(torch.randn(RANDOM, channels, height, width, generator=generator)))
