"""What a page holds: declared once, it serves the widgets' keys, the address, refusals and reset.

    STATE = State("layers", Number("batch", 1, 1, 4096), OneOf("view", "layers", "costs"))

A widget's key is its page's own ("layers.batch"); the address says `batch`. A page that is opened
at an address shows what that says, and the default for the rest. Where the address says nothing,
from the sidebar, it is as it was left; and what is carried along (`State.carry`: a network chosen
on one page is offered on the next) wins over that.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from explorer.base.language import _
from explorer.ui import link_warnings, url_state
from explorer.ui.url_state import Name

_SHOWN, _RESTORED = "the page that is shown", "addresses restored, by page"
_BROUGHT = "carried a network here"
_CARRIED, _CARRIED_TO = "carried from page to page", "carried to pages"

Width = int | Literal["stretch"]


# -- what there can be -------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A text of which only the page can tell whether there is such a thing: a layer, a run."""

    name: str
    default: str = ""
    shared: bool = False  # by all pages that have it, in the session under "<name> chosen"

    def read(self, given: str) -> str:
        """As it is."""
        return given

    @property
    def there(self) -> str:
        """Nothing is refused here."""
        return ""


@dataclass(frozen=True)
class OneOf:
    """One of a few names."""

    name: str
    default: str
    choices: tuple[str, ...]

    def read(self, given: str) -> str:
        """Raises ValueError if it is none of them."""
        if given not in self.choices:
            raise ValueError(given)
        return given

    @property
    def there(self) -> Iterable[object]:
        """What there can be."""
        return self.choices


@dataclass(frozen=True)
class Switch:
    """On or off."""

    name: str
    default: bool = False

    def read(self, given: str) -> bool:
        """Raises ValueError if it is neither "true" nor "false"."""
        if given.lower() not in self.there:
            raise ValueError(given)
        return given.lower() == "true"

    @property
    def there(self) -> tuple[str, ...]:
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

    def read(self, given: str) -> float:
        """Raises ValueError if it is no number."""
        value = type(self.default)(given)
        if not math.isfinite(value):
            raise ValueError(given)
        value = value if self.least is None else max(value, self.least)
        return value if self.most is None else min(value, self.most)

    @property
    def there(self) -> str:
        """Which numbers there are."""
        if self.least is None:
            return _("a whole number")
        if self.most is None:
            return _("{least} or more").format(least=self.least)
        return link_warnings.between(self.least, self.most)


Field = Open | OneOf | Switch | Number


