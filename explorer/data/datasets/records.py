"""What a data set is, before and after it is loaded."""

from dataclasses import dataclass

from torch import Tensor

from explorer.base.reasons import CodedError


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
