"""Imported once by the process that workers are forked from, so that each of them starts at once.

Torch takes two seconds to import, and one and a half more when the first optimiser is built.
Nothing here computes a gradient, takes a step or asks for an accelerator: the first two start
threads that no child inherits, and any of the three can make a GPU unusable in every child.
"""

import gc
from contextlib import suppress

import torch
from torch import nn

from explorer.data import datasets
from explorer.runs.engines.local import worker

__all__ = ["worker"]

torch.set_num_threads(1)  # a pool of threads does not survive being forked
torch.optim.Adam(nn.Linear(1, 1).parameters(), fused=True)
for name in ("fashion_mnist", "digits"):
    with suppress(ValueError):  # where it is missing or damaged, the run will say so
        if datasets.at_hand(name):
            datasets.load(name)
gc.collect()
gc.freeze()  # nothing that is here now is ever looked through, nor copied, again
