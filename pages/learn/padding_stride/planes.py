"""The parts of the page on padding and stride that come second: two axes, and the same size."""

import re
from collections.abc import Sequence

import streamlit as st

from explorer.base import python_source
from explorer.base.language import _
from explorer.lessons import windows
from explorer.lessons.windows import Axis
from explorer.ui import lesson
from explorer.ui.boards.window_listing import one_or_both
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.padding_stride import strip_board
from pages.learn.padding_stride.parts import cells, window_rows
from pages.learn.padding_stride.state import STATE

AXES = ("pad_input2", "pad_kernel2", "pad_padding2", "pad_stride2")


def read_pair(text: str, what: str, least: int, most: int) -> tuple[int, int]:
    """Height and width from "5x3", "(5, 3)", or "5" for both.

    Raises:
        ValueError: says what came, what was expected, and an example.
    """
    parts = [part for part in re.split(r"[x×*,;()\s]+", text.strip().lower()) if part]
    if not 1 <= len(parts) <= 2 or not all(re.fullmatch(r"[+-]?\d{1,12}", one) for one in parts):
        raise ValueError(
            _(
                "{what}: “{given}” is not understood. Write height and width, for example 5x3, "
                "or one number for both."
            ).format(what=what, given=text[:30])
        )
    numbers = list(map(int, parts))
    for number in numbers:
        if not least <= number <= most:
            message = _("{what} is {number}; it must be from {least} to {most}.")
            raise ValueError(message.format(what=what, number=number, least=least, most=most))
    return numbers[0], numbers[-1]


def read_axes(typed: Sequence[str]) -> tuple[Axis, Axis]:
    """Rows and columns from the four texts.

    Raises:
        ValueError: a text that is no pair of numbers, or a window that does not fit.
    """
    size = read_pair(typed[0], _("The input"), 1, windows.MAX_SIZE)
    kernel = read_pair(typed[1], _("The kernel"), 1, windows.MAX_KERNEL)
    padding = read_pair(typed[2], _("The padding"), 0, windows.MAX_PADDING)
    stride = read_pair(typed[3], _("The stride"), 1, windows.MAX_STRIDE)
    rows, columns = map(windows.axis, size, kernel, stride, padding)
    return rows, columns


def pick_axes() -> tuple[Axis, Axis]:
    """What is typed, or the last good axes under a sentence."""
    labels = _("Input"), _("Kernel"), _("Padding, per side"), _("Stride")
    both = _("Height and width, for example 5x3; one number is for both.")
    sides = _("Rows above and below, columns left and right: 0, 1 pads left and right only.")
    with st.container(horizontal=True, vertical_alignment="bottom", key="pad_controls2"):
        typed = [
            STATE.text(name, label, sides if name == "pad_padding2" else both, width=150)
            for name, label in zip(AXES, labels, strict=True)
        ]
    first = STATE.default(*AXES).values()
    return lesson.last_good("pad_two", lambda: read_axes(typed), lambda: read_axes([*first]))


def two_axes(axes: tuple[Axis, Axis]) -> None:
    """Input and output as planes: each axis for itself is the strip seen before."""
    rows, columns = axes
    drawing, words = st.columns([2.6, 1], gap="medium")
    with drawing:
        strip_board.show_plane(rows, columns, "pad_at2")
    with words:
        st.markdown(_sides(rows, columns))
        st.markdown(
            _(
                "Each axis is a strip of its own: the height is computed from the heights, the "
                "width from the widths. Input and kernel hold 0, 1, 2 … row by row."
            )
        )
        pairs = ((axis.kernel, axis.stride, axis.before) for axis in axes)
        kernel, stride, padding = map(one_or_both, zip(*pairs, strict=True))
        code = python_source.call(
            "nn.Conv2d", 1, 1, f"kernel_size={kernel}", stride=(stride, "1"), padding=(padding, "0")
        )
        st.code(code, wrap_lines=True)
        if strip_board.both_drawable(rows, columns):
            save_button(_("Windows (CSV)"), plane_rows(rows, columns), "windows.csv")


