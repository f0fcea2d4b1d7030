"""CIFAR-10: six files of 10 000 pictures in Python's pickle format, in a folder or a tar archive.

A pickle can run code when it is read. These are read only if their checksum is the published
one, and even then nothing but arrays of numbers is let in.
"""

import io
import pickle
import tarfile
import zlib
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer.base import storage
from explorer.data.datasets.catalogue import CIFAR10
from explorer.data.datasets.downloads import Remote
from explorer.data.datasets.idx import damaged
from explorer.data.datasets.records import Data, Split

MOST_BYTES = 32_000_000  # a file has some 31 035 700


# Files and their MD5, the folder and the archive that hold them: as torchvision knows them.
TRAIN = (
    ("data_batch_1", "c99cafc152244af753f735de768cd75f"),
    ("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
    ("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
    ("data_batch_4", "634d18415352ddfa80567beed471001a"),
    ("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
)
TEST = (("test_batch", "40351d587109b95175f43aff81a1287e"),)
FILES = tuple(file for file, _digest in (*TRAIN, *TEST))
FOLDER = "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"


def locate(_name: str) -> Path | None:
    """The folder with the files, as torchvision unpacks them, else the archive that has them."""
    folder, archive = storage.data_folder() / FOLDER, storage.data_folder() / ARCHIVE
    if all((folder / file).is_file() for file in FILES):
        return folder
    return archive if archive.is_file() else None


def remotes(_name: str) -> list[Remote]:
    """The archive at torchvision's address."""
    from explorer.base.torchvision_import import torchvision  # noqa: PLC0415 (slow to import)

    source = torchvision.datasets.CIFAR10
    return [Remote((source.url,), source.tgz_md5, storage.data_folder() / ARCHIVE)]


def read(_name: str, path: Path) -> Data:
    """The data set from its folder or archive, every file checked.

    Raises:
        Damaged: a file is missing or not the published one.
    """
    contents = dict(_contents(path))

    def split(files: tuple[tuple[str, str], ...]) -> Split:
        parts = []
        for file, digest in files:
            content = contents.get(file, b"")
            if md5(content, usedforsecurity=False).hexdigest() != digest:
                raise damaged(path / file if path.is_dir() else path)
            parts.append(parse(content))
        return Split(
            torch.cat([part.pictures for part in parts]), torch.cat([part.labels for part in parts])
        )

    return Data(CIFAR10.name, CIFAR10.classes, split(TRAIN), split(TEST))


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each file's name and what it holds."""
    try:
        if path.is_dir():
            for file in FILES:
                with (path / file).open("rb") as opened:
                    yield file, opened.read(MOST_BYTES)
            return
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                if name in FILES and (held := archive.extractfile(member)):
                    yield name, held.read(MOST_BYTES)
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        raise damaged(path) from None


class _Numbers(pickle.Unpickler):
    """Reads numbers, texts, lists and NumPy's arrays, nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """What the file asks for under this name, if it belongs to an array."""
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return super().find_class(module, name)
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return super().find_class("numpy._core.multiarray", name)  # its name since NumPy 2
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into CIFAR-10.")


def parse(content: bytes) -> Split:
    """One file: pictures (N, 3, 32, 32) and their classes.

    Raises:
        pickle.UnpicklingError: it holds something else than arrays of numbers.
    """
    held = _Numbers(io.BytesIO(content), encoding="latin1").load()
    pictures = torch.from_numpy(np.asarray(held["data"], np.uint8).reshape(-1, 3, 32, 32).copy())
    return Split(pictures, torch.tensor(held["labels"], dtype=torch.int64))
