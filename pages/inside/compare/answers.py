"""What networks say to pictures: each to the same one; and on which test pictures two differ."""

from collections.abc import Sequence
from html import escape
from itertools import combinations
from urllib.parse import urlencode

import streamlit as st
from torch import Tensor

from explorer.base import plain_text, spreadsheet
from explorer.base.cache import SizedCache
from explorer.base.language import _, ngettext
from explorer.base.units import exact, percent
from explorer.data import datasets, pictures
from explorer.data.datasets import Data
from explorer.data.pictures import Picture
from explorer.figures import maps
from explorer.figures import pictures as figures
from explorer.inside import attribution, comparison
from explorer.inside.attribution import Guess
from explorer.inside.comparison import Answers, Cell, Pair, Shared
from explorer.networks.titles import title
from explorer.ui import model_picker, picture_picker, selection
from explorer.ui.save_buttons import save_button
from pages.inside.compare import controls
from pages.inside.compare.charts import chip
from pages.inside.compare.computation import Side
from pages.inside.compare.state import STATE

MOST = 3  # classes
DIFFER = "differ"
PAGE = 30  # pictures at once

Reply = tuple[Guess, ...] | str  # its likeliest classes, or a sentence: why it has no answer

_guesses: SizedCache[tuple[Guess, ...]] = SizedCache(2_000_000, lambda _each: 1000)


# -- one picture ------------------------------------------------------------------------------


def show_one(sides: Sequence[Side], dataset: str) -> None:
    """The picture, chosen here, and an answer from each."""
    learned = [side.model.learned for side in sides if side.model.learned]
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_picture"):
        first = picture_picker.first(dataset or next(iter(learned), ""))
        picture = picture_picker.pick(STATE, "picture", _("Picture"), first)
        fit = picture_picker.pick_fit(STATE)
        picture_picker.beside(picture, sides[0].model, fit)
    answers = [_reply(side, picture, fit) for side in sides]
    names = [_names(side, dataset) for side in sides]
    _verdict(sides, answers, names)
    cards = [_card(*each, picture) for each in zip(sides, answers, names, strict=True)]
    st.html(f'<div class="compare-says">{"".join(cards)}</div>')


def _reply(side: Side, picture: Picture, fit: str) -> Reply:
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
    classes = side.model.classes
    if not classes and dataset:
        classes = datasets.get(dataset).classes
    return classes if len(classes) == side.model.spec.num_classes else ()


def _class(names: Sequence[str], number: int) -> str:
    return names[number] if names else _("class {n}").format(n=number)


def _verdict(
    sides: Sequence[Side],
    answers: Sequence[Reply],
    names: Sequence[Sequence[str]],
) -> None:
    """Whether they agree; those that have no answer have no part in it."""
    letters: dict[str, list[str]] = {}
    for side, guesses, classes in zip(sides, answers, names, strict=True):
        if not isinstance(guesses, str):
            answer = plain_text.markdown(_class(classes, guesses[0].label))
            letters.setdefault(answer, []).append(side.letter)
    if len(set(map(tuple, filter(None, names)))) > 1:
        st.caption(_("They were taught different classes."))
    if sum(map(len, letters.values())) < 2:
        return
    if len(letters) == 1:
        st.markdown(_("They agree: **{answer}**.").format(answer=next(iter(letters))))
        return
    listed = ", ".join(f"{' '.join(who)}: **{answer}**" for answer, who in letters.items())
    words = ngettext("{n} answer: {told}", "{n} different answers: {told}.", len(letters))
    st.markdown(words.format(n=len(letters), told=listed))


