"""MNIST and Fashion-MNIST: four IDX files each, plain or packed with gzip.

The format: two zero bytes, the type of the numbers (8: unsigned bytes), how many axes, the size of
each axis as four bytes, most significant first, then the numbers (Y. LeCun's page on MNIST). What
a file holds is checked by its content, unpacked: Debian packs the same files anew, so theirs
differ from torchvision's until they are unpacked.
"""

import gzip
import math
import struct
import zlib
from hashlib import md5
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explorer.base import storage
from explorer.data.datasets.catalogue import DATASETS
from explorer.data.datasets.downloads import Remote
from explorer.data.datasets.records import Damaged, Data, Split

DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # of Debian's package dataset-fashion-mnist

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
FILES = (*TRAIN, *TEST)
MOST_BYTES = 48_000_000  # the largest file has 47 040 016, unpacked

# MD5 of each file, unpacked, in the order of FILES.
CONTENT = {
    "fashion_mnist": (
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
    "mnist": (
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ),
}
TORCHVISION = {"fashion_mnist": "FashionMNIST", "mnist": "MNIST"}  # its class and folder


# -- where the files are ----------------------------------------------------------------------


def own_folder(name: str) -> Path:
    """Where torchvision would keep this data set, and we do."""
    return storage.data_folder() / TORCHVISION[name] / "raw"


def _file(folder: Path, name: str) -> Path | None:
    both = (folder / name, folder / f"{name}.gz")
    return next((path for path in both if path.is_file()), None)


def locate(name: str) -> Path | None:
    """The first folder that has all four files; whether they are whole shows when they are read.

    Our own comes first, so that a download mends what is damaged elsewhere.
    """
    folders = [own_folder(name), *([DEBIAN] if name == "fashion_mnist" else [])]
    whole = (folder for folder in folders if all(_file(folder, each) for each in FILES))
    return next(whole, None)


def remotes(name: str) -> list[Remote]:
    """The four files at torchvision's addresses."""
    from explorer.base.torchvision_import import torchvision  # noqa: PLC0415 (slow to import)

    source = getattr(torchvision.datasets, TORCHVISION[name])
    return [
        Remote(tuple(mirror + file for mirror in source.mirrors), digest, own_folder(name) / file)
        for file, digest in source.resources
    ]


# -- reading them -----------------------------------------------------------------------------


def read(name: str, folder: Path) -> Data:
    """The data set in `folder`, every file checked.

    Raises:
        Damaged: a file is not the published one.
    """
    expected = dict(zip(FILES, CONTENT[name], strict=True))

    def tensor(file: str) -> Tensor:
        path = _file(folder, file)
        assert path is not None, "only complete folders are read"
        content = _content(path)
        if md5(content, usedforsecurity=False).hexdigest() != expected[file]:
            raise damaged(path)
        return parse(content)

    train, test = (
        Split(tensor(pictures)[:, None], tensor(labels).long())
        for pictures, labels in (TRAIN, TEST)
    )
    return Data(name, DATASETS[name].classes, train, test)


def _content(path: Path) -> bytes:
    """The file, unpacked."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(MOST_BYTES)
    except (OSError, EOFError, zlib.error):
        raise damaged(path) from None


def damaged(path: Path) -> Damaged:
    """The sentence for a file that is not what it should be."""
    return Damaged("data_damaged", path=str(path))


def parse(content: bytes) -> Tensor:
    """An IDX file of unsigned bytes as a tensor of the shape that it announces, uint8.

    Raises:
        ValueError: it is of another kind, or its length is not what its header says.
    """
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError("An IDX file of bytes begins with 00 00 08; this one does not.")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError("The IDX file ends within its header.")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise ValueError(f"The IDX file announces {shape}, but {len(content) - start} bytes follow")
    numbers = np.frombuffer(content, np.uint8, offset=start)
    return torch.from_numpy(numbers.reshape(shape).copy())  # a copy: bytes cannot be written into
