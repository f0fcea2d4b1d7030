"""The number grids' data: the contract between Python, which has every word, and the browser.

Grids of numbers stand in rows and columns with signs between them. A *story* belongs to cells and
says what lights up with them and which arithmetic is written out. A cell without a story lights
up every cell whose story uses it.
"""

import math
from collections.abc import Sequence
from typing import Any, TypedDict

import torch
from torch import Tensor

Place = tuple[int, int]  # row and column of the layout, from 1
At = tuple[str, int, int]  # grid, row, column of a cell
Lit = tuple[str, int, int, int, int, int]  # grid, first row, first column, last row, last, tone
Grid = dict[str, Any]  # as `grid` makes it
Sign = dict[str, Any]  # as `sign` makes it


class Line(TypedDict):
    """One line of arithmetic, in the colour of a channel (`tone`) or plain (0)."""

    text: str
    tone: int
    strong: bool


class Story(TypedDict):
    at: list[At]
    lit: list[Lit]
    lines: list[Line]


def spell(value: float, digits: int | None = None) -> str:
    """A number for a cell: "−0.3"; with `digits` after the point, or as short as it can be."""
    text = f"{value:.{digits}f}" if digits is not None else f"{value:.5g}"
    if digits is not None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def factor(value: float, digits: int | None = None) -> str:
    """A number within a product or sum: negative ones in brackets."""
    text = spell(value, digits)
    return f"({text})" if text.startswith("−") else text


def total(terms: Sequence[float], digits: int | None = None) -> str:
    """A sum in words of one sign each: "1.2 − 0.3 + 2"."""
    first, *others = terms
    parts = [spell(first, digits)]
    for term in others:
        text = spell(term, digits)
        parts.append(f"− {text[1:]}" if text.startswith("−") else f"+ {text}")
    return " ".join(parts)


def grid(
    name: str,
    label: str,
    values: Tensor,
    place: Place,
    *,
    scale: float | None = None,
    tone: int = 0,
    edits: bool = False,
    digits: int | None = None,
    **extras: object,
) -> Grid:
    """A matrix (rows, columns) as the browser draws it.

    `scale` is the |value| of the full colour; all wear the one map, white at zero, as weights do.
    `tone` 1… marks its channel; its cells take numbers if it `edits`. `extras`: its place on a
    phone (`narrow`), the `section` of layouts below each other that it stands in (0 is the first),
    the `rows` that it spans.
    """
    own = float(values.abs().max()) if values.numel() else 1.0
    return {
        "id": name,
        "label": label,
        "values": torch.nan_to_num(values).tolist(),
        "texts": [[spell(value, digits) for value in row] for row in values.tolist()],
        "scale": (own if scale is None else scale) or 1.0,
        "place": place,
        "tone": tone,
        "edits": edits,
        **extras,
    }


def sign(text: str, place: Place, **extras: object) -> Sign:
    """A sign or a word between grids; with a `brace` over its rows, `wide` ones not on a phone."""
    return {"text": text, "place": place, **extras}


def line(text: str, tone: int = 0, *, strong: bool = False) -> Line:
    """A line of arithmetic."""
    return Line(text=text, tone=tone, strong=strong)


def most(*tensors: Tensor) -> float:
    """The largest |value| in any of them: one colour scale for grids to be compared."""
    largest = max((float(each.abs().max()) for each in tensors if each.numel()), default=1.0)
    return largest if math.isfinite(largest) and largest else 1.0
