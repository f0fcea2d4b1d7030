"""One list of pictures, parted into those to train on and those to test with."""

from hashlib import sha256

import torch
from torch import Tensor

from explorer.data.datasets.records import Split

SEED = 0
TEST_SHARE = 0.2


def rows(labels: Tensor, seed: int = SEED) -> tuple[Tensor, Tensor]:
    """Rows to train on, and rows to test with: a fifth of each class, at least one of two.

    Always the same for the same labels and seed, whatever the version of any library: the order
    is that of a hash of the row's number.
    """
    test: list[int] = []
    for label in labels.unique().tolist():
        own = (labels == label).nonzero().flatten().tolist()
        ranked = sorted(own, key=lambda row: sha256(f"{seed} {row}".encode()).digest())
        share = max(round(TEST_SHARE * len(own)), 1) if len(own) > 1 else 0
        test += ranked[:share]
    in_test = torch.zeros(len(labels), dtype=torch.bool)
    in_test[test] = True
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()


def split(pictures: Tensor, labels: Tensor, seed: int = SEED) -> tuple[Split, Split]:
    """Train and test, each in the order in which the pictures came."""
    train, test = rows(labels, seed)
    return Split(pictures[train], labels[train]), Split(pictures[test], labels[test])
