"""The address of the page that is shown: read, written, and remembered when the page is left.

It holds names that no language changes. What a page's names mean says its `state`.
"""

import math
import time
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams

Value = TypeVar("Value", bound=Hashable)
Address = Mapping[str, str]
_VISIT = "the visit"


@dataclass
class Page:
    """What a session remembers of one page."""

    left: Address = field(default_factory=dict)  # as it was left, but for what widgets keep
    restored: Address = field(default_factory=dict)  # as it was opened by the sidebar
    carried: Address = field(default_factory=dict)  # what was carried along when it was shown last
    taken: set[str] = field(default_factory=set)  # keys of widgets that took what the address says
    bound: set[str] = field(default_factory=set)  # and of those that Streamlit binds to it


@dataclass
class Opening:
    """The page that is shown, since it was opened."""

    url: str = ""
    network_brought: bool = False  # one that was chosen on another page
    drawn_first: float = math.inf  # when it was drawn to its end, whole
    drawn_last: float = math.inf
    # Of `link_warnings`: the place above the page, what stands there, and the address it is about.
    place: DeltaGenerator | None = None
    box: DeltaGenerator | None = None
    sentences: list[str] = field(default_factory=list)
    address: Address | None = None
    fresh: bool = True  # no run has come to the page's end yet


@dataclass
class Visit:
    """What a session remembers of the pages that its visitor has been to."""

    opening: Opening | None = None
    carried: Address | None = None  # from page to page, once somebody has chosen
    pages: dict[str, Page] = field(default_factory=lambda: defaultdict(Page))

    @property
    def page(self) -> Page:
        """The one that is shown."""
        return self.pages[self.opening.url if self.opening else ""]


def visit() -> Visit:
    """Of whoever is served."""
    found: Visit = st.session_state.setdefault(_VISIT, Visit())
    return found


def open_page(url: str) -> bool:
    """Before the page is drawn: whether another one was shown before."""
    now = visit()
    if now.opening and now.opening.url == url:
        return False
    now.opening = Opening(url)
    return True


def forget(*, bound: bool) -> None:
    """Have the widgets of this page, which was just opened, take what the address says.

    What a page has put into the session stays there when another page is shown. Streamlit keeps the
    value of a widget that is `bound`: it goes, too, where a link says what the page is to show.
    """
    page = visit().page
    for keys in (page.taken, page.bound) if bound else (page.taken,):
        for key in keys:
            st.session_state.pop(key, None)
        keys.clear()


@contextmanager
def _params() -> Iterator[QueryParams | None]:
    """The address as Streamlit's session holds it, if there is a session."""
    if context := get_script_run_ctx():
        with context.session_state.query_params() as params:
            yield params
    else:
        yield None


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
    with _params() as params:
        if params is not None:
            said = params.to_dict().items()
            visit().page.left = {name: text for name, text in said if not params.is_bound(name)}


def settle() -> None:
    """After the page was drawn to its end."""
    if opening := visit().opening:
        opening.drawn_last = time.monotonic()
        opening.drawn_first = min(opening.drawn_first, opening.drawn_last)
    remember()


def begin_with_address() -> None:
    """Have what is drawn after this begin with what the address says now."""
    with _params() as params:
        if params is not None:
            params.set_initial_query_params_from_current()


def rewrite(values: Address) -> None:
    """Have the address say `values`; "" takes a name out. All at once: one step of Back.

    What is drawn after this begins with them.
    """
    now = st.query_params.to_dict()
    changed = {name: value for name, value in values.items() if now.get(name, "") != value}
    with _params() as params:
        if params is None or not changed:
            return
        for name, value in changed.items():
            if not value:
                params.discard_param_no_forward_msg(name)
        params.update({name: value for name, value in changed.items() if value})
    begin_with_address()
    remember()


def came_back() -> bool:
    """Whether this run was asked for by the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def only_a_part() -> bool:
    """Whether a part of the page is drawn, and the rest of it stays."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def takes_query(key: str) -> bool:
    """Whether the widget `key`, not yet drawn in this run, is to take what the address says."""
    visit().page.taken.add(key)
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
    values = [each if each in labels else sent.get(each, each) for each in given]
    sent |= {label: value for value, label in labels.items()}
    return values
