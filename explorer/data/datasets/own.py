"""People's own pictures, kept in the data folder ready to train on, under a name of their own.

The name ends in a sum of the content ("images/pets-1f0c93ab"), so a run's recipe says exactly
which pictures it was trained on, and the same pictures given twice are kept once.
"""

import json
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import torch

from explorer.base import access, storage
from explorer.base.access import ON_THIS_MACHINE, Denied, RunLimits, Visitor
from explorer.base.language import _
from explorer.base.tasks import (
    UNKNOWN,
    Client,
    Garbled,
    Output,
    Progress,
    Refused,
    Task,
    Work,
    unheard,
)
from explorer.base.units import size
from explorer.data.datasets.catalogue import ABOUT_OWN
from explorer.data.datasets.records import Damaged, Data, DataSet, rows, split
from explorer.data.datasets.writing import replacing
from explorer.data.decoding import pools

PREFIX = "images/"
MOST_STORED = 4_000_000_000  # bytes of all sets together: whoever may upload could fill the disk
MOST_EACH = MOST_STORED // 4  # those of one visitor; the teacher and the machine itself have all

TICK = 0.1  # seconds between two words on how far the work is

_DECODE = "explorer.data.decoding.archives:decode"
_PATIENCE = 120.0  # seconds that the storing of another set is waited for; the largest takes ten

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_NAME = re.compile(r"images/([a-z0-9-]{1,40}-[0-9a-f]{8})")


def folder() -> Path:
    """Where they are kept."""
    return storage.data_folder() / "images"


def names() -> tuple[str, ...]:
    """Every set that is kept, in alphabetical order."""
    every = (f"{PREFIX}{path.stem}" for path in folder().glob("*.npz"))
    return tuple(sorted(name for name in every if _NAME.fullmatch(name)))


def locate(name: str) -> Path | None:
    """The file of this set; None if it is not kept (any more), or no such name can be."""
    match = _NAME.fullmatch(name)
    path = folder() / f"{match[1]}.npz" if match else None
    return path if path and path.is_file() else None


# -- keeping ----------------------------------------------------------------------------------


def start_keeping(
    source: Path | IO[bytes],
    title: str = "",
    client: Client = UNKNOWN,
    who: Visitor = ON_THIS_MACHINE,
) -> Task[str]:
    """Begin to read, resize and keep a folder or zip with one folder of pictures per class.

    It is read in a process of its own. The task gives the name under which the pictures are kept,
    with `title` in it; stopped, it keeps nothing. It is read in turn for `client`; the
    pictures are `who`'s.

    Raises:
        Refused: this visitor's, or all, files that wait to be read are too many.
    """
    if isinstance(source, Path):
        title = title or source.stem
        work = Work(_DECODE, pools.ARCHIVE, arguments={"path": str(source.absolute())})
    else:
        source.seek(0)
        content = source.read()
        work = Work(_DECODE, pools.archive_limits(len(content)), content)
    return pools.ARCHIVES.start(work, partial(store, title, who=who), client)


def keep(source: Path | IO[bytes], title: str = "", progress: Progress = unheard) -> str:
    """The same, once it is done: the name under which the pictures are kept.

    `progress` is told how many pictures of all have been looked at (each is looked at twice); what
    it raises stops the work.

    Raises:
        Refused: what was given is not that, is too large, or cannot be stored.
    """
    task = start_keeping(source, title)
    try:
        while not task.wait(TICK):
            progress(task.done, task.total)
    finally:
        task.stop()
    return task.result()


def store(title: str, output: Output, who: Visitor = ON_THIS_MACHINE) -> str:
    """Keep what was read; the name for it. The same pictures stay those of whoever gave them first.

    Raises:
        Refused: it cannot be stored.
        Garbled: it is not what reading gives.
    """
    pixels, labels, classes = _checked(output)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "pictures"
    digest = sha256(json.dumps([classes, labels.tolist(), pixels.shape]).encode())
    digest.update(pixels.data)
    name = f"{slug}-{digest.hexdigest()[:8]}"
    train, test = rows(torch.from_numpy(labels))
    counts = [len(train), len(test)]
    card = dict(classes=classes, shape=pixels.shape[1:], counts=counts, owner=who.owner)
    path = folder() / f"{name}.npz"
    with _storing():
        if not path.is_file():
            _check_room(pixels.nbytes, who)
            with replacing(path) as file:
                np.savez(file, card=json.dumps(card), pictures=pixels, labels=labels)
    return PREFIX + name


