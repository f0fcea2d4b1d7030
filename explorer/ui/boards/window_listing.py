"""What slides over a window board, as PyTorch writes it: settings, tensors, sizes, tables."""

import itertools
import math
from collections.abc import Mapping

import streamlit as st

from explorer.base.inputs import Matrix
from explorer.base.language import _
from explorer.lessons.windows import Axis
from explorer.networks import ops
from explorer.ui.boards.window_board import Axes, Sliding
from explorer.ui.save_buttons import save_button


def one_or_both(pair: Axes) -> str:
    """As torch takes it: one number for both axes, or (down, across)."""
    return str(pair[0]) if pair[0] == pair[1] else str(tuple(pair))


def program(library: str, tensors: Mapping[str, Matrix], line: str) -> str:
    """A program that runs by itself: `line` makes y of `tensors` with `library` imported."""
    assignments = [f"{name} = {_literal(matrix)}" for name, matrix in tensors.items()]
    return "\n".join(["import torch", library, "", *assignments, line, "print(y)", ""])


def _literal(matrix: Matrix) -> str:
    rows = ", ".join("[" + ", ".join(f"{cell:.12g}" for cell in row) + "]" for row in matrix)
    return f"torch.tensor([{rows}], dtype=torch.float64)"


def blocks(grids: Mapping[str, Matrix]) -> str:
    """Grids as CSV (name → numbers), one below the other."""
    spelled = [
        f"{name}\n" + "\n".join(",".join(f"{cell:.12g}" for cell in row) for row in matrix)
        for name, matrix in grids.items()
    ]
    return "\n\n".join(spelled) + "\n"


def take_along(line: str, source: str, table: str, *, key: str, file: str) -> None:
    """The PyTorch line to copy, the program and the numbers to save."""
    st.code(line, language="python")
    with st.container(horizontal=True, key=key):
        save_button(_("Program (Python)"), source, f"{file}.py")
        save_button(_("Numbers (CSV)"), table, f"{file}.csv")


def output_sizes(sliding: Sliding) -> str:
    """The output size of each axis, with its numbers."""
    cells = len(sliding.input), len(sliding.input[0])
    window = len(sliding.kernel), len(sliding.kernel[0])
    axes = zip(cells, window, sliding.stride, sliding.padding, sliding.dilation, strict=True)
    rows, columns = (_size(*axis) for axis in axes)
    question = _("**How large is the output?**")
    down, across = _("rows {size}").format(size=rows), _("columns {size}").format(size=columns)
    return f"{question}  \n{down}  \n{across}"


def never_read(sliding: Sliding) -> str:
    """How many cells of the input no window reads; "" if all are, or if none can be."""
    cells = len(sliding.input), len(sliding.input[0])
    window = len(sliding.kernel), len(sliding.kernel[0])
    pads = sliding.padding
    axes = zip(cells, window, sliding.stride, pads, pads, sliding.dilation, strict=True)
    read = math.prod(axis.size - len(axis.lost) for axis in itertools.starmap(Axis, axes))
    every = math.prod(cells)
    if sliding.refusal or read == every:
        return ""
    words = _("**{n} of {all} input cells are never read** (hatched): no window fits there.")
    return words.format(n=every - read, all=every)


def _size(size: int, window: int, stride: int, padding: int, dilation: int) -> str:
    """One axis: 6 = ⌊(6 + 2·0 − 1·(1−1) − 1) / 1⌋ + 1; what comes out below 1 is no size."""
    places = ops.output_size(size, window, stride, padding, dilation)
    words = f"⌊({size} + 2·{padding} − {dilation}·({window}−1) − 1) / {stride}⌋ + 1"
    if places:
        return f"**{places}** = {words}"
    none = (size + 2 * padding - dilation * (window - 1) - 1) // stride + 1
    return f"{words} = **{none}**".replace("-", "−")
