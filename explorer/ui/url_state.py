"""The address of the page that is shown: read, written, and remembered when it is left.

It holds names that no language changes. What a page's names mean says its `state`.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.base.language import _
from explorer.ui import link_warnings

Value = TypeVar("Value", bound=Hashable)
_TAKEN, _BOUND = "taken from the address, by page", "bound to the address, by page"
_LEFT = "addresses, by page"
TOO_LARGE = 2**53  # from here on a browser rounds whole numbers


def put(name: str, value: str, default: str = "") -> None:
    """Keep `value` in the address; the default is left out."""
    wanted = "" if value == default else value
    if st.query_params.get(name, "") == wanted:
        return
    if wanted:
        st.query_params[name] = wanted
    else:
        st.query_params.pop(name, None)
    remember()


def remember() -> None:
    """Keep the address for the way back to this page, but for what widgets keep by themselves."""
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        said = {
            name: value for name, value in params.to_dict().items() if not params.is_bound(name)
        }
    st.session_state.setdefault(_LEFT, {})[context.page_script_hash] = said


def left() -> Mapping[str, str]:
    """The address of this page as it was left, as far as its widgets do not keep it themselves."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    found: Mapping[str, str] = st.session_state.get(_LEFT, {}).get(page, {})
    return found


def forget(*, bound: bool) -> None:
    """Have the widgets of this page, which was just opened, take what the address says.

    What a page has put into the session stays there when another page is shown. Streamlit keeps the
    value of a widget that is `bound`: it goes, too, where a link says what the page is to show.
    """
    for kept in (_TAKEN, _BOUND) if bound else (_TAKEN,):
        for key in _keys(kept):
            st.session_state.pop(key, None)
        _keys(kept).clear()


def note_bound(key: str) -> None:
    """Tell that the widget `key` of this page is bound to the address."""
    _keys(_BOUND).add(key)


def bound_values() -> Mapping[str, object]:
    """What the widgets of this page that are bound to the address held when it was left."""
    return {key: st.session_state[key] for key in _keys(_BOUND) if key in st.session_state}


def _keys(kept: str) -> set[str]:
    """The keys of this page's widgets that have taken something from the address, or are bound."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    found: set[str] = st.session_state.setdefault(kept, {}).setdefault(page, set())
    return found


def drop_endless() -> None:
    """Take numbers that no field can hold, infinite or of many digits, out of the address.

    Streamlit's own reading of the address turns them into whole numbers, and fails.
    """
    endless = {name: value for name, value in st.query_params.to_dict().items() if _endless(value)}
    for name, value in endless.items():
        del st.query_params[name]
        message = _("In the link {name} is {value}, too large for any field; it is left out.")
        told = link_warnings.as_typed(name), link_warnings.as_typed(value[:20])
        link_warnings.say(message.format(name=told[0], value=told[1]))
    if endless:
        _begin_with_address()


def _begin_with_address() -> None:
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


def rewrite(values: Mapping[str, str]) -> None:
    """Have the address say `values`; "" takes a name out. All at once: one step of Back.

    What is drawn after this begins with them.
    """
    context = get_script_run_ctx()
    now = st.query_params.to_dict()
    changed = {name: value for name, value in values.items() if now.get(name, "") != value}
    if context is None or not changed:
        return
    with context.session_state.query_params() as params:
        for name, value in changed.items():
            if not value:
                params.discard_param_no_forward_msg(name)
        params.update({name: value for name, value in changed.items() if value})
    _begin_with_address()
    remember()


def _endless(text: str) -> bool:
    try:
        return abs(float(text)) >= TOO_LARGE
    except ValueError:  # a word
        return False


def came_back() -> bool:
    """Whether this run was asked for by the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def takes_query(key: str) -> bool:
    """Whether the widget `key`, not yet drawn in this run, is to take what the address says."""
    _keys(_TAKEN).add(key)
    return key not in st.session_state or came_back()


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
