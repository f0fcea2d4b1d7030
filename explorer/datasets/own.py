"""People's own pictures, kept in the data folder ready to train on, under a name of their own.

The name ends in a sum of the content ("images/pets-1f0c93ab"), so a run's recipe says exactly
which pictures it was trained on, and the same pictures given twice are kept once.
"""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from explorer import storage
from explorer.datasets.catalogue import KEPT
from explorer.datasets.records import Damaged, Data, DataSet
from explorer.datasets.splitting import rows, split
from explorer.datasets.writing import replacing
from explorer.decoding.folders import opened
from explorer.decoding.resizing import Pixels, one_size
from explorer.language import _
from explorer.tasks import Progress, Refused
from explorer.units import size

PREFIX = "images/"
MOST_STORED = 4_000_000_000  # bytes of all sets together: whoever may upload could fill the disk

_NAME = re.compile(r"images/([a-z0-9-]{1,40}-[0-9a-f]{8})")


def folder() -> Path:
    """Where they are kept."""
    return storage.data_folder() / "images"


def names() -> tuple[str, ...]:
    """Every set that is kept, in alphabetical order."""
    every = (f"{PREFIX}{path.stem}" for path in folder().glob("*.npz"))
    return tuple(sorted(name for name in every if _NAME.fullmatch(name)))


def found(name: str) -> Path | None:
    """The file of this set; None if it is not kept (any more), or no such name can be."""
    match = _NAME.fullmatch(name)
    path = folder() / f"{match[1]}.npz" if match else None
    return path if path and path.is_file() else None


# -- keeping ----------------------------------------------------------------------------------


def keep(source: Path | IO[bytes], title: str = "", progress: Progress | None = None) -> str:
    """Read, resize and keep a folder or zip with one folder of pictures per class; its new name.

    `title` becomes part of the name. `progress` is told how many pictures of all have been looked
    at (each is looked at twice); what it raises stops the work, and nothing is kept.

    Raises:
        Refused: what was given is not that, is too large, or cannot be stored.
    """
    with opened(source) as given:
        pixels, labels = one_size(given, progress)
        classes = list(given.classes)
    if not title and isinstance(source, Path):
        title = source.stem
    name = f"{_slug(title)}-{_digest(pixels, labels, classes)}"
    train, test = rows(torch.tensor(labels))
    card = {"classes": classes, "shape": pixels.shape[1:], "counts": [len(train), len(test)]}
    _store(folder() / f"{name}.npz", pixels, labels, card)
    return PREFIX + name


def _slug(title: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return plain[:40].strip("-") or "pictures"


def _digest(pixels: Pixels, labels: list[int], classes: list[str]) -> str:
    summed = sha256(json.dumps([classes, labels, pixels.shape]).encode())
    summed.update(pixels.data)
    return summed.hexdigest()[:8]


def _store(path: Path, pixels: Pixels, labels: list[int], card: Mapping[str, Any]) -> None:
    if path.is_file():
        return
    stored = sum(file.stat().st_size for file in folder().glob("*.npz"))
    if stored + pixels.nbytes > MOST_STORED:
        raise Refused(
            _(
                "The pictures kept here take {stored} already, and at most {most} are kept. Delete "
                "a set that nobody needs."
            ).format(stored=size(stored), most=size(MOST_STORED))
        )
    try:
        with replacing(path) as file:
            np.savez(file, card=json.dumps(card), pictures=pixels, labels=np.array(labels))
    except OSError as error:
        raise Refused(
            _("The pictures cannot be stored in {folder}: {reason}.").format(
                folder=folder(), reason=error.strerror or error
            )
        ) from None


def delete(name: str) -> None:
    """Forget a set; runs trained on it stay, but cannot be resumed."""
    if path := found(name):
        path.unlink(missing_ok=True)


# -- reading ----------------------------------------------------------------------------------


@contextmanager
def _reading(path: Path) -> Iterator[Mapping[str, Any]]:
    """The arrays in a file of ours.

    Raises:
        Damaged: they are not all there.
    """
    try:
        with path.open("rb") as opened_file, np.load(opened_file, allow_pickle=False) as file:
            yield file
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
        raise Damaged(
            _("{path} is damaged. Delete it, and give the pictures again.").format(path=path)
        ) from None


def facts(name: str, path: Path) -> DataSet:
    """What is known about a set without reading its pictures.

    Raises:
        Damaged: its file is.
    """
    return _facts(name, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _facts(name: str, path: Path, _changed: int) -> DataSet:
    with _reading(path) as file:
        card = json.loads(str(file["card"]))
        return DataSet(
            name=name,
            title=path.stem.rpartition("-")[0],
            shape=tuple(card["shape"]),
            classes=tuple(card["classes"]),
            train_count=card["counts"][0],
            test_count=card["counts"][1],
            about=KEPT,
        )


def read(name: str, path: Path) -> Data:
    """The set, a fifth of each class set aside to test with.

    Raises:
        Damaged: its file is.
    """
    with _reading(path) as file:
        pictures, labels = torch.from_numpy(file["pictures"]), torch.from_numpy(file["labels"])
    train, test = split(pictures, labels)
    return Data(name, facts(name, path).classes, train, test)
