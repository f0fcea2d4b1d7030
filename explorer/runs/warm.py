"""Imported once by the process that workers are forked from, so that each of them starts at once.

Torch takes two seconds to import, and half of one more when the first optimiser is built.
"""

import gc
from contextlib import suppress

import torch
from torch import nn

from explorer import datasets
from explorer.runs import worker

__all__ = ["worker"]


def _warm() -> None:
    torch.set_num_threads(1)  # a pool of threads does not survive being forked
    layer = nn.Linear(1, 1)
    optimiser = torch.optim.Adam(layer.parameters(), fused=True)
    layer(torch.ones(1, 1)).sum().backward()
    optimiser.step()
    for name in ("fashion_mnist", "digits"):
        with suppress(ValueError):  # where it is missing or damaged, the run will say so
            if datasets.at_hand(name):
                datasets.load(name)
    gc.collect()
    gc.freeze()  # nothing that is here now is ever looked through, nor copied, again


_warm()
