"""The window board: input ⋆ kernel = output, with the arithmetic of every number written out.

A window slides over the input; pointing at an output cell lights up its window and writes out the
products and their sum, pointing at an input cell lights up every output that it touches, pointing
at a weight every input that it multiplies. For pooling, the window takes the largest or the mean.
Everything while the pointer moves, keys are pressed or the slide plays happens in the browser
(`window_board*.js`), the output included; Python supplies the numbers and every word.

Contract. Python sends the fields of `Sliding` and what `window_board` puts beside them. Back
come two states, both only after the reader has *done* something:
  `cells`  {"serial", "input", "kernel"} some 0.4 s after cells were edited in place;
  `at`     [row, column] of the output cell that was clicked.
Python answers edits by sending the same cells with `heard` = their serial; while an edit is under
way the browser keeps its own cells, so that quick typing is never undone. Cells that Python
changes by itself (another preset) replace the browser's. A rerun with the same data repaints
nothing. The element to wait for in a test is `[data-window-painted="<name>"]`, where `name` is
that of the `Sliding`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from explorer.base import inputs
from explorer.base.inputs import Matrix
from explorer.base.language import _
from explorer.ui.boards.component import Component, sent

BOARD = Component(Path(__file__).with_suffix(".js"), "window-board")
MOST_INPUT, MOST_KERNEL = 16, 7  # cells each way that a reader can still tell apart

Axes = tuple[int, int]  # (height, width)
Operation = Literal["correlate", "max", "avg"]
OnEdit = Callable[[Matrix, Matrix], None]  # (input, kernel) as the reader left them


@dataclass(frozen=True)
class Sliding:
    """A window over an input. For pooling only the kernel's shape counts, and `flip` does not.

    `padding` counts cells per side. Where the window has no place it is drawn sticking out, and
    `refusal` says in words why there is no output.
    """

    name: str  # of what is shown, for tests and downloads: "course", "6x8"
    input: Matrix
    kernel: Matrix
    operation: Operation = "correlate"
    stride: Axes = (1, 1)
    padding: Axes = (0, 0)
    dilation: Axes = (1, 1)
    flip: bool = False
    refusal: str = ""


def board_labels() -> dict[str, str]:
    """The board's own words, in the reader's language; {…} is filled in by the browser."""
    return {
        "input": _("input X"),
        "kernel": _("kernel K"),
        "flipped": _("kernel K, turned by 180°"),
        "window": _("window"),
        "output": _("output Y"),
        "padding": _("padding"),
        "rounded": _("rounded"),
        "row_column": _("row {row}, column {column}"),
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("Step back"),
        "forward": _("Step forward"),
        "first": _("To the start"),
        "speed": _("Speed, steps per second"),
        "per_second": _("{n} per second"),
        "place": _("Place of the window"),
        "place_of": _("{n} of {total}"),
        "touches": _("{cell} = {value} is read {n} times:"),
        "touches_once": _("{cell} = {value} is read once:"),
        "never": _("{cell} = {value} is never read: no window reaches it."),
        "multiplies": _("{cell} = {value} multiplies {n} cells of the input, one per output cell."),
        "reaches": _("This place of the window meets {n} cells of the input, one per output cell."),
        "times_in": _("×{weight} in {cell}"),
        "just_in": _("{cell}"),
        "max": _("max"),
        "avg": _("mean"),
        "edit": _("Enter a number"),
        "editable": _("Enter or a click edits it."),
        "bad_number": _(
            "“{given}” is not a number between −{most} and {most}; the cell keeps {kept}. "
            "Type for example 3, −1 or 0.5."
        ),
        "hint": _("Point at any cell. Click to edit."),
        "keys": _("Tab and the arrow keys go from cell to cell."),
    }


def _matrix(cells: Any, most: int) -> Matrix:
    """What a browser sent, checked as if a stranger had typed it."""
    text = "; ".join(" ".join(str(cell) for cell in row) for row in cells)
    return inputs.parse_matrix(text, most)


def _edited(key: str, on_edit: OnEdit) -> None:
    cells = sent(key, "cells") or {}
    try:
        matrices = _matrix(cells["input"], MOST_INPUT), _matrix(cells["kernel"], MOST_KERNEL)
    except (KeyError, TypeError, ValueError):
        return  # not sent by our board: what stood there stays
    on_edit(*matrices)


def _pointed(key: str, on_point: Callable[[Axes], None] | None) -> None:
    at = sent(key, "at")
    if on_point and isinstance(at, (list, tuple)) and len(at) == 2:
        on_point((int(at[0]), int(at[1])))


def window_board(
    sliding: Sliding,
    *,
    key: str,
    on_edit: OnEdit,
    at: Axes | None = None,
    on_point: Callable[[Axes], None] | None = None,
) -> None:
    """Show the board. `key` is the widget's, constant over what is shown on it.

    `on_edit` and `on_point` are called before the page runs again, as a widget's callbacks are:
    they may set the widgets (and so the link) that the page builds `sliding` from.
    """
    cells = sent(key, "cells") or {}
    data = {
        **vars(sliding),
        "at": at,  # the output cell to begin with; None: the first
        "heard": int(cells.get("serial", 0)),  # serial of the latest edit that these cells answer
        "most": inputs.MAX_CELL,  # the largest number that a cell takes
        "labels": board_labels(),
    }
    BOARD(
        key=key,
        data=data,
        on_cells_change=partial(_edited, key, on_edit),
        on_at_change=partial(_pointed, key, on_point),
    )
