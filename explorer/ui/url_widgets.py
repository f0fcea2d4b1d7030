"""Widgets bound to the address, each with a default that a prompt can overrule.

The default is the widget's own (`value=`), so the address leaves out exactly what a link without
it would show; whatever else a reader picks stays in it, the least a slider has or "off" too.
Streamlit keeps the address up to date, but for one case: a prompt that sets a widget which is not
on the page yet (on another tab); `_announce` writes that value there.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Literal, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from explorer.base.language import _
from explorer.ui import link_warnings, url_state

Number = TypeVar("Number", int, float)
Name = TypeVar("Name", bound=int | str)
Width = int | Literal["stretch"]


def _announce(key: str, default: object) -> None:
    """Put a value that was set from elsewhere into the address, before its widget is drawn."""
    url_state.note_bound(key)
    value = st.session_state.get(key, default)
    if value != default and key not in st.query_params:
        spelled = str(value).lower() if isinstance(value, bool) else str(value)
        with suppress(StreamlitAPIException):  # the widget is on the page and does so by itself
            st.query_params[key] = spelled


def _in_link(key: str) -> str:
    """What the address says under `key`, if the widget is to take it; asked before it is drawn."""
    taken = key in st.session_state and not url_state.came_back()
    return "" if taken else st.query_params.get(key, "")


def _tell(key: str, given: str, there: str | Iterable[object], value: object) -> None:
    """Say so if the link's `given` is not what the widget has taken."""
    spelled = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        same = float(given) == float(spelled)
    except ValueError:  # a word
        same = given.lower() == spelled.lower()
    if not same:
        link_warnings.refuse(key, given, there, spelled)


def _numbers(least: float | None, most: float | None) -> str:
    """Which numbers a widget takes."""
    if least is None or most is None:
        return _("a whole number") if least is None else _("{least} or more").format(least=least)
    return link_warnings.between(least, most)


def slider(
    label: str,
    key: str,
    default: Number,
    least: Number,
    most: Number,
    step: Number | None = None,
    *,
    width: Width = "stretch",
) -> Number:
    """A number by sliding, whole if `default` is."""
    _announce(key, default)
    said = _in_link(key)
    value = st.slider(label, least, most, default, step, key=key, bind="query-params", width=width)
    _tell(key, said, link_warnings.between(least, most), value)
    return value


def number(
    label: str,
    key: str,
    default: int,
    least: int | None = None,
    most: int | None = None,
    *,
    help_: str | None = None,
    width: int = 130,
    icon: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> int:
    """A whole number by typing or stepping; an `icon` stands in place of the label.

    Without `least` and `most` every number is taken: a page that can say what is wrong with one
    teaches more than a field that refuses it.
    """
    _announce(key, default)
    said = _in_link(key)
    given = st.number_input(
        label, least, most, default, 1, key=key, bind="query-params", help=help_, width=width,
        icon=icon, label_visibility="collapsed" if icon else "visible", on_change=on_change,
    )  # fmt: skip
    _tell(key, said, _numbers(least, most), given)
    return int(given)


def toggle(label: str, key: str, *, default: bool, help_: str | None = None) -> bool:
    """On or off."""
    _announce(key, default)
    said = _in_link(key)
    value = st.toggle(label, default, key=key, bind="query-params", help=help_)
    _tell(key, said, ("true", "false"), value)
    return value


def text(
    label: str,
    key: str,
    default: str,
    help_: str | None = None,
    *,
    placeholder: str | None = None,
    width: Width = "stretch",
) -> str:
    """A line of text."""
    _announce(key, default)
    given = st.text_input(
        label, default, key=key, bind="query-params", help=help_, placeholder=placeholder,
        width=width,
    )  # fmt: skip
    return given or ""


def lines(label: str, key: str, default: str, help_: str, *, height: int) -> str:
    """A few lines of text."""
    _announce(key, default)
    given = st.text_area(label, default, height, key=key, bind="query-params", help=help_)
    return given or ""


def select(label: str, key: str, names: Sequence[str], default: str, *, width: int = 220) -> str:
    """One of several names, from a list."""
    _announce(key, default)
    index, said = list(names).index(default), _in_link(key)
    value = st.selectbox(label, names, index, key=key, bind="query-params", width=width)
    _tell(key, said, names, value)
    return value


def one_of(label: str, key: str, choices: Sequence[Name], default: Name) -> Name:
    """One of a few numbers or names, by buttons in a row."""
    _announce(key, default)
    said = _in_link(key)
    chosen = st.segmented_control(
        label, choices, default=default, key=key, bind="query-params", required=True
    )
    value = default if chosen is None else chosen
    _tell(key, said, choices, value)
    return value


def steps(label: str, key: str, choices: Sequence[Name], default: Name, *, width: int) -> Name:
    """One of a few numbers or names, by sliding."""
    _announce(key, default)
    said = _in_link(key)
    value = st.select_slider(label, choices, default, key=key, bind="query-params", width=width)
    _tell(key, said, choices, value)
    return value
