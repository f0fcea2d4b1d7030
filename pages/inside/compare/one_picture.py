"""What each network says to the same picture: its three likeliest classes."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from explorer.base.cache import SizedCache
from explorer.base.language import _, ngettext
from explorer.base.units import percent
from explorer.data import datasets, pictures
from explorer.data.pictures import Picture
from explorer.inside import attribution
from explorer.inside.attribution.checking import Guess
from explorer.ui import picture_picker
from pages.inside.compare import controls, results_table
from pages.inside.compare.computation import Side
from pages.inside.compare.state import STATE

MOST = 3  # classes

Said = tuple[Guess, ...] | str  # its likeliest classes, or a sentence: why it has no answer

_guesses: SizedCache[tuple[Guess, ...]] = SizedCache(2_000_000, lambda _each: 1000)


def show(sides: Sequence[Side], dataset: str) -> None:
    """The picture, chosen here, and an answer from each."""
    known = [side.model.learned for side in sides if side.model.learned]
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_picture"):
        first = picture_picker.first(dataset or next(iter(known), ""))
        picture = picture_picker.pick(STATE, "picture", _("Picture"), first)
        fit = picture_picker.pick_fit(STATE)
        given = sides[0].model
        prepared = pictures.prepare(picture, given.size, fit, given.normalisation)
        picture_picker.beside(picture, prepared, fit, given.normalisation)
    said = [_said(side, picture, fit) for side in sides]
    names = [_names(side, dataset) for side in sides]
    _verdict(sides, said, names)
    cards = [_card(*each, picture) for each in zip(sides, said, names, strict=True)]
    st.html(f'<div class="compare-says">{"".join(cards)}</div>')


def _said(side: Side, picture: Picture, fit: str) -> Said:
    model = side.model

    def make() -> tuple[Guess, ...]:
        prepared = pictures.prepare(picture, model.size, fit, model.normalisation)
        return attribution.top(model.load(), prepared.tensor, MOST)

    try:
        return _guesses.get((model, picture.key, fit), make)
    except ValueError as error:  # weights deleted a moment ago, or grown beyond all bounds
        return str(error)


def _names(side: Side, dataset: str) -> Sequence[str]:
    """The classes' names; of an untrained network those of the others' data, if it has as many."""
    found = side.model.classes
    if not found and dataset:
        found = datasets.get(dataset).classes
    return found if len(found) == side.model.spec.num_classes else ()


def _class(names: Sequence[str], number: int) -> str:
    return names[number] if names else _("class {n}").format(n=number)


def _verdict(
    sides: Sequence[Side],
    said: Sequence[Said],
    names: Sequence[Sequence[str]],
) -> None:
    """Whether they agree; those that have no answer have no part in it."""
    letters: dict[str, list[str]] = {}
    for side, guesses, classes in zip(sides, said, names, strict=True):
        if not isinstance(guesses, str):
            letters.setdefault(_class(classes, guesses[0].label), []).append(side.letter)
    if len(set(map(tuple, filter(None, names)))) > 1:
        st.caption(_("They were taught different classes."))
    if sum(map(len, letters.values())) < 2:
        return
    if len(letters) == 1:
        st.markdown(_("They agree: **{answer}**.").format(answer=next(iter(letters))))
        return
    told = ", ".join(f"{' '.join(who)}: **{answer}**" for answer, who in letters.items())
    words = ngettext("{n} answer: {told}", "{n} different answers: {told}.", len(letters))
    st.markdown(words.format(n=len(letters), told=told))


def _card(side: Side, said: Said, names: Sequence[str], picture: Picture) -> str:
    title = side.model.spec.architecture.title
    told = controls.words(side.model, accuracy=False)
    true = picture.classes[picture.label] if picture.label is not None else ""
    if isinstance(said, str):
        bars = f"<p>{escape(said)}</p>"
    else:
        bars = "".join(_bar(_class(names, each.label), each.probability, true) for each in said)
    return (
        f"<section><h4>{results_table.chip(side.letter)} {escape(title)} "
        f"<small>{escape(told)}</small></h4>{bars}</section>"
    )


def _bar(name: str, probability: float, true: str) -> str:
    """One class; the right one is told by its colour and a tick."""
    right = name == true
    tick = f' <span aria-label="{escape(_("right"))}">✓</span>' if right else ""
    return (
        f'<div class="bar{" true" if right else ""}"><i style="width:{100 * probability:.1f}%"></i>'
        f"<span>{escape(name)}{tick}</span><span>{percent(probability)}</span></div>"
    )
