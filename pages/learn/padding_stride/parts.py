"""The parts of the page on padding and stride: what is picked, and the picture of one axis."""

import re

import streamlit as st

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.lessons import windows
from explorer.lessons.windows import Axis
from explorer.ui import lesson
from explorer.ui.lesson import Setting
from explorer.ui.save_buttons import save_button
from pages.learn.padding_stride import strip_board, strip_words
from pages.learn.padding_stride.state import STATE

ONE: Setting = {"pad_view": "one"}
TWO: Setting = {"pad_view": "two"}
SAME: Setting = {"pad_view": "same"}

ONE_DEFAULTS = STATE.default("pad_size", "pad_kernel", "pad_padding", "pad_stride", "pad_dilation")
TWO_DEFAULTS = STATE.default("pad_input2", "pad_kernel2", "pad_padding2", "pad_stride2")


def one(size: int, kernel: int, padding: int, stride: int, dilation: int = 1) -> Setting:
    return {
        **ONE,
        **dict(zip(ONE_DEFAULTS, (size, kernel, padding, stride, dilation), strict=True)),
    }


def two(size: str, kernel: str, padding: str, stride: str) -> Setting:
    return {**TWO, **dict(zip(TWO_DEFAULTS, (size, kernel, padding, stride), strict=True))}


COURSE: dict[str, Setting] = {
    "8×8 ⋆ 3×3, p 1": two("8x8", "3x3", "1", "1"),
    "5×3, p (2, 1)": two("8x8", "5x3", "2, 1", "1"),
    "3×3, p 1, s 2": two("8x8", "3x3", "1", "2"),
    "3×5, p (0, 1), s (3, 4)": two("8x8", "3x5", "0, 1", "3, 4"),
    "3×3 ⋆ 2×2, p 1": two("3x3", "2x2", "1", "1"),
    "3×3 ⋆ 2×2, p 1, s (3, 2)": two("3x3", "2x2", "1", "3, 2"),
}


def pick_view() -> str:
    """One axis, two axes, or the same size; a prompt can set it too."""
    words = {"one": _("One axis"), "two": _("Two axes"), "same": _("Same size, odd and even")}
    return STATE.pick_one("pad_view", _("View"), words)


def prompts(view: str) -> dict[str, Setting]:
    """Experiments, each one click away; those of two axes are the course's examples."""
    if view == "two":
        return COURSE
    if view == "same":
        return {
            _("Kernel 2: 3, 5, 7, 4"): {**SAME, "pad_same_size": 4, "pad_same_kernel": 2},
            _("Kernel 3"): {**SAME, "pad_same_size": 8, "pad_same_kernel": 3},
            _("Kernel 4"): {**SAME, "pad_same_size": 8, "pad_same_kernel": 4},
            _("Kernel 5"): {**SAME, "pad_same_size": 8, "pad_same_kernel": 5},
        }
    return {
        _("Lose two columns"): one(9, 4, 0, 3),
        _("Keep the size"): one(10, 3, 1, 1),
        _("Halve it"): one(10, 3, 1, 2),
        _("AlexNet's idea: 11, stride 4"): one(23, 11, 1, 4),
        _("Dilation 2"): one(12, 3, 0, 1, 2),
        _("Step over columns"): one(12, 2, 0, 5),
    }


