"""Widgets of the pages with a window board: a grid of numbers, both axes of a setting, examples."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import streamlit as st

from explorer.base import inputs
from explorer.base.language import _
from explorer.ui import lesson
from explorer.ui.boards.window_board import Axes
from explorer.ui.lesson import Setting
from explorer.ui.state import Number, State

Axis = Literal["rows", "columns"]

WIDE = 122  # pixels: narrower number fields lose their + and −


def axes(name: str, default: Axes, most: int) -> tuple[Number, Number]:
    """Whole numbers from 0, down and across, as a page's state has them."""
    return Number(f"{name}_h", default[0], 0, most), Number(f"{name}_w", default[1], 0, most)


def both_axes(
    state: State,
    name: str,
    labels: tuple[str, str],
    *,
    help_: tuple[str, str] | None = None,
    on_change: Callable[[], None] | None = None,
) -> Axes:
    """Whole numbers from 0, down and across; 0 may be impossible, but then a sentence says so."""
    down, across = (
        state.number(
            f"{name}_{letter}",
            labels[axis],
            help_[axis] if help_ else None,
            width=WIDE,
            on_change=on_change,
        )
        for axis, letter in enumerate("hw")
    )
    return down, across


def example(
    key: str, names: Mapping[str, str], now: str | None, setting: Callable[[str], Setting]
) -> None:
    """The example whose numbers these are, to be changed for another (name → translated name).

    A menu, and no list that holds the name: what a browser says that a list holds can be older
    than the numbers here (a cell edited on the board), and would put the old example back.
    """
    heading = _("Example")
    with st.container(gap=None, width=160):
        st.markdown(f":small[{heading}]")
        st.menu_button(
            names[now] if now else _("own numbers"),
            list(names),
            format_func=names.__getitem__,
            key=key,
            width="stretch",
            on_click=lambda: lesson.put(setting(st.session_state[key])),
        )


def matrix_text(state: State, name: str, label: str, most: int) -> str:
    """A grid as text under `name`, to type or paste, and its size to change; what is written."""
    text = state.lines(
        name,
        label,
        _("Rows parted by “;” or line breaks, numbers by spaces; at most {n} × {n}.").format(
            n=most
        ),
        height=90,
    )
    try:
        rows = inputs.parse_matrix(text, most)
    except ValueError:
        return text  # the page says what is wrong
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(_("{n} rows").format(n=len(rows)), width="content")
        _more_or_less(state.key(name), "rows", len(rows), most)
        st.markdown(_("{n} columns").format(n=len(rows[0])), width="content")
        _more_or_less(state.key(name), "columns", len(rows[0]), most)
    return text


def _more_or_less(key: str, axis: Axis, now: int, most: int) -> None:
    """Buttons, and no field that holds the number, for the reason told in `example`."""
    words = {
        "rows": (_("One row less"), _("One row more")),
        "columns": (_("One column less"), _("One column more")),
    }
    for by, icon, word in zip((-1, 1), ("remove", "add"), words[axis], strict=True):
        st.button(
            "",
            key=f"{key}_{axis}_{icon}",
            icon=f":material/{icon}:",
            help=word,
            disabled=not 1 <= now + by <= most,
            on_click=_resize,
            args=(key, axis, by, most),
        )


def _resize(key: str, axis: Axis, by: int, most: int) -> None:
    """One row or column less, or the last one once more."""
    try:
        rows = np.array(inputs.parse_matrix(st.session_state[key], most))
    except ValueError:
        return  # written over since the button was drawn; the page says what is wrong
    change = (by, 0) if axis == "rows" else (0, by)
    high, wide = np.clip(np.add(rows.shape, change), 1, most)
    larger = np.pad(rows, ((0, 1), (0, 1)), mode="edge")
    st.session_state[key] = inputs.spell_matrix(larger[:high, :wide].tolist())
