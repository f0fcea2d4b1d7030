"""From a data set's name to its tensors, kept for this process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import torch

from explorer.base.reasons import CodedError
from explorer.base.tasks import Progress, unheard
from explorer.data import photographs
from explorer.data.datasets import cifar, downloads, idx, own
from explorer.data.datasets.catalogue import DATASETS, DIGITS
from explorer.data.datasets.downloads import Remote
from explorer.data.datasets.records import Data, DataSet, Unavailable, split


@dataclass(frozen=True)
class Reader:
    """How a data set is found, read and fetched; each function is given its name."""

    locate: Callable[[str], Path | None]  # its files or folder here
    read: Callable[[str, Path], Data]
    remotes: Callable[[str], list[Remote]] | None = None


def _read_digits(_name: str, path: Path) -> Data:
    """All 1 797, ink from 0 to 16 spread over 0 to 255."""
    table = np.loadtxt(path, delimiter=",")
    ink = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    train, test = split(torch.from_numpy(ink), torch.from_numpy(table[:, -1].astype(np.int64)))
    return Data(DIGITS.name, DIGITS.classes, train, test)


READERS = {
    "fashion_mnist": Reader(idx.locate, idx.read, idx.remotes),
    "mnist": Reader(idx.locate, idx.read, idx.remotes),
    "cifar10": Reader(cifar.locate, cifar.read, cifar.remotes),
    "digits": Reader(lambda _name: photographs.digits_file(), _read_digits),
}

_OWN = Reader(own.locate, own.read)

_one_at_a_time = Lock()


def _reader(name: str) -> Reader:
    return READERS.get(name, _OWN)


def names() -> tuple[str, ...]:
    """The data sets that a network can be trained on: also those to be downloaded, and people's own
    ("images/…")."""
    return (*READERS, *own.names())


def get(name: str) -> DataSet:
    """The facts about a data set: "fashion_mnist", "images/pets-1f0c93ab" …

    Raises:
        ValueError: there is none of this name.
    """
    if name in DATASETS:
        return DATASETS[name]
    if place := own.locate(name):
        return own.facts(name, place)
    raise CodedError("unknown_data_set", name=name, known=list(names()))


def where(name: str) -> Path | None:
    """The file or folder in which the data set was found, whether whole or not; None: nowhere."""
    get(name)
    return _reader(name).locate(name)


def at_hand(name: str) -> bool:
    """Whether its files are here, so that no download is needed."""
    return where(name) is not None


def load(name: str, *, progress: Progress = unheard, path: str | Path | None = None) -> Data:
    """The data set, from memory, else from its files, else from the web.

    `progress` hears of a download's bytes. With "images", `path` is a folder or zip of one folder
    per class; its pictures are kept, and the data carry the name that they are kept under.

    Raises:
        ValueError: it can be had in none of these ways; a sentence that says why.
    """
    if path is not None:
        name = own.keep(Path(path).expanduser(), progress=progress)
    place = where(name)
    if place is None:
        fetch(name, progress)
        place = where(name)
        assert place is not None, "a fetched data set is found"
    with _one_at_a_time:  # thirty visitors at once: the first one reads, the others get the same
        return _read(name, place)


# Four of the largest take some 700 MB.
@lru_cache(maxsize=4)
def _read(name: str, place: Path) -> Data:
    return _reader(name).read(name, place)


def fetch(name: str, progress: Progress = unheard) -> None:
    """Download whatever of it is not here whole into the data folder; `progress` may raise to stop.

    Raises:
        Unavailable: that failed; why, what to do, and what is at hand instead.
    """
    data_set, remotes = get(name), _reader(name).remotes
    if remotes is None:
        raise Unavailable("which_pictures", kept=list(own.names()))
    files = remotes(name)
    try:
        downloads.fetch(files, data_set.download_bytes, progress)
    except Unavailable as error:
        raise Unavailable(
            "data_not_downloaded",
            title=data_set.title,
            data_set=name,
            why=error.reason.plain(),
            folder=str(files[0].path.parent),
            here=[f"{get(each).title} ({each})" for each in READERS if at_hand(each)],
        ) from None