def _card(side: Side, answer: Reply, names: Sequence[str], picture: Picture) -> str:
    name = title(side.model.spec)
    weights = controls.words(side.model, accuracy=False)
    true = picture.classes[picture.label] if picture.label is not None else ""
    true = true if true in names else ""
    if isinstance(answer, str):
        bars = f"<p>{escape(answer)}</p>"
    else:
        bars = "".join(
            _bar(_class(names, each.label), each.probability, true, answer=not place)
            for place, each in enumerate(answer)
        )
    return (
        f"<section><h4>{chip(side.letter)} {escape(name)} "
        f"<small>{escape(weights)}</small></h4>{bars}</section>"
    )


def _bar(name: str, probability: float, true: str, *, answer: bool) -> str:
    """One class: the right one has another colour; the answer says whether it is that."""
    right = name == true
    words, sign = (_("right"), "✓") if right else (_("wrong"), "✗")
    tick = f' <span aria-label="{escape(words)}">{sign}</span>' if answer and true else ""
    return (
        f'<div class="bar{" true" if right else ""}"><i style="width:{100 * probability:.1f}%"></i>'
        f"<span>{escape(name)}{tick}</span><span>{percent(probability)}</span></div>"
    )


# -- where they differ ------------------------------------------------------------------------


def show_differences(sides: Sequence[Side], shared: Shared) -> None:
    """Two of the networks, the four cells, and the pictures of the one that is chosen."""
    if not shared.dataset:
        words = _("{reason} Choose networks that learned from the same data.")
        st.info(words.format(reason=shared.reason))
        return
    answers = {side.letter: side.answers for side in sides if side.answers}
    if len(answers) < len(sides):
        st.info(_("This is shown when all the pictures have been counted."))
        return
    with st.container(horizontal=True, vertical_alignment="center", key="compare_pair"):
        one, other = _pick_pair(sides)
    pair = comparison.pair(answers[one.letter], answers[other.letter])
    differing = comparison.differing(list(answers.values()))
    numbers = _pick_cell(pair, differing, one.letter, other.letter)
    _tell_chance(pair, one.letter, other.letter)
    data = datasets.load(shared.dataset)
    _pictures(numbers, sides, shared.dataset)
    save_button(
        _("All answers (CSV)"),
        lambda: table(answers, data.classes),
        f"answers-{shared.dataset.replace('/', '-')}.csv",
    )


def _pick_pair(sides: Sequence[Side]) -> tuple[Side, Side]:
    pairs = {f"{a.letter}{b.letter}": (a, b) for a, b in combinations(sides, 2)}
    if len(pairs) == 1:
        return next(iter(pairs.values()))
    words = {name: f"{_name(a)} – {_name(b)}" for name, (a, b) in pairs.items()}
    return pairs[STATE.pick_listed("pair", _("Which two"), words, width=420)]


def _name(side: Side) -> str:
    return f"{side.letter} {title(side.model.spec)}"


def _pick_cell(pair: Pair, differing: Tensor, one: str, other: str) -> Tensor:
    """By buttons: the four cells, and all on which any two differ; the pictures of the choice."""
    order: tuple[Cell, ...] = ("second", "first", "neither", "both")
    titles: dict[Cell, str] = {
        "first": _("only {a} right: {n}"),
        "second": _("only {b} right: {n}"),
        "neither": _("both wrong: {n}"),
        "both": _("both right: {n}"),
    }
    words: dict[str, str] = {
        cell: titles[cell].format(a=one, b=other, n=exact(pair.count(cell))) for cell in order
    }
    words[DIFFER] = _("not all say the same: {n}").format(n=exact(len(differing)))
    choice = STATE.pick_one("cell", _("Which pictures"), words)
    return next((pair.pictures[cell] for cell in order if cell == choice), differing)


def _tell_chance(pair: Pair, one: str, other: str) -> None:
    """Whether so uneven a split could be chance."""
    alone = pair.count("first") + pair.count("second")
    if not alone:
        st.markdown(_("There is no picture that only one of the two gets right."))
        return
    words = _(
        "On {n} pictures just one of the two is right: {a} on {first}, {b} on {second}. If "
        "both were equally good, a split at least as uneven would come up **{chance}** of "
        "the time (McNemar's exact test)."
    )
    chance = _("less than 0.1 %") if pair.chance < 0.001 else percent(pair.chance, ".2g")
    counts = {cell: exact(pair.count(cell)) for cell in ("first", "second")}
    st.markdown(words.format(n=exact(alone), a=one, b=other, **counts, chance=chance))


