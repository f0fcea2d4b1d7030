"""What a data set is, before and after it is loaded; and how one list of pictures is parted."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import torch
from torch import Tensor

from explorer.base.reasons import CodedError

SEED = 0
TEST_SHARE = 0.2


class Unavailable(CodedError):
    """A data set that is not here and cannot be fetched; the message is for the visitor."""


class Damaged(Unavailable):
    """Files that are here, but are not what they should be; the message is for the visitor."""


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures to train on, or to test with. Everyone reads the same tensors: do not write."""

    pictures: Tensor  # (N, C, H, W), uint8, on the CPU
    labels: Tensor  # (N,), int64, each an index into the classes

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Data:
    """A loaded data set. A network gets x / 255, as the course's `ToTensor` makes it."""

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split

    def part(self, name: str) -> Split:
        """The one that is called "train" or "test"."""
        return self.train if name == "train" else self.test

    @cached_property
    def test_digest(self) -> str:
        """SHA-256 (hex) of the test pictures' classes, in their order and by name."""
        names = repr(self.classes).encode()
        return sha256(names + self.test.labels.numpy().tobytes()).hexdigest()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of each picture."""
        channels, height, width = self.train.pictures.shape[1:]
        return channels, height, width


@dataclass(frozen=True)
class DataSet:
    """Facts about a data set, known without loading it. Sentences are marked with N_."""

    name: str  # in links, on the command line and in a run's recipe
    title: str
    shape: tuple[int, int, int]  # channels, height, width; zeros for pictures yet to be given
    classes: tuple[str, ...]
    train_count: int
    test_count: int
    about: str
    source: str = ""
    url: str = ""
    licence: str = ""
    download_bytes: int = 0  # 0: it is never downloaded


# -- to train on, to test with ----------------------------------------------------------------


def rows(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Rows to train on, and rows to test with: a fifth of each class, at least one of two.

    Always the same for the same labels, whatever the version of any library: the order is that of
    a hash of the row's number.
    """
    test: list[int] = []
    for label in labels.unique().tolist():
        own = (labels == label).nonzero().flatten().tolist()
        ranked = sorted(own, key=lambda row: sha256(f"{SEED} {row}".encode()).digest())
        share = max(round(TEST_SHARE * len(own)), 1) if len(own) > 1 else 0
        test += ranked[:share]
    in_test = torch.zeros(len(labels), dtype=torch.bool)
    in_test[test] = True
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()


def split(pictures: Tensor, labels: Tensor) -> tuple[Split, Split]:
    """Train and test, each in the order in which the pictures came."""
    train, test = rows(labels)
    return Split(pictures[train], labels[train]), Split(pictures[test], labels[test])