def spell(value: object) -> str:
    """A value as addresses have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


# -- a page ------------------------------------------------------------------------------------


class State:
    """All that one page holds.

    `page` is its address. `carries` are the names that it takes from the page before; when that
    brings another network, `of_network` is forgotten.
    """

    def __init__(
        self,
        page: str,
        *fields: Field,
        carries: Iterable[str] = (),
        of_network: Iterable[str] = (),
    ) -> None:
        self.page = page
        self.fields = {field.name: field for field in fields}
        self.of_network = frozenset(of_network)
        self._carries = frozenset(carries)

    def key(self, name: str) -> str:
        """The key of the widget that holds `name`: no other page's."""
        return f"{self.page}.{name}"

    def __getitem__(self, name: str) -> Any:
        return st.session_state[self.key(name)]

    def __setitem__(self, name: str, value: object) -> None:
        st.session_state[self.key(name)] = value

    def get(self, name: str, default: Any = None) -> Any:
        """What the widget holds, if it is there."""
        return st.session_state.get(self.key(name), default)

    # The address

    def query(self, name: str) -> str:
        """What the address says."""
        return st.query_params.get(name, "")

    def put(self, name: str, value: object, default: object = "") -> None:
        """Write it into the address; the default is left out."""
        url_state.put(name, spell(value), spell(default))

    def takes_query(self, name: str) -> bool:
        """Whether `name` is to be taken from the address."""
        return url_state.takes_query(self.key(name))

    def know(self, *more: str) -> None:
        """Say so if a link says what the page does not hold, nor `more`."""
        link_warnings.know({*self.fields, *more})

    def reset(self, names: Iterable[str], **said: object) -> None:
        """Forget `names`, and have the address say `said` instead: one step of Back."""
        for name in names:
            st.session_state.pop(self.key(name), None)
        url_state.rewrite({**dict.fromkeys(names, ""), **{k: spell(v) for k, v in said.items()}})

    def _take(self, name: str) -> Any:
        """Give the widget what it begins with; its field."""
        field = self.fields[name]
        if self.takes_query(name):
            self[name] = self._read(field)
        return field

    def _read(self, field: Field) -> Any:
        said = self.query(field.name)
        try:
            value = field.read(said) if said else field.default
        except ValueError:
            value = field.default
        if said and not _same(said, value):
            link_warnings.refuse(field.name, said, field.there, spell(value))
        return value

    # What is carried along

    def carry(self, **values: object) -> None:
        """Have the next page begin with these, once somebody has chosen here or elsewhere."""
        told = {name: spell(value) for name, value in values.items() if value != ""}
        if _CARRIED in st.session_state or any(map(self.query, told)):
            st.session_state[_CARRIED] = told
            st.session_state.setdefault(_CARRIED_TO, {})[self.page] = told

    def begin_with(self, left: Mapping[str, str]) -> Mapping[str, str]:
        """The address for the page, which was `left` at one, with what is carried to it."""
        shared = [each.name for each in self.fields.values() if getattr(each, "shared", False)]
        chosen = {name: st.session_state.get(f"{name} chosen") for name in shared}
        left = {**left, **{name: value for name, value in chosen.items() if value}}
        if not self._carries:
            return left
        carried: Mapping[str, str] = st.session_state.get(_CARRIED, {})
        before: Mapping[str, str] = st.session_state.get(_CARRIED_TO, {}).get(self.page, {})
        if carried == before:
            return left
        same = carried.get("network") == before.get("network")
        st.session_state[_BROUGHT] = not same
        gone = self._carries if same else self._carries | self.of_network
        stays = {name: value for name, value in left.items() if name not in gone}
        return stays | {name: value for name, value in carried.items() if name in self._carries}

    @property
    def brought_network(self) -> bool:
        """Whether the page was opened with a network that was chosen on another page."""
        return bool(st.session_state.get(_BROUGHT))

    # Its widgets. Each is drawn with what it holds: a browser that puts one up late, from a part
    # that was folded when it was first drawn, takes what the last drawing says.

    def pick_one(self, name: str, label: str, words: Mapping[Name, str]) -> Name:
        """As `links.pick_one`."""
        return url_state.pick_one(self.key(name), label, words)

    def pick_listed(self, name: str, label: str, words: Mapping[Name, str], *, width: int) -> Name:
        """As `links.pick_listed`."""
        return url_state.pick_listed(self.key(name), label, words, width=width)

    def tabs(self, name: str, words: Mapping[str, str]) -> Sequence[TabContainer]:
        """As `links.tabs`."""
        return url_state.tabs(self.key(name), words)

    def heed(self, name: str, known: Sequence[Name]) -> Name:
        """As `links.heed`."""
        return url_state.heed(self.key(name), known)

    def select(self, name: str, label: str, help_: str | None = None) -> str:
        """One of the field's own names, from a list."""
        field = self._take(name)
        value: str = st.selectbox(
            label, field.choices, field.choices.index(self[name]), key=self.key(name), help=help_,
            persist_state="session",
        )  # fmt: skip
        self.put(name, value, field.default)
        return value

    def toggle(self, name: str, label: str, help_: str | None = None) -> bool:
        """On or off."""
        field = self._take(name)
        value = st.toggle(
            label, self[name], key=self.key(name), help=help_, persist_state="session"
        )
        self.put(name, value, field.default)
        return value

    def number(
        self,
        name: str,
        label: str,
        help_: str | None = None,
        *,
        width: int = 130,
        on_change: Callable[[], None] | None = None,
    ) -> int:
        """A whole number by typing or stepping."""
        field = self._take(name)
        value = st.number_input(
            label, field.least, field.most, self[name], field.step, key=self.key(name), help=help_,
            width=width, on_change=on_change, persist_state="session",
        )  # fmt: skip
        self.put(name, value, field.default)
        return int(value)

    def slider(self, name: str, label: str) -> Any:
        """A number by sliding, whole if its default is."""
        field = self._take(name)
        value = st.slider(
            label, field.least, field.most, self[name], field.step, key=self.key(name),
            persist_state="session",
        )  # fmt: skip
        self.put(name, value, field.default)
        return value

    def text(self, name: str, label: str, help_: str | None = None, *, width: Width) -> str:
        """A line of text."""
        field = self._take(name)
        value = st.text_input(
            label, self[name], key=self.key(name), help=help_, width=width, persist_state="session"
        )
        self.put(name, value or "", field.default)
        return value or ""


def _same(said: str, value: object) -> bool:
    spelled = spell(value)
    try:
        return float(said) == float(spelled)
    except ValueError:  # a word
        return said.lower() == spelled.lower()


# -- when a page is opened ---------------------------------------------------------------------


def begin(here: State, others: Iterable[str] = ()) -> None:
    """Before the page that holds `here` is drawn. `others` are the frame's own names.

    Opened by the sidebar its address says nothing: it is as it was left. So is a bare address to
    which Back leads, if the browser kept it from the moment before that was restored.
    """
    page, bare = here.page, not set(st.query_params) - set(others)
    moved = st.session_state.get(_SHOWN) != page
    st.session_state[_SHOWN] = page
    if moved:
        url_state.forget(bound=not bare)
        st.session_state[_BROUGHT] = False
    if not bare:
        return
    restored: dict[str, Mapping[str, str]] = st.session_state.setdefault(_RESTORED, {})
    if url_state.came_back():
        # From another page: then Streamlit has forgotten what of the address is bound to widgets.
        bound = {k: spell(v) for k, v in url_state.bound_values().items()} if moved else {}
        url_state.rewrite({**restored.get(page, {}), **bound})
    elif moved:
        restored[page] = here.begin_with(url_state.left())
        url_state.rewrite(restored[page])
    else:  # all of it was set to its defaults
        restored.pop(page, None)
