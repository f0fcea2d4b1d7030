"""The address of the page that is shown: read, written, and remembered when the page is left.

It holds names that no language changes. What a page's names mean says its `state`.
"""

import math
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams

from explorer.base.language import _

Value = TypeVar("Value", bound=Hashable)
Address = Mapping[str, str]
_VISIT = "the visit"
MOST_SIGNS = 40  # of what an address has, in a sentence


# -- what there can be under a name: a text, one of a few, on or off, a number -----------------


@dataclass(frozen=True)
class Open:
    """A text of which only the page can tell whether there is such a thing: a layer, a run."""

    name: str
    default: str = ""
    shared: bool = False  # by all pages that have it, in the session under "<name> chosen"

    def read(self, text: str) -> str:
        """As it is."""
        return text

    @property
    def domain(self) -> str:
        """Nothing is refused here."""
        return ""


@dataclass(frozen=True)
class OneOf:
    """One of a few names or whole numbers; or names with their titles, marked with N_."""

    name: str
    default: str | int
    choices: Sequence[str | int] | Mapping[str, str]

    def read(self, text: str) -> str | int:
        """Raises ValueError if it is none of them."""
        for choice in self.choices:
            if str(choice) == text:
                return choice
        raise ValueError(text)

    @property
    def domain(self) -> Iterable[object]:
        """What there can be."""
        return self.choices

    @property
    def words(self) -> dict[str, str]:
        """The titles by name, in the reader's language."""
        assert isinstance(self.choices, Mapping)
        return {name: _(title) for name, title in self.choices.items()}


@dataclass(frozen=True)
class Switch:
    """On or off."""

    name: str
    default: bool = False

    def read(self, text: str) -> bool:
        """Raises ValueError if it is neither "true" nor "false"."""
        if text.lower() not in self.domain:
            raise ValueError(text)
        return text.lower() == "true"

    @property
    def domain(self) -> tuple[str, ...]:
        """What there can be."""
        return ("true", "false")


@dataclass(frozen=True)
class Number:
    """A number within bounds, whole if its default is. What lies outside becomes the nearest."""

    name: str
    default: float
    least: float | None = None
    most: float | None = None
    step: float = 1

    def read(self, text: str) -> float:
        """Raises ValueError if it is no number."""
        value = type(self.default)(text)
        if not math.isfinite(value):
            raise ValueError(text)
        value = value if self.least is None else max(value, self.least)
        return value if self.most is None else min(value, self.most)

    @property
    def domain(self) -> str:
        """Which numbers there are."""
        if self.least is None:
            return _("a whole number")
        if self.most is None:
            return _("{least} or more").format(least=self.least)
        return between(self.least, self.most)


Field = Open | OneOf | Switch | Number


def spell(value: object) -> str:
    """A value as addresses have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def same(text: str, value: object) -> bool:
    """Whether this `text` of an address means the `value`."""
    spelled = spell(value)
    if text.lower() == spelled.lower():
        return True
    try:
        return float(text) == float(spelled)
    except ValueError:  # a word
        return False


def between(least: object, most: object) -> str:
    """What numbers there are, for `refuse`."""
    return _("{least} to {most}").format(least=as_typed(str(least)), most=as_typed(str(most)))


def as_typed(text: str) -> str:
    """As it stands in the address, no sign of it read as Markdown."""
    short = text if len(text) <= MOST_SIGNS else f"{text[:MOST_SIGNS]}…"
    return f"`{' '.join(short.replace('`', ' ').split()) or ' '}`"


# -- what a session remembers -------------------------------------------------------------------


@dataclass
class Page:
    """What a session remembers of one page."""

    left: Address = field(default_factory=dict)  # as it was left, but for what widgets keep
    restored: Address = field(default_factory=dict)  # as it was opened by the sidebar
    carried: Address = field(default_factory=dict)  # what was carried along when it was shown last
    keys: set[str] = field(default_factory=set)  # of widgets that took what the address says
    bound: set[str] = field(default_factory=set)  # and of those that Streamlit binds to it


@dataclass
class Opening:
    """The page that is shown, since it was opened."""

    url: str | None = None  # outside of the frame
    network_brought: bool = False  # one that was chosen on another page
    usual: Mapping[str, object] = field(default_factory=dict)  # the defaults, by widget key
    drawn_first: float = math.inf  # when it was drawn to its end, whole
    drawn_last: float = math.inf
    # Of `link_warnings`: the place above the page, what stands there, and the address it is about.
    place: DeltaGenerator | None = None
    box: DeltaGenerator | None = None
    sentences: list[str] = field(default_factory=list)
    address: Address | None = None
    fresh: bool = False  # no run has come to the page's end yet


@dataclass
class Visit:
    """What a session remembers of the pages that its visitor has been to."""

    opening: Opening = field(default_factory=Opening)
    carried: Address | None = None  # from page to page, once somebody has chosen
    pages: dict[str, Page] = field(default_factory=lambda: defaultdict(Page))

    @property
    def page(self) -> Page:
        """The one that is shown."""
        return self.pages[self.opening.url or ""]


def visit() -> Visit:
    """Of whoever is served."""
    here: Visit = st.session_state.setdefault(_VISIT, Visit())
    return here


def open_page(url: str) -> bool:
    """Before the page is drawn: whether another one was shown before."""
    now = visit()
    if now.opening.url == url:
        return False
    now.opening = Opening(url, fresh=True)
    return True


def forget(*, bound: bool) -> None:
    """Have the widgets of this page, which was just opened, take what the address says.

    What a page has put into the session stays there when another page is shown. Streamlit keeps the
    value of a widget that is `bound`: it goes, too, where a link says what the page is to show.
    """
    page = visit().page
    for keys in (page.keys, page.bound) if bound else (page.keys,):
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
    text = "" if value == default else value
    if st.query_params.get(name, "") == text:
        return
    if text:
        st.query_params[name] = text
    else:
        st.query_params.pop(name, None)
    remember()


def remember() -> None:
    """Keep the address for the way back to this page, but for what widgets keep by themselves."""
    with _params() as params:
        if params is not None:
            texts = params.to_dict().items()
            visit().page.left = {name: text for name, text in texts if not params.is_bound(name)}


def settle() -> None:
    """After the page was drawn to its end."""
    opening = visit().opening
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
    visit().page.keys.add(key)
    return key not in st.session_state or came_back()


def hold(key: str, value: object, labels: Hashable) -> None:
    """Have the widget `key`, not yet drawn in this run, and the browser's copy of it say `value`.

    A browser holds a label or a place in a list, not a value: where `labels` are others than in the
    last run, what it holds would stand for something else, or for nothing.
    """
    sent = f"labels of {key}"
    if st.session_state.get(key) != value or st.session_state.get(sent) != labels:
        st.session_state[key] = value
    st.session_state[sent] = labels


def unlabelled(name: str, picks: Sequence[Value], labels: Mapping[Value, str]) -> list[Value]:
    """The values that a browser means by its `picks` from the list that is called `name` here.

    Each is a value of `labels` (value → label), or a label that this list had when the page was
    drawn before: of two clicks in a row, the second may have left before the labels that the first
    one changed came. All labels are remembered for that. What is neither is given back as it is.
    """
    sent: dict[object, Value] = st.session_state.setdefault(f"labels of old, {name}", {})
    values = [each if each in labels else sent.get(each, each) for each in picks]
    sent |= {label: value for value, label in labels.items()}
    return values
