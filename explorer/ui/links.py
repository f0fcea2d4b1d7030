"""What is chosen on a page, in its address, under names that no language changes.

Widgets whose values are such names themselves are bound to the address by Streamlit
(`bind="query-params"`). The helpers here are for the others: their labels are translated.

A widget's value and the address can differ. The address wins when a page is first shown and after
the browser's Back or Forward; otherwise the widget wins. So a rerun that was sent before the
browser heard of the new address puts nothing back.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.language import _
from explorer.ui import link_told

Name = TypeVar("Name", bound=str)
Value = TypeVar("Value", bound=Hashable)
TOO_LARGE = 2**53  # from here on a browser rounds whole numbers


def put(key: str, value: str, default: str = "") -> None:
    """Keep `value` in the address under `key`; the default is left out."""
    if value in ("", default):
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def drop_endless() -> None:
    """Take numbers that no field can hold, infinite or of many digits, out of the address.

    Streamlit's own reading of the address turns them into whole numbers, and fails.
    """
    endless = {name: value for name, value in st.query_params.to_dict().items() if _endless(value)}
    for name, value in endless.items():
        del st.query_params[name]
        message = _("In the link {name} is {value}, too large for any field; it is left out.")
        told = link_told.as_typed(name), link_told.as_typed(value[:20])
        link_told.say(message.format(name=told[0], value=told[1]))
    if endless:
        _begin_with_address()


def _begin_with_address() -> None:
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


def rewrite(values: Mapping[str, str]) -> None:
    """Have the address say `values`, and what is drawn after this begin with them.

    For Back from another page: Streamlit forgets what stood in the address, and would set every
    widget to its default.
    """
    for name, value in values.items():
        st.query_params[name] = value
    _begin_with_address()


def _endless(text: str) -> bool:
    try:
        return abs(float(text)) >= TOO_LARGE
    except ValueError:  # a word
        return False


def forget_if_new(key: str, shown: object) -> None:
    """Drop from the address a place that was chosen on another picture than `shown`."""
    kept = f"shown {key}"
    if st.session_state.get(kept, shown) != shown:
        put(key, "")
    st.session_state[kept] = shown


def came_back() -> bool:
    """Whether this run was asked for by the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def another_page(key: str) -> bool:
    """Whether this was last asked, under `key`, by a run of another page."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    before = st.session_state.get(f"page of {key}", page)
    st.session_state[f"page of {key}"] = page
    return bool(before != page)


def arrived(key: str) -> bool:
    """Whether the widget `key`, not yet drawn in this run, is to take what the address says."""
    return key not in st.session_state or came_back()


def asked(key: str, known: Sequence[Name]) -> Name:
    """What the address says under `key`, if it is one of `known`; else the first of them."""
    given = st.query_params.get(key, "")
    return next((name for name in known if name == given), known[0])


def hold(key: str, chosen: object, labels: Hashable) -> None:
    """Have the widget `key`, not yet drawn in this run, and the browser's copy of it say `chosen`.

    A browser holds a label or a place in a list, not a value: where `labels` are others than in the
    last run, what it holds would stand for something else, or for nothing.
    """
    sent = f"labels of {key}"
    if st.session_state.get(key) != chosen or st.session_state.get(sent) != labels:
        st.session_state[key] = chosen
    st.session_state[sent] = labels


def meant(kept: str, given: Sequence[Value], labels: Mapping[Value, str]) -> list[Value]:
    """The values that a browser means by what it has `given` for one list, known as `kept`.

    Each is a value of `labels` (value → label), or a label that this list had when the page was
    drawn before: of two clicks in a row, the second may have left before the labels that the first
    one changed came. All labels are remembered for that. What is neither is given back as it is.
    """
    sent: dict[object, Value] = st.session_state.setdefault(f"labels of old, {kept}", {})
    found = [each if each in labels else sent.get(each, each) for each in given]
    sent |= {label: value for value, label in labels.items()}
    return found


def heed(key: str, known: Sequence[Name]) -> Name:
    """As `asked`; what a link says and is none of `known` is told, and dropped."""
    found, given = asked(key, known), st.query_params.get(key, "")
    if given and given != found:
        link_told.refuse(key, given, known, found)
        put(key, "")
    return found


def keep(key: str, known: Sequence[Name]) -> Name:
    """One of `known` that no widget holds: put under `key` by a board or a prompt, or the link's.

    The first of them is the default.
    """
    given = heed(key, known) if arrived(key) else str(st.session_state[key])
    chosen = next((name for name in known if name == given), known[0])
    st.session_state[key] = chosen
    put(key, chosen, known[0])
    return chosen


def _take(key: str, known: Sequence[str]) -> None:
    """Give the widget `key` what it begins with, unless a reader or a prompt has set it."""
    if came_back() or st.session_state.get(key) not in known:
        st.session_state[key] = heed(key, known)


def pick_one(key: str, label: str, words: Mapping[Name, str]) -> Name:
    """One of `words` (name → translated word) by buttons in a row; the first is the default."""
    names = list(words)
    _take(key, names)
    chosen = st.segmented_control(
        label,
        names,
        default=names[0],
        format_func=words.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    put(key, chosen or names[0], names[0])
    return chosen or names[0]


def pick_listed(key: str, label: str, words: Mapping[Name, str], *, width: int) -> Name:
    """As `pick_one`, from a list that opens."""
    names = list(words)
    _take(key, names)
    chosen = st.selectbox(label, names, key=key, format_func=words.__getitem__, width=width)
    put(key, chosen, names[0])
    return chosen


def tabs(key: str, words: Mapping[str, str]) -> Sequence[TabContainer]:
    """One tab for each of `words` (name → translated word); only the open one need be filled."""
    names = list(words)
    if arrived(key) or st.session_state[key] not in words.values():  # another language
        st.session_state[key] = words[heed(key, names)]
    opened = st.tabs(list(words.values()), key=key, on_change="rerun")
    put(
        key, next((name for name, tab in zip(names, opened, strict=True) if tab.open), ""), names[0]
    )
    return opened
