"""The test pictures on which two networks differ: how many, and which."""

from collections.abc import Sequence
from html import escape
from itertools import combinations

import streamlit as st
from torch import Tensor

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.base.units import exact, percent
from explorer.data import datasets
from explorer.data.datasets import Data
from explorer.figures import maps, pictures
from explorer.inside import comparison
from explorer.inside.comparison import Answers, Cell, Pair, Shared
from explorer.ui.save_buttons import save_button
from pages.inside.compare import results_table
from pages.inside.compare.computation import Side
from pages.inside.compare.state import STATE

DIFFER = "differ"
PAGE = 30  # pictures at once


def show(sides: Sequence[Side], shared: Shared) -> None:
    """Two of the networks, the four cells, and the pictures of the one that is chosen."""
    if not shared.dataset:
        st.info(
            _("{reason} Choose networks that learned from the same data.").format(
                reason=shared.reason
            )
        )
        return
    answers = {side.letter: side.answers for side in sides if side.answers}
    if len(answers) < len(sides):
        st.info(_("This is shown when all the pictures have been counted."))
        return
    with st.container(horizontal=True, vertical_alignment="center", key="compare_pair"):
        one, other = _pick_pair(sides)
    found = comparison.pair(answers[one.letter], answers[other.letter])
    differing = comparison.differing(list(answers.values()))
    numbers = _pick_cell(found, differing, one.letter, other.letter)
    _told(found, one.letter, other.letter)
    data = datasets.load(shared.dataset)
    _pictures(numbers, answers, data)
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
    return f"{side.letter} {side.model.spec.architecture.title}"


def _pick_cell(found: Pair, differing: Tensor, one: str, other: str) -> Tensor:
    """By buttons: the four cells, and all on which any two differ; the pictures of the choice."""
    order: tuple[Cell, ...] = ("second", "first", "neither", "both")
    titles: dict[Cell, str] = {
        "first": _("only {a} right: {n}"),
        "second": _("only {b} right: {n}"),
        "neither": _("both wrong: {n}"),
        "both": _("both right: {n}"),
    }
    words: dict[str, str] = {
        cell: titles[cell].format(a=one, b=other, n=exact(found.count(cell))) for cell in order
    }
    words[DIFFER] = _("not all say the same: {n}").format(n=exact(len(differing)))
    chosen = STATE.pick_one("cell", _("Which pictures"), words)
    return next((found.pictures[cell] for cell in order if cell == chosen), differing)


def _told(found: Pair, one: str, other: str) -> None:
    """Whether so uneven a split could be chance."""
    alone = found.count("first") + found.count("second")
    if not alone:
        st.markdown(_("There is no picture that only one of the two gets right."))
        return
    st.markdown(
        _(
            "On {n} pictures just one of the two is right: {a} on {first}, {b} on {second}. If "
            "both were equally good, a split at least as uneven would come up **{chance}** of "
            "the time (McNemar's exact test)."
        ).format(
            n=exact(alone),
            a=one,
            b=other,
            first=exact(found.count("first")),
            second=exact(found.count("second")),
            chance=_chance(found.chance),
        )
    )


def _chance(share: float) -> str:
    return _("less than 0.1 %") if share < 0.001 else percent(share, ".2g")


# -- the pictures -----------------------------------------------------------------------------


def _pictures(numbers: Tensor, answers: dict[str, Answers], data: Data) -> None:
    if not len(numbers):
        st.markdown(_("No picture is among these."))
        return
    first = _pick_page(len(numbers))
    shown = numbers[first : first + PAGE].tolist()
    figures = [_figure(number, answers, data) for number in shown]
    st.html(f'<div class="compare-pictures">{"".join(figures)}</div>')


def _turn(by: int) -> None:
    STATE["from"] += by


def _pick_page(count: int) -> int:
    """Where the shown ones begin."""
    if STATE.takes_query("from"):
        given = STATE.query("from")
        STATE["from"] = int(given) if given.isdecimal() and len(given) < 7 else 0
    last = (count - 1) // PAGE * PAGE
    first = min(max(int(STATE["from"]) // PAGE * PAGE, 0), last)
    STATE["from"] = first
    STATE.put("from", first, 0)
    if count <= PAGE:
        return first
    with st.container(horizontal=True, vertical_alignment="center"):
        for key, by, icon, told, off in (
            ("back", -PAGE, ":material/chevron_left:", _("The pictures before"), first == 0),
            ("forth", PAGE, ":material/chevron_right:", _("The next pictures"), first == last),
        ):
            st.button("", key=f"compare_{key}", icon=icon, help=told, disabled=off,
                      on_click=_turn, args=(by,))  # fmt: skip
        st.caption(
            _("{first} to {last} of {n}").format(
                first=exact(first + 1), last=exact(min(first + PAGE, count)), n=exact(count)
            ),
            width="content",
        )
    return first


def _figure(number: int, answers: dict[str, Answers], data: Data) -> str:
    """A picture, what it is, and what each network says."""
    pixels = data.test.pictures[number]
    label = int(data.test.labels[number])
    address = pictures.address(maps.photograph(pixels.numpy(), 56))
    lines = []
    for letter, each in answers.items():
        says = int(each.predicted[number])
        sure = percent(float(each.confidence[number]), ".0f")
        kind = "" if says == label else ' class="wrong"'
        lines.append(
            f'<span class="said">{results_table.chip(letter)}'
            f"<span{kind}>{escape(data.classes[says])} {sure}</span></span>"
        )
    told = escape(_("test picture {n}: {is_}").format(n=number, is_=data.classes[label]))
    return (
        f'<figure><img alt="{told}" title="{told}" src="{address}"><figcaption>'
        f'<span class="is">{escape(data.classes[label])}</span>{"".join(lines)}'
        "</figcaption></figure>"
    )


def table(answers: dict[str, Answers], classes: Sequence[str]) -> str:
    """A line for each picture; the header is the same in every language."""
    parts = [f"{letter}_{what}" for letter in answers for what in ("answer", "probability")]
    lines: list[list[object]] = [["test_picture", "class", *parts]]
    labels = next(iter(answers.values())).labels.tolist()
    for number, label in enumerate(labels):
        said: list[object] = []
        for each in answers.values():
            said += [classes[int(each.predicted[number])], round(float(each.confidence[number]), 6)]
        lines.append([number, classes[label], *said])
    return spreadsheet.text(lines)
