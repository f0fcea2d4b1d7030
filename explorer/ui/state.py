"""What a page holds: declared once, it serves the widgets' keys, the address, refusals and reset.

    STATE = State("layers", Number("batch", 1, 1, 4096), OneOf("view", "layers", …))

A widget's key is its page's own ("layers.batch"); the address says `batch`. A page that is opened
at an address shows what that says, and the default for the rest. Where the address says nothing,
from the sidebar, it is as it was left; and what is carried along (a network chosen on one page is
offered on the next) wins over that.

A widget's value and the address can differ. The address wins when a page is first shown and after
the browser's Back or Forward; otherwise the widget wins. So a rerun that was sent before the
browser heard of the new address puts nothing back.

Where a state is `bound`, on the learning pages, a name is one page's alone and the widget's key,
too. Numbers, switches and texts are bound to the address there by Streamlit
(`bind="query-params"`): what is slid through leaves no trail of steps for Back.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeVar, overload

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.errors import StreamlitAPIException

from explorer.ui import link_warnings, page_address
from explorer.ui.page_address import Field, Number, OneOf, Open, Switch, spell

__all__ = ["Number", "OneOf", "Open", "State", "Switch"]

Name = TypeVar("Name", bound=str)
Kind = TypeVar("Kind", OneOf, Number)
Width = int | Literal["stretch"]


class State:
    """All that one page holds.

    `page` is its address. `carries` are the names that it takes from the page before; when that
    brings another network, `of_network` is forgotten.
    """

    def __init__(
        self,
        page: str,
        *held: Field,
        carries: Iterable[str] = (),
        of_network: Iterable[str] = (),
        bound: bool = False,
    ) -> None:
        self.page, self.bound = page, bound
        self.fields = {field.name: field for field in held}
        self.carries, self.of_network = frozenset(carries), frozenset(of_network)

    def key(self, name: str) -> str:
        """The key of the widget that holds `name`: no other page's."""
        return name if self.bound else f"{self.page}.{name}"

    def default(self, *names: str) -> dict[str, Any]:
        """What these hold, or all, before anything is chosen."""
        return {name: self.fields[name].default for name in names or self.fields}

    def __getitem__(self, name: str) -> Any:
        return st.session_state[self.key(name)]

    def __setitem__(self, name: str, value: object) -> None:
        st.session_state[self.key(name)] = value

    def get(self, name: str, default: Any = None) -> Any:
        """What the widget holds, if it is there."""
        return st.session_state.get(self.key(name), default)

    # The address

    def begin(self, *, moved: bool, others: Iterable[str]) -> None:
        """Before the page is drawn; `moved` if another one was, `others` are the frame's own names.

        Opened by the sidebar its address says nothing: it is as it was left. So is a bare address
        to which Back leads, if the browser kept it from the moment before that was restored.
        """
        page, bare = page_address.visit().page, not set(st.query_params) - set(others)
        usual = {self.key(name): value for name, value in self.default().items()}
        page_address.visit().opening.usual = usual
        if moved:
            page_address.forget(bound=not bare)
        if bare and page_address.came_back():
            # From another page: then Streamlit has forgotten what is bound to widgets.
            keys = page.bound & st.session_state.keys() if moved else ()
            bound = {key: spell(st.session_state[key]) for key in keys}
            page_address.rewrite({**page.restored, **bound})
        elif bare and moved:
            page.restored = self._left_or_carried()
            page_address.rewrite(page.restored)
        elif bare:  # all of it was set to its defaults
            page.restored = {}

    def _left_or_carried(self) -> Mapping[str, str]:
        """The address that the page was left at, with what is carried to it."""
        visit = page_address.visit()
        page, carried = visit.page, visit.carried or {}
        shared = [each.name for each in self.fields.values() if getattr(each, "shared", False)]
        choices = {name: st.session_state.get(f"{name} chosen") for name in shared}
        left = {**page.left, **{name: value for name, value in choices.items() if value}}
        if not self.carries or carried == page.carried:
            return left
        same = carried.get("network") == page.carried.get("network")
        visit.opening.network_brought = not same
        old = self.carries if same else self.carries | self.of_network
        stays = {name: value for name, value in left.items() if name not in old}
        return stays | {name: value for name, value in carried.items() if name in self.carries}

    def carry(self, **values: object) -> None:
        """Have the next page begin with these, once somebody has chosen here or elsewhere."""
        address = {name: spell(value) for name, value in values.items() if value != ""}
        visit = page_address.visit()
        if visit.carried is not None or any(map(self.query, address)):
            visit.carried = visit.pages[self.page].carried = address

    def network_brought(self) -> bool:
        """Whether the page was opened with a network that was chosen on another page."""
        return page_address.visit().opening.network_brought

    def query(self, name: str) -> str:
        """What the address says."""
        return st.query_params.get(name, "")

    def put(self, name: str, value: object, default: object = "") -> None:
        """Write it into the address; the default is left out."""
        page_address.put(name, spell(value), spell(default))

    def takes_query(self, name: str) -> bool:
        """Whether `name` is to be taken from the address."""
        return page_address.takes_query(self.key(name))

    def know(self, *more: str) -> None:
        """Say so if a link says what the page does not hold, nor `more`."""
        link_warnings.know({*self.fields, *more})

    def forget_if_new(self, name: str, picture: object) -> None:
        """Drop from the address a place that was chosen on another `picture`."""
        key = f"shown {self.key(name)}"
        if st.session_state.get(key, picture) != picture:
            self.put(name, "")
        st.session_state[key] = picture

    def reset(self, names: Collection[str], **address: object) -> None:
        """Forget `names`, and have the address say this instead: one step of Back."""
        for name in names:
            st.session_state.pop(self.key(name), None)
        texts = {name: spell(value) for name, value in address.items()}
        page_address.rewrite({**dict.fromkeys(names, ""), **texts})

    def heed(self, name: str, choices: Sequence[Name]) -> Name:
        """What the address says, if it is one of `choices`; else the first, and that is told."""
        text = self.query(name)
        choice = next((each for each in choices if each == text), choices[0])
        if text and text != choice:
            link_warnings.refuse(name, text, choices, choice)
            self.put(name, "")
        return choice

    def take(self, name: str, choices: Sequence[Name]) -> Name:
        """One of `choices` as a link, a reader or a prompt has set it; a prompt may put a number.

        Else what the address says, or their first.
        """
        text = "" if self.takes_query(name) else str(self[name])
        choice = next((each for each in choices if each == text), None)
        choice = self.heed(name, choices) if choice is None else choice
        if st.session_state.get(self.key(name)) != choice:
            self[name] = choice  # not if it is the same: what is written puts the browser's back
        return choice

    def keep(self, name: str) -> str:
        """One of the field's names that no widget holds: a board's, a prompt's, or the link's."""
        names = list(map(str, self._field(name, OneOf).choices))
        self.put(name, choice := self.take(name, names), names[0])
        return choice

    # Its widgets. Each is drawn with what it holds: a browser that puts one up late, from a part
    # that was folded when it was first drawn, takes what the last drawing says.

    def words(self, name: str) -> dict[str, str]:
        """The titles that the field has for its names, translated."""
        return self._field(name, OneOf).words

    @overload
    def pick_one(self, name: str, label: str) -> Any: ...
    @overload
    def pick_one(self, name: str, label: str, words: Mapping[Name, str]) -> Name: ...
    def pick_one(self, name: str, label: str, words: Mapping[Any, str] | None = None) -> Any:
        """One of `words` (name → translated word) by buttons in a row; the first is the default.

        Without `words`, the field's own.
        """
        words = words or self.words(name)
        names = list(words)
        choice = st.segmented_control(
            label, names, default=self.take(name, names), format_func=words.__getitem__,
            key=self.key(name), required=True, label_visibility="collapsed",
            persist_state="session",
        )  # fmt: skip
        self.put(name, choice or names[0], names[0])
        return choice or names[0]

    @overload
    def pick_listed(self, name: str, label: str, *, width: int) -> Any: ...
    @overload
    def pick_listed(
        self, name: str, label: str, words: Mapping[Name, str], *, width: int
    ) -> Name: ...
    def pick_listed(
        self, name: str, label: str, words: Mapping[Any, str] | None = None, *, width: int
    ) -> Any:
        """As `pick_one`, from a list that opens."""
        words = words or self.words(name)
        names = list(words)
        choice = st.selectbox(
            label, names, names.index(self.take(name, names)), key=self.key(name),
            format_func=words.__getitem__, width=width, persist_state="session",
        )  # fmt: skip
        self.put(name, choice, names[0])
        return choice

    def tabs(self, name: str, words: Mapping[str, str] | None = None) -> dict[str, TabContainer]:
        """As `pick_one`, a tab for each; fill only the open one. A prompt may put a tab's name."""
        words = words or self.words(name)
        names = list(words)
        title = "" if self.takes_query(name) else self[name]
        if title not in words.values():  # a link, a prompt, another language
            self[name] = words[title if title in words else self.heed(name, names)]
        tabs = st.tabs(list(words.values()), key=self.key(name), on_change="rerun")
        by_name = dict(zip(names, tabs, strict=True))
        self.put(name, next((each for each, tab in by_name.items() if tab.open), ""), names[0])
        return by_name

    def _draw(self, field: Field, widget: Callable[..., Any], value_as: str = "value") -> Any:
        """What the widget of a field holds; it takes the value that it is drawn with as `value_as`,
        and a key."""
        key = self.key(field.name)
        if self.bound:
            return self._draw_bound(field, key, widget, value_as)
        if self.takes_query(field.name):
            self[field.name] = link_warnings.take(field, self.query(field.name))
        value = widget(**{value_as: self[field.name]}, key=key, persist_state="session")
        value = field.default if value is None else value
        self.put(field.name, value, field.default)
        return value

    def _draw_bound(self, field: Field, key: str, widget: Callable[..., Any], value_as: str) -> Any:
        """As `_draw`; the default is the widget's own, so that Streamlit leaves it out."""
        page_address.visit().page.bound.add(key)
        value = st.session_state.get(key, field.default)
        if value != field.default and key not in st.query_params:
            # Set by a prompt, while the widget was not on the page.
            with suppress(StreamlitAPIException):  # it is there, and does so by itself
                st.query_params[key] = spell(value)
        has_value = key in st.session_state and not page_address.came_back()
        text = "" if has_value else self.query(key)
        value = widget(**{value_as: field.default}, key=key, bind="query-params")
        value = field.default if value is None else value
        link_warnings.tell(field, text, value)
        return value

    def _field(self, name: str, kind: type[Kind]) -> Kind:
        field = self.fields[name]
        assert isinstance(field, kind)
        return field

    def select(
        self, name: str, label: str, help_: str | None = None, *, width: Width = "stretch"
    ) -> Any:
        """One of the field's own names, from a list."""
        field = self._field(name, OneOf)

        def widget(value: Any, **named: Any) -> Any:
            names = list(field.choices)
            return st.selectbox(label, names, names.index(value), help=help_, width=width, **named)

        return self._draw(field, widget)

    def one_of(self, name: str, label: str, *, on_change: Callable[[], None] | None = None) -> Any:
        """One of the field's own names or numbers, by buttons in a row."""
        field = self._field(name, OneOf)
        widget = partial(
            st.segmented_control, label, field.choices, required=True, on_change=on_change
        )
        return self._draw(field, widget, "default")

    def steps(self, name: str, label: str, *, width: int) -> Any:
        """One of the field's own names or numbers, by sliding."""
        field = self._field(name, OneOf)
        return self._draw(field, partial(st.select_slider, label, field.choices, width=width))

    def toggle(self, name: str, label: str, help_: str | None = None) -> bool:
        """On or off."""
        return bool(self._draw(self.fields[name], partial(st.toggle, label, help=help_)))

    def number(
        self,
        name: str,
        label: str,
        help_: str | None = None,
        *,
        default: int | None = None,
        width: int = 130,
        on_change: Callable[[], None] | None = None,
    ) -> int:
        """A whole number by typing or stepping.

        Where a field has no bounds, every number is taken: a page that can say what is wrong with
        one teaches more than a field that refuses it. `default` is for one that changes.
        """
        field = self._field(name, Number)
        field = field if default is None else replace(field, default=default)
        widget = partial(
            st.number_input, label, field.least, field.most, step=field.step, help=help_,
            width=width, on_change=on_change,
        )  # fmt: skip
        return int(self._draw(field, widget))

    def slider(self, name: str, label: str, *, width: Width = "stretch") -> Any:
        """A number by sliding, whole if its default is."""
        field = self._field(name, Number)
        widget = partial(st.slider, label, field.least, field.most, step=field.step, width=width)
        return self._draw(field, widget)

    def text(
        self,
        name: str,
        label: str,
        help_: str | None = None,
        *,
        placeholder: str | None = None,
        width: Width = "stretch",
    ) -> str:
        """A line of text."""
        widget = partial(st.text_input, label, help=help_, placeholder=placeholder, width=width)
        return str(self._draw(self.fields[name], widget))

    def lines(self, name: str, label: str, help_: str, *, height: int) -> str:
        """A few lines of text."""
        widget = partial(st.text_area, label, height=height, help=help_)
        return str(self._draw(self.fields[name], widget))
