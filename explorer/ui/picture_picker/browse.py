"""Leafing through the pictures of a data set: by number, by class, by a network's mistakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from explorer.base.language import _
from explorer.data import datasets

ANY, WORST = "any", "worst"  # what to leaf through, beside the classes' numbers

Choose = Callable[[str], None]  # told the spelling of the picture that was chosen


@dataclass(frozen=True)
class Mistakes:
    """What a trained network gets most wrong: numbers of test pictures, the worst first."""

    dataset: str
    numbers: Sequence[int]


@dataclass(frozen=True)
class Place:
    """A picture's place in a data set."""

    dataset: str
    part: str = "test"
    number: int = 0

    @classmethod
    def read(cls, spelled: str) -> "Place | None":
        """From "fashion_mnist:test:17"; None if it is spelled otherwise."""
        name, *rest = spelled.split(":")
        if len(rest) != 2 or not rest[1].isdecimal():
            return None
        return cls(name, rest[0], int(rest[1]))

    @property
    def spelled(self) -> str:
        """As in links."""
        return f"{self.dataset}:{self.part}:{self.number}"

    @property
    def split(self) -> datasets.Split:
        """The part of the data set."""
        return datasets.load(self.dataset).part(self.part)


def controls(key: str, place: Place, mistakes: Mistakes | None, choose: Choose) -> None:
    """Data set, part, what to leaf through, and the number of the picture."""
    here = [name for name in datasets.names() if datasets.at_hand(name)]
    titles = {name: datasets.get(name).title for name in here}
    parts = {"test": _("To test with"), "train": _("To train on")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _select(f"{key}_data", _("Data set"), titles, place.dataset,
                lambda name: choose(Place(name).spelled))  # fmt: skip
        _select(f"{key}_part", _("Part"), parts, place.part,
                lambda part: choose(Place(place.dataset, part).spelled))  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _leaf_through(key, place, mistakes, choose)
        _number(key, place, choose)


def _select(
    name: str, label: str, words: Mapping[str, str], now: str, tell: Callable[[str], None]
) -> None:
    """A list whose choice leads to another picture; it follows what is shown."""
    st.session_state[name] = now
    st.selectbox(
        label,
        list(words),
        format_func=words.__getitem__,
        key=name,
        on_change=lambda: tell(st.session_state[name]),
        width=215,
    )


def _number(key: str, place: Place, choose: Choose) -> None:
    name = f"{key}_number"
    st.session_state[name] = place.number
    st.number_input(
        _("Number"),
        0,
        len(place.split) - 1,
        step=1,
        key=name,
        on_change=lambda: choose(replace(place, number=int(st.session_state[name])).spelled),
        width=120,
    )


# -- one after the other ----------------------------------------------------------------------


def _leaf_through(key: str, place: Place, mistakes: Mistakes | None, choose: Choose) -> None:
    name = f"{key}_among"
    words = {ANY: _("every class")}
    if mistakes and mistakes.numbers and (mistakes.dataset, "test") == (place.dataset, place.part):
        words[WORST] = _("the network's worst mistakes")
    words |= {str(n): each for n, each in enumerate(datasets.get(place.dataset).classes)}
    if st.session_state.get(name) not in words:
        st.session_state[name] = ANY

    def leaf(step: int) -> None:
        numbers = among(place, st.session_state[name], mistakes)
        if numbers:
            choose(replace(place, number=neighbour(numbers, place.number, step)).spelled)

    st.selectbox(
        _("Leaf through"),
        list(words),
        format_func=words.__getitem__,
        key=name,
        on_change=leaf,
        args=(0,),
        width=200,
    )
    for step, icon, label in (
        (-1, ":material/chevron_left:", _("The picture before")),
        (1, ":material/chevron_right:", _("The next picture")),
    ):
        st.button("", key=f"{key}_step_{step}", icon=icon, help=label, on_click=leaf, args=(step,))


def among(place: Place, which: str, mistakes: Mistakes | None) -> Sequence[int]:
    """The numbers of the pictures that are leafed through."""
    if which == WORST:
        return mistakes.numbers if mistakes else ()
    labels = place.split.labels
    if which == ANY:
        return range(len(labels))
    numbers: list[int] = (labels == int(which)).nonzero().flatten().tolist()
    return numbers


def neighbour(numbers: Sequence[int], now: int, step: int) -> int:
    """The one `step` places from `now` in `numbers`, beginning anew after the last.

    If `now` is not among them: the first, or the last if the step is backwards.
    """
    if now in numbers:
        return numbers[(numbers.index(now) + step) % len(numbers)]
    return numbers[0 if step >= 0 else -1]