def plane_rows(rows: Axis, columns: Axis) -> list[dict[str, object]]:
    """One row for each output: the rows and columns that its window reads, all from 1."""
    return [
        {"output_row": i + 1, "output_column": j + 1, "rows": cells(rows, i),
         "columns": cells(columns, j), "value": f"{value:g}"}
        for i, line in enumerate(windows.plane(rows, columns))
        for j, value in enumerate(line)
    ]  # fmt: skip


def _sides(rows: Axis, columns: Axis) -> str:
    """Where the padding goes, in words."""
    high, wide = rows.before, columns.before
    if not high and not wide:
        return _("No padding.")
    if not high:
        words = _("padding=(0, {w}) pads **left and right only**, not all four sides.")
    elif not wide:
        words = _("padding=({h}, 0) pads **top and bottom only**, not all four sides.")
    else:
        words = _(
            "Padding **per side**: {h} above and {h} below, {w} on the left and {w} on the right."
        )
    return words.format(h=high, w=wide)


def pick_same() -> tuple[Axis, Axis]:
    """Padding for the same size, torch's way and with the extra cell on the other side.

    Where the controls say what cannot be, the last good pair under a sentence.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="pad_controls3"):
        size = STATE.number("pad_same_size", _("Input cells n"))
        kernel = STATE.number("pad_same_kernel", _("Kernel k"))

    def pair(size: int, kernel: int) -> tuple[Axis, Axis]:
        return windows.same(size, kernel), windows.same(size, kernel, extra_first=True)

    return lesson.last_good("pad_same", lambda: pair(size, kernel), lambda: pair(4, 2))


def same_size(both: tuple[Axis, Axis]) -> None:
    """Torch's `padding="same"`, and, where the kernel is even, the other possible way."""
    torchs, other = both
    k = torchs.kernel
    st.markdown(_same_rule(k))
    left, right = st.columns(2, gap="medium")
    with left:
        title = _('PyTorch, padding="same": {a} before, {b} after')
        st.markdown(f"**{title.format(a=torchs.before, b=torchs.after)}**")
        strip_board.show_axis(torchs, "pad_at3")
    with right:
        if k % 2 == 0:
            title = _("Some texts: the extra cell first, {a} before, {b} after")
            st.markdown(f"**{title.format(a=other.before, b=other.after)}**")
            strip_board.show_axis(other, "pad_at4")
        else:
            st.markdown(_("**Odd: both sides get the same, there is only one way.**"))
            st.markdown(
                _(
                    "The window has a middle cell, and output {n} sits exactly over input {n}. "
                    "That is why almost every network uses 1 × 1, 3 × 3, 5 × 5 or 7 × 7."
                ).format(n=(torchs.size + 1) // 2)
            )
    show_table(same_table(torchs.size))
    if torchs.drawable:
        save_button(_("Windows (CSV)"), window_rows(torchs), "windows.csv")


def _same_rule(k: int) -> str:
    if k % 2:
        return _(
            "The output is as long as the input when 2p = k − 1, at stride 1. Here p = ({k} − 1)/2 "
            "= **{p}** per side."
        ).format(k=k, p=(k - 1) // 2)
    return _(
        "2p = k − 1 = {total} is odd: **no p per side does it.** One side must get a zero more. "
        "PyTorch puts it at the end (right and bottom), and every output moves by half a cell."
    ).format(total=k - 1)


def same_table(size: int) -> list[dict[str, str]]:
    """For each kernel what the same size takes, and what the nearest whole p gives instead."""
    return [
        {
            _("kernel k"): str(k),
            _("needed in total, k − 1"): str(k - 1),
            _("per side"): f"{(k - 1) / 2:g}",
            _("output with p = ⌊(k − 1)/2⌋"): str(windows.axis(size, k, 1, (k - 1) // 2).places),
            _("output with p = ⌊k/2⌋"): str(windows.axis(size, k, 1, k // 2).places),
            _('output with padding="same"'): str(windows.same(size, k).places),
        }
        for k in range(1, 8)
        if size + 2 * ((k - 1) // 2) >= k
    ]
