"""The parts of the page on padding and stride: what is picked, and the picture of one axis."""

import streamlit as st

from explorer.base import python_source
from explorer.base.language import _
from explorer.lessons import windows
from explorer.lessons.windows import Axis
from explorer.ui import lesson
from explorer.ui.lesson import Setting
from explorer.ui.save_buttons import save_button
from pages.learn.padding_stride import strip_board
from pages.learn.padding_stride.state import STATE, to

AXIS = ("pad_size", "pad_kernel", "pad_stride", "pad_padding", "pad_dilation")  # of `windows.axis`


def one(size: int, kernel: int, padding: int, stride: int, dilation: int = 1) -> Setting:
    """A setting of the view of one axis."""
    return to(view="one", size=size, kernel=kernel, padding=padding, stride=stride,
              dilation=dilation)  # fmt: skip


def two(size: str, kernel: str, padding: str, stride: str = "1") -> Setting:
    """A setting of the view of two axes."""
    return to(view="two", input2=size, kernel2=kernel, padding2=padding, stride2=stride)


def same(size: int, kernel: int) -> Setting:
    """A setting of the view of equal sizes."""
    return to(view="same", same_size=size, same_kernel=kernel)


COURSE: dict[str, Setting] = {
    "8×8 ⋆ 3×3, p 1": two("8x8", "3x3", "1"),
    "5×3, p (2, 1)": two("8x8", "5x3", "2, 1"),
    "3×3, p 1, s 2": two("8x8", "3x3", "1", "2"),
    "3×5, p (0, 1), s (3, 4)": two("8x8", "3x5", "0, 1", "3, 4"),
    "3×3 ⋆ 2×2, p 1": two("3x3", "2x2", "1"),
    "3×3 ⋆ 2×2, p 1, s (3, 2)": two("3x3", "2x2", "1", "3, 2"),
}


def prompts(view: str) -> dict[str, Setting]:
    """Experiments, each one click away; those of two axes are the course's examples."""
    if view == "two":
        return COURSE
    if view == "same":
        return {
            _("Kernel 2: 3, 5, 7, 4"): same(4, 2),
            _("Kernel 3"): same(8, 3),
            _("Kernel 4"): same(8, 4),
            _("Kernel 5"): same(8, 5),
        }
    return {
        _("Lose two columns"): one(9, 4, 0, 3),
        _("Keep the size"): one(10, 3, 1, 1),
        _("Halve it"): one(10, 3, 1, 2),
        _("AlexNet's idea: 11, stride 4"): one(23, 11, 1, 4),
        _("AlexNet's first layer: 224, 11, 2, 4"): one(224, 11, 2, 4),
        _("Dilation 2"): one(12, 3, 0, 1, 2),
        _("Step over columns"): one(12, 2, 0, 5),
    }


def pick_axis() -> Axis:
    """What the controls say, or the last good axis under a sentence that says what is wrong."""
    per_side = _("Zeros on each side, as in PyTorch: 2p in all.")
    with st.container(horizontal=True, vertical_alignment="bottom", key="pad_controls"):
        size = STATE.number("pad_size", _("Input cells n"))
        kernel = STATE.number("pad_kernel", _("Kernel k"))
        padding = STATE.number("pad_padding", _("Padding p"), per_side)
        stride = STATE.number("pad_stride", _("Stride s"))
        apart = _("Cells from one of the kernel's to the next.")
        dilation = STATE.number("pad_dilation", _("Dilation d"), apart)
    return lesson.last_good(
        "pad_one",
        lambda: windows.axis(size, kernel, stride, padding, dilation),
        lambda: windows.axis(*STATE.default(*AXIS).values()),
    )


def one_axis(along: Axis) -> None:
    """Strip and windows; what to see in them beside it."""
    drawing, words = st.columns([2.1, 1], gap="medium")
    with drawing:
        strip_board.show_axis(along, "pad_at")
    with words:
        st.markdown(_places_in_words(along))
        st.markdown(_two_meanings(along))
        code = python_source.call(
            "nn.Conv1d", 1, 1, f"kernel_size={along.kernel}", stride=(along.stride, 1),
            padding=(along.before, 0), dilation=(along.dilation, 1),
        )  # fmt: skip
        st.code(code, wrap_lines=True)
        if along.drawable:
            save_button(_("Windows (CSV)"), window_rows(along), "windows.csv")


def _places_in_words(along: Axis) -> str:
    sentences = [
        _(
            "Count **places**, not cells. A window of {span} on {padded} cells can begin at "
            "{padded} − {span} + 1 = {places} of them."
        )
    ]
    if along.stride > 1:
        sentences.append(
            _("Stride {s} keeps one in {s}; the **floor** ⌊ ⌋ drops a step cut short.")
        )
    if along.dilation > 1:
        sentences.append(
            _("With dilation the window reaches over d(k − 1) + 1 = {d}·{less} + 1 = {span}.")
        )
    sentences.append(_("The kernel is all ones, so an output is the sum of its window."))
    return " ".join(sentences).format(
        span=along.span, padded=along.padded, places=along.padded - along.span + 1, s=along.stride,
        d=along.dilation, less=along.kernel - 1,
    )  # fmt: skip


def _two_meanings(along: Axis) -> str:
    """The trap: p in many formulas is the total, p in PyTorch is per side."""
    p = along.before
    if not p:
        return _(
            "**Two meanings of p.** PyTorch's padding counts zeros *per side*; the p of "
            "many textbook formulas is the *total* of both sides. Add padding to see the "
            "difference."
        )
    right = along.places
    wrong = max((along.size + p - along.span) // along.stride + 1, 0)
    meanings = _(
        "**Two meanings of p.** PyTorch's padding={p} puts {p} on *each* side: 2p = {total} in "
        "total. Textbooks write ⌊(n − k + p + s)/s⌋ with the *total*: p = {total} gives "
        "**{right}**."
    ).format(p=p, total=2 * p, right=right)
    if wrong == right:
        trap = _("The {p} from the code gives {wrong} too, but only because the floor hides it.")
    else:
        trap = _("Put the {p} from the code there and you get **{wrong}**.")
    return meanings + " " + trap.format(p=p, wrong=wrong)


def window_rows(along: Axis) -> list[dict[str, object]]:
    """One row for each output: where its window stands and what it reads; columns from 1."""
    return [
        {"output": place + 1, "columns": cells(along, place), "value": f"{value:g}"}
        for place, value in enumerate(windows.line(along))
    ]


def cells(along: Axis, place: int) -> str:
    """The cells that a window reads, from 1; those in the padding lie below 1 or behind the end."""
    return " ".join(str(cell + 1) for cell in along.window(place))
