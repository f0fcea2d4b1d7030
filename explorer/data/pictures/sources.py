"""Where pictures come from: data sets, photographs, a drawing."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch
from PIL import Image

from explorer.base.language import _
from explorer.base.units import exact
from explorer.data import datasets
from explorer.data.pictures.records import Picture
from explorer.data.pictures.uploads import as_tensor

PHOTOGRAPHS = ("china", "flower")  # scikit-learn's
DRAWING = 28  # cells of a drawing, each way


def named(text: str) -> Picture:
    """A picture from its spelling in links: "photograph:china", "fashion_mnist:test:17".

    Raises:
        ValueError: no such picture, or its data set is not at hand.
    """
    kind, *rest = text.split(":")
    if kind == "photograph" and len(rest) == 1:
        return from_photograph(rest[0])
    if len(rest) == 2 and rest[1].isdecimal() and len(rest[1]) < 10:
        return from_dataset(kind, rest[0], int(rest[1]))
    raise ValueError(
        _(
            "“{given}” names no picture. Write photograph:china, or a data set, train or test, "
            "and a number: fashion_mnist:test:0."
        ).format(given=text[:60])
    )


def from_dataset(name: str, split: str, index: int) -> Picture:
    """Picture `index` of a data set's "train" or "test" part.

    Raises:
        ValueError: no such data set, part or picture, or one that is not at hand.
    """
    data, part = _part(name, split)
    if not 0 <= index < len(part):
        raise ValueError(
            _("{name} has {count} {split} pictures, from 0 to {last}; there is no {given}.").format(
                name=name, count=exact(len(part)), split=split, last=len(part) - 1, given=index
            )
        )
    label = int(part.labels[index])
    title = f"{datasets.get(name).title} · {split} {index}"
    return Picture(part.pictures[index], title, label, data.classes)


def of_class(name: str, split: str, label: int, most: int = 100) -> tuple[int, ...]:
    """The first numbers of pictures that show class `label`."""
    _data, part = _part(name, split)
    positions = (part.labels == label).nonzero().flatten()[:most]
    return tuple(map(int, positions))


def _part(name: str, split: str) -> tuple[datasets.Data, datasets.Split]:
    if split not in ("train", "test"):
        raise ValueError(_("A data set has a train and a test part, not “{given}”.").format(
            given=split[:40]
        ))  # fmt: skip
    if not datasets.at_hand(name):  # a download is asked for elsewhere, and takes minutes
        here = ", ".join(each for each in datasets.names() if datasets.at_hand(each))
        raise ValueError(
            _("{name} is not on this machine. These data sets are: {here}.").format(
                name=datasets.get(name).title, here=here
            )
        )
    data = datasets.load(name)
    return data, data.train if split == "train" else data.test


@cache
def from_photograph(name: str) -> Picture:
    """One of `PHOTOGRAPHS`, in colour.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(
            _("There is no photograph “{given}”. There are {known}.").format(
                given=name[:40], known=", ".join(PHOTOGRAPHS)
            )
        )
    spec = find_spec("sklearn")  # read from its package: importing it would take two seconds
    assert spec is not None, "scikit-learn is required"
    assert spec.origin
    with Image.open(Path(spec.origin).parent / "datasets" / "images" / f"{name}.jpg") as opened:
        return Picture(as_tensor(opened.convert("RGB")), name)


def from_drawing(cells: Sequence[Sequence[float]]) -> Picture:
    """28 rows of 28 numbers from 0 (black) to 1 (white), as the pictures of MNIST are.

    Raises:
        ValueError: other numbers, or another number of them.
    """
    rows = [list(row) for row in cells]
    if len(rows) != DRAWING or any(len(row) != DRAWING for row in rows):
        raise ValueError(
            _("A drawing has {side} rows of {side} cells.").format(side=DRAWING)
        )  # fmt: skip
    if not all(isinstance(x, int | float) and 0 <= x <= 1 for row in rows for x in row):
        raise ValueError(_("Every cell of a drawing is a number from 0 (black) to 1 (white)."))
    drawn = torch.tensor(rows, dtype=torch.float32)
    return Picture((drawn * 255).round().to(torch.uint8)[None], _("drawing"))
