"""Which pictures of a split a run uses: its subset, and the handful that it shows as it goes."""

import torch
from torch import Tensor

SHOWN = 10


def chosen(count: int, subset: int) -> Tensor:
    """Indices (int64, ascending) of the pictures that a subset takes out of `count`; 0 takes all.

    Drawn at random, but always the same ones, whatever the run's seed: runs can be compared.
    """
    if not 0 < subset < count:
        return torch.arange(count)
    generator = torch.Generator().manual_seed(count)
    return torch.randperm(count, generator=generator)[:subset].sort().values


def shown(labels: Tensor, most: int = SHOWN) -> Tensor:
    """Positions in `labels` of the pictures to show: the first of every class, then the second …"""
    seen: dict[int, int] = {}
    ranks = []
    for position, label in enumerate(labels.tolist()):
        rank = seen.get(label, 0)
        seen[label] = rank + 1
        if rank < most:
            ranks.append((rank, label, position))
    return torch.tensor([position for *_key, position in sorted(ranks)[:most]], dtype=torch.int64)
