"""Kernels side by side, to point at their numbers and to choose one (`kernel_sheet.js`).

The numbers themselves are sent: the browser colours them, and tells the one under the pointer.
What comes back is `at` {"of", "kernel"}. The element to wait for in a test:
`[data-sheet-painted="<of> <chosen>"]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, sqrt
from pathlib import Path
from typing import Any

from explorer.base.language import _
from explorer.figures.pictures import numbers
from explorer.ui import selection
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from pages.inside.kernels.figures import Layer, Sheet
from pages.inside.kernels.state import STATE

SHEET = Component(Path(__file__).with_suffix(".js"), "kernels-sheet")
Data = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What stands on a board, and in which words.

    `most` are the numbers at the end of the colours, one for all kernels or one for each.
    """

    of: str  # a name for exactly these numbers
    file: str  # the name of the picture that can be saved
    sheet: Sheet
    most: Sequence[float]
    range: str  # over what one range of colours spans
    title: str = ""
    note: str = ""
    kernel: int = -1  # that is chosen; −1: none
    picks: bool = False  # whether a click chooses
    order: Sequence[int] = ()  # of the kernels; as they are if it is empty
    captions: Sequence[str] = ()  # under each, where its number does not say it


def show(layer: Layer, drawn: Drawn, *, key: str, first: int = 0) -> None:
    """Draw kernels of `layer`; `first` is the number of the first of them."""
    count, slices = drawn.sheet.values.shape[:2]
    lone = drawn.captions or count == 1
    square = layer.on_map and drawn.sheet.kind == "kernels"
    SHEET(
        key=key,
        data={
            "of": drawn.of,
            "file": drawn.file,
            "values": numbers(drawn.sheet.values),
            "shape": list(drawn.sheet.values.shape),
            "order": list(drawn.order or range(count)),
            "most": [float(f"{each:.6g}") for each in drawn.most],
            "rows": drawn.sheet.rows,
            "columns": drawn.sheet.columns,
            "first": first,
            "reads": _starts(layer, first, 1 if lone else count, drawn.sheet.rows),
            "total": [layer.shape[0], layer.shape[1]],
            # A kernel's slices beside each other: all, as a matrix has them, or in a square.
            "across": 0 if lone else ceil(sqrt(slices)) if square else slices,
            "stack": count > 1 and drawn.sheet.kind in ("norms", "matrix") and not lone,
            "rgb": drawn.sheet.kind == "rgb",
            "signed": drawn.sheet.signed,
            "title": drawn.title,
            "note": drawn.note,
            "range": drawn.range,
            "chosen": drawn.kernel,
            "picks": drawn.picks,
            "captions": list(drawn.captions),
            "labels": _labels(drawn),
        },
        on_at_change=partial(
            component.follow_choice, key, "kernel", int,
            lambda kernel: selection.go(STATE, channel=str(kernel)), of=drawn.of,
        ),
    )  # fmt: skip


def _starts(layer: Layer, first: int, count: int, rows: int) -> list[int]:
    """The first channel that each kernel reads; one number where it is the same for all."""
    if layer.groups == 1:
        return [0]
    return [layer.reads(first + place * rows).start for place in range(count)]


def _labels(drawn: Drawn) -> dict[str, str]:
    """The board's own words; {…} is filled in by the browser."""
    return {
        "sheet": _("Kernels; arrow keys choose")
        if drawn.picks
        else _("The numbers of a kernel; arrow keys tell one after the other"),
        "rest": _("Point at one for its number; click to choose a kernel.")
        if drawn.picks
        else _("Point at one for its number."),
        "cell": _cell(drawn),
        "chosen": _("kernel {kernel}"),
        "most": _("its largest"),
        "full": _("full colour: {value}"),
    }


def _cell(drawn: Drawn) -> str:
    kind, shape = drawn.sheet.kind, drawn.sheet.values.shape
    block = drawn.sheet.rows * drawn.sheet.columns > 1
    if drawn.captions:
        return _("{kernel}: channel {channel}, row {row}, column {column}: {value}")
    if kind == "rgb":
        return _(
            "kernel {kernel}, row {row}, column {column}: red {red}, green {green}, blue {blue}"
        )
    if kind == "norms":
        if block:
            return _("kernels {kernel}, channels {channel}: largest norm {value}")
        return _("kernel {kernel}, channel {channel}: norm {value}")
    if block:
        return _("outputs {kernel}, inputs {channel}: farthest from zero {value}")
    if shape[2] * shape[3] == 1:
        return _("output {kernel}, input {channel}: weight {value}")
    return _("kernel {kernel}, channel {channel}, row {row}, column {column}: {value}")