def _pictures(numbers: Tensor, sides: Sequence[Side], dataset: str) -> None:
    if not len(numbers):
        st.markdown(_("No picture is among these."))
        return
    first = _pick_page(len(numbers))
    page = numbers[first : first + PAGE].tolist()
    data = datasets.load(dataset)
    html = "".join(_figure(number, sides, dataset, data) for number in page)
    st.html(f'<div class="compare-pictures">{html}</div>')


def _pick_page(count: int) -> int:
    """Where the shown ones begin."""
    selection.arrive(STATE, "from")
    last = (count - 1) // PAGE * PAGE
    first = selection.index(STATE, "from", count) // PAGE * PAGE

    def turn(by: int) -> None:
        STATE["from"] = first + by

    if count <= PAGE:
        return first
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, by, icon, label, off in (
            ("back", -PAGE, ":material/chevron_left:", _("The pictures before"), first == 0),
            ("forth", PAGE, ":material/chevron_right:", _("The next pictures"), first == last),
        ):
            st.button("", key=f"compare_{key}", icon=icon, help=label, disabled=off,
                      on_click=turn, args=(by,))  # fmt: skip
        words, end = _("{first} to {last} of {n}"), exact(min(first + PAGE, count))
        st.caption(words.format(first=exact(first + 1), last=end, n=exact(count)), width="content")
    return first


def _figure(number: int, sides: Sequence[Side], dataset: str, data: Data) -> str:
    """A picture, what it is, and what each network says; each leads to the page that says why."""
    pixels = data.test.pictures[number]
    label = int(data.test.labels[number])
    address = figures.address(maps.photograph(pixels.numpy(), 56))
    lines = []
    picture = f"{dataset}:test:{number}"
    for side in sides:
        each = side.answers
        assert each  # all have been counted
        answer = int(each.predicted[number])
        sure = percent(float(each.confidence[number]), ".0f")
        kind = "" if answer == label else ' class="wrong"'
        why = escape(_("Why does {letter} say this?").format(letter=side.letter))
        lines.append(
            f'<a class="said" {_goal("why", side, picture)} title="{why}">{chip(side.letter)}'
            f"<span{kind}>{escape(data.classes[answer])} {sure}</span></a>"
        )
    words = escape(_("test picture {n}: {is_}").format(n=number, is_=data.classes[label]))
    return (
        f"<figure><a {_goal('feature-maps', sides[0], picture)}>"
        f'<img alt="{words}" title="{words}" src="{address}"></a><figcaption>'
        f'<span class="is">{escape(data.classes[label])}</span>{"".join(lines)}'
        "</figcaption></figure>"
    )


def _goal(page: str, side: Side, picture: str) -> str:
    """Where a link leads: a network and a picture on another page that looks inside."""
    query = urlencode({**model_picker.address(side.model), "picture": picture})
    return f'href="{page}?{escape(query)}" target="_self"'


def table(answers: dict[str, Answers], classes: Sequence[str]) -> str:
    """A line for each picture; the header is the same in every language."""
    parts = [f"{letter}_{what}" for letter in answers for what in ("answer", "probability")]
    lines: list[list[object]] = [["test_picture", "class", *parts]]
    labels = next(iter(answers.values())).labels.tolist()
    for number, label in enumerate(labels):
        cells: list[object] = []
        for each in answers.values():
            cells += [
                classes[int(each.predicted[number])],
                round(float(each.confidence[number]), 6),
            ]
        lines.append([number, classes[label], *cells])
    return spreadsheet.text(lines)