def one_axis_controls() -> tuple[int, int, int, int, int]:
    """Input, kernel, stride, padding, dilation, in the order of `windows.axis`."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="pad_controls"):
        size = STATE.number("pad_size", _("Input cells n"))
        kernel = STATE.number("pad_kernel", _("Kernel k"))
        padding = STATE.number(
            "pad_padding",
            _("Padding p, per side"),
            _("Zeros on each side, as in PyTorch: 2p in all."),
        )
        stride = STATE.number("pad_stride", _("Stride s"))
        dilation = STATE.number(
            "pad_dilation", _("Dilation d"), _("Cells from one of the kernel's to the next.")
        )
    return size, kernel, stride, padding, dilation


def _place(key: str) -> int:
    given = STATE.query(key) or "1"
    return max(int(given) - 1, 0) if re.fullmatch(r"\d{1,4}", given) else 0


def board(data: strip_board.Data, key: str) -> None:
    """The picture; the window chosen on it goes into the address."""
    STATE.forget_if_new(key, data["key"])
    at = strip_board.show(data, key=f"{key}_board", at=_place(key))
    STATE.put(key, at + 1, 1)


def good_axis(numbers: tuple[int, int, int, int, int]) -> Axis:
    """What the controls say, or the last good axis under a sentence that says what is wrong."""
    first = {name.removeprefix("pad_"): value for name, value in ONE_DEFAULTS.items()}
    return lesson.last_good(
        "pad_one", lambda: windows.axis(*numbers), lambda: windows.axis(**first)
    )


def one_axis(along: Axis) -> None:
    """Strip and windows; what to see in them beside it."""
    drawing, words = st.columns([2.1, 1], gap="medium")
    with drawing:
        board(strip_words.strip(along), "pad_at")
    with words:
        st.markdown(_places_in_words(along))
        st.markdown(two_meanings(along))
        p = str(along.before)
        st.code(
            layer_call("Conv1d", str(along.kernel), str(along.stride), p, along), wrap_lines=True
        )
        save_button(_("Windows (CSV)"), windows_csv(along), "windows.csv")


def _places_in_words(along: Axis) -> str:
    room = along.padded - along.span
    said = [
        _(
            "Count **places**, not cells. A window of {span} on {padded} cells can begin at "
            "{padded} − {span} + 1 = {places} of them."
        ).format(span=along.span, padded=along.padded, places=room + 1)
    ]
    if along.stride > 1:
        said.append(
            _("Stride {s} keeps one in {s}; the **floor** ⌊ ⌋ drops a step cut short.").format(
                s=along.stride
            )
        )
    if along.dilation > 1:
        said.append(
            _(
                "With dilation the window reaches over d(k − 1) + 1 = {d}·{less} + 1 = {span}."
            ).format(d=along.dilation, less=along.kernel - 1, span=along.span)
        )
    said.append(_("The kernel is all ones, so an output is the sum of its window."))
    return " ".join(said)


def two_meanings(along: Axis) -> str:
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
    said = _(
        "**Two meanings of p.** PyTorch's padding={p} puts {p} on *each* side: 2p = {total} in "
        "total. Textbooks write ⌊(n − k + p + s)/s⌋ with the *total*: p = {total} gives "
        "**{right}**."
    ).format(p=p, total=2 * p, right=right)
    if wrong == right:
        trap = _("The {p} from the code gives {wrong} too, but only because the floor hides it.")
    else:
        trap = _("Put the {p} from the code there and you get **{wrong}**.")
    return said + " " + trap.format(p=p, wrong=wrong)


def layer_call(name: str, kernel: str, stride: str, padding: str, along: Axis) -> str:
    """The layer in torch; what is torch's default is left out."""
    dilation = str(along.dilation)
    told = {"stride": (stride, "1"), "padding": (padding, "0"), "dilation": (dilation, "1")}
    extras = [f"{key}={value}" for key, (value, usual) in told.items() if value != usual]
    return f"nn.{name}({', '.join(['1', '1', f'kernel_size={kernel}', *extras])})"


def windows_csv(along: Axis) -> str:
    """One row for each output: where its window stands and what it reads; columns from 1."""
    return spreadsheet.records(
        [
            {"output": place + 1, "columns": cells(along, place), "value": f"{value:g}"}
            for place, value in enumerate(windows.line(along))
        ]
    )


def cells(along: Axis, place: int) -> str:
    """The cells that a window reads, from 1; those in the padding lie below 1 or behind the end."""
    return " ".join(str(cell + 1) for cell in along.window(place))