def _checked(output: Output) -> tuple[Pixels, Labels, list[str]]:
    """Pictures (N, C, side, side), each one's class, and the classes' names; nothing else."""
    match output.arrays, output.facts:
        case (np.ndarray() as pixels, np.ndarray() as labels), {"classes": list(classes)}:
            right = (
                (pixels.dtype, pixels.ndim, labels.dtype, labels.ndim) == (np.uint8, 4, np.int64, 1)
                and pixels.shape[1] in {1, 3}
                and 0 < len(pixels) == len(labels)
                and all(isinstance(each, str) for each in classes)
                and 0 <= labels.min() <= labels.max() < len(classes)
            )
            if right:
                return pixels, labels, classes
    raise Garbled


@contextmanager
def _storing() -> Iterator[None]:
    """One at a time, of all processes: two at once would both find room for one."""
    try:
        place = storage.private(folder().parent) / "images.lock"
        with closing(sqlite3.connect(place, _PATIENCE, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield
    except sqlite3.Error as error:
        raise _unstored(str(error)) from None
    except OSError as error:
        raise _unstored(error.strerror or str(error)) from None


def _unstored(reason: str) -> Refused:
    words = _("The pictures cannot be stored in {folder}: {reason}.")
    return Refused(words.format(folder=folder(), reason=reason))


def _check_room(needed: int, who: Visitor) -> None:
    """Whether `needed` bytes may be kept of this visitor: what is stored counts, not the zip.

    Raises:
        Refused: the disk, the space for all sets, or the visitor's share of it has no room.
    """
    sizes = {name: _bytes(name) for name in names()}
    own_bytes = sum(number for name, number in sizes.items() if owner(name) == who.owner)
    if not who.teacher and own_bytes + needed > MOST_EACH:
        raise Refused(
            _(
                "These pictures take {needed}, and yours that are kept here {stored} already; at "
                "most {most} are kept of each visitor. Delete a set of yours, or ask the teacher, "
                "for whom this does not hold."
            ).format(needed=size(needed), stored=size(own_bytes), most=size(MOST_EACH))
        )
    stored = sum(sizes.values())
    if stored + needed > MOST_STORED:
        words = _(
            "The pictures kept here take {stored} already, and at most {most} are kept. Delete "
            "a set that nobody needs."
        )
        raise Refused(words.format(stored=size(stored), most=size(MOST_STORED)))
    free = storage.free(folder())
    try:
        access.check_room(RunLimits(free_bytes=who.limits.free_bytes), needed, 0, free)
    except Denied as denied:
        raise Refused(str(denied)) from None


def _bytes(name: str) -> int:
    path = locate(name)
    try:
        return path.stat().st_size if path else 0
    except OSError:  # deleted meanwhile
        return 0


def owner(name: str) -> str:
    """Whose set it is, see `access.Visitor`; "" for what was made on the machine, or is damaged."""
    path = locate(name)
    try:
        return str(_card(path, path.stat().st_mtime_ns).get("owner", "")) if path else ""
    except (Damaged, OSError):  # OSError: deleted meanwhile
        return ""


def delete(name: str) -> None:
    """Forget a set; runs trained on it stay, but cannot be resumed."""
    if path := locate(name):
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
        raise _damaged(path) from None


def _damaged(path: Path) -> Damaged:
    return Damaged("pictures_damaged", path=str(path))


def facts(name: str, path: Path) -> DataSet:
    """What is known about a set without reading its pictures.

    Raises:
        Damaged: its file is, or it is gone.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise _damaged(path) from None
    card = _card(path, changed)
    return DataSet(
        name=name,
        title=path.stem.rpartition("-")[0],
        shape=tuple(card["shape"]),
        classes=tuple(card["classes"]),
        train_count=card["counts"][0],
        test_count=card["counts"][1],
        about=ABOUT_OWN,
    )


@lru_cache(maxsize=128)
def _card(path: Path, _changed: int) -> Mapping[str, Any]:
    """What is known about the set, whole.

    Raises:
        Damaged: it is not.
    """
    with _reading(path) as file:
        card = json.loads(str(file["card"]))
    match card:
        case {
            "shape": [int(), int(), int()],
            "classes": [str(), *_others],
            "counts": [int(), int()],
        }:
            return dict(card)
    raise _damaged(path)


def read(name: str, path: Path) -> Data:
    """The set, a fifth of each class set aside to test with.

    Raises:
        Damaged: its file is.
    """
    with _reading(path) as file:
        pictures, labels = torch.from_numpy(file["pictures"]), torch.from_numpy(file["labels"])
    train, test = split(pictures, labels)
    return Data(name, facts(name, path).classes, train, test)
