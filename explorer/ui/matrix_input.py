"""Widgets for a small grid of numbers and for the settings of a window."""

from collections.abc import Callable

import streamlit as st

from explorer import inputs
from explorer.inputs import Matrix
from explorer.language import _


def number(
    label: str,
    key: str,
    most: int,
    help_: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> None:
    """A whole number from 0; 0 may be impossible, but then a sentence says so."""
    st.number_input(
        label,
        min_value=0,
        max_value=most,
        step=1,
        key=key,
        bind="query-params",
        width=122,  # narrower ones lose their + and −
        help=help_,
        on_change=on_change,
    )


def matrix_text(label: str, key: str, most: int) -> None:
    """A grid as text under `key`, to type or paste, and its size to change."""
    st.text_area(
        label,
        key=key,
        bind="query-params",
        height=90,
        help=_("Rows parted by “;” or line breaks, numbers by spaces; at most {n} × {n}.").format(
            n=most
        ),
    )
    try:
        rows = inputs.parse_matrix(st.session_state[key], most)
    except ValueError:
        return  # the page says what is wrong
    with st.container(horizontal=True):
        for axis, word, size in ((0, _("rows"), len(rows)), (1, _("columns"), len(rows[0]))):
            st.session_state[f"{key}_{axis}"] = size
            st.number_input(
                word,
                min_value=1,
                max_value=most,
                step=1,
                key=f"{key}_{axis}",
                on_change=_resize,
                args=(key, rows),
                width=130,
            )


def _resize(key: str, rows: Matrix) -> None:
    """New rows and columns repeat the pattern."""
    high, wide = st.session_state[f"{key}_0"], st.session_state[f"{key}_1"]
    grown = tuple(
        tuple(rows[i % len(rows)][j % len(rows[0])] for j in range(wide)) for i in range(high)
    )
    st.session_state[key] = inputs.spell_matrix(grown)
