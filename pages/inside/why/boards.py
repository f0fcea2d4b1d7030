"""The answer as bars, and the heat maps over the picture (`answer.js`, `maps.js`).

The elements to wait for in a test: `[data-answer-painted="<of>"]`, `[data-why-painted="<of>"]`;
`of` names the subject and the class.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from explorer.base.language import _
from explorer.base.units import percent, times
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.inside.attribution import METHODS, Guess
from explorer.ui import selection
from explorer.ui.boards.component import Component, sent
from pages.inside.why import charts
from pages.inside.why.results import ORDERS, Explained, Question, Settings, name
from pages.inside.why.state import STATE

ANSWER = Component(Path(__file__).with_name("answer.js"), "why-answer")
MAPS = Component(Path(__file__).with_name("maps.js"), "why-maps")
OPACITY = "opacity"
USUAL_OPACITY = 70  # per cent: 0 is the picture alone, 100 the map alone
MOST_BARS = 5
DASHES = {"solid": "none", "dash": "8 4", "dot": "2 4", "dashdot": "8 4 2 4"}  # as SVG spells them

Data = dict[str, Any]


def answer(
    guesses: Sequence[Guess],
    classes: Sequence[str],
    *,
    of: str,
    picture: bytes,
    chosen: int,
    truth: int | None,
    on_choose: Callable[[int], None],
) -> None:
    """Bars of the likeliest classes, of the true one and of the one that is explained."""
    shown = [
        guess
        for place, guess in enumerate(guesses)
        if place < MOST_BARS or guess.label in (chosen, truth)
    ]
    labels = {
        "picture": _("what the network gets"),
        "bars": _("The network's answer; choose a class to explain"),
    }
    ANSWER(
        key="why_answer",
        data={
            "of": of,
            "picture": pictures.address(picture),
            "guesses": [_bar(each, classes, chosen, truth) for each in shown],
            "labels": labels,
        },
        on_label_change=partial(_clicked, on_choose, len(classes)),
    )


def _bar(guess: Guess, classes: Sequence[str], chosen: int, truth: int | None) -> Data:
    class_ = classes[guess.label]
    true = guess.label == truth
    return {
        "label": guess.label,
        "name": f"✓ {class_}" if true else class_,
        "share": percent(guess.probability),
        "probability": guess.probability,
        "chosen": guess.label == chosen,
        "words": _("{name}{true}: probability {share}, logit {logit}").format(
            name=class_,
            true=_(" (what it is)") if true else "",
            share=percent(guess.probability),
            logit=f"{guess.logit:.3f}".replace("-", "−"),
        ),
    }


def _clicked(on_choose: Callable[[int], None], count: int) -> None:
    label = sent("why_answer", "label")
    if isinstance(label, int) and 0 <= label < count:
        on_choose(label)


# -- the maps ---------------------------------------------------------------------------------


def maps(
    question: Question,
    explained: Explained,
    titles: Sequence[str],
    *,
    of: str,
    picture: bytes,
    stopped: bool,
) -> None:
    """One row of maps for each of `titles`: the network's, then those of the control."""
    kinds = {"map": explained.maps, "control": explained.control}
    rows = [
        {
            "title": title,
            "check": _check(kind),
            "maps": [_card(question, explained, kind, method, heats) for method in METHODS],
        }
        for title, (kind, heats) in zip(titles, kinds.items(), strict=False)
    ]
    height, width = question.subject.picture.shape[2:]
    file = f"{question.subject.model.spec.stem}-why-{question.target}"
    MAPS(
        key="why_maps",
        data={
            "of": of,
            "picture": pictures.address(picture),
            "size": [height, width],
            "rows": rows,
            "opacity": _opacity(),
            "file": file,
            "labels": _labels(stopped=stopped),
        },
        on_opacity_change=_faded,
    )


def _card(
    question: Question, explained: Explained, kind: str, method: str, heats: Mapping[str, Tensor]
) -> Data:
    known = METHODS[method]
    color, dash, _mark = charts.LINES[list(METHODS).index(method) % len(charts.LINES)]
    card: Data = {
        "title": _(known.title),
        "about": _(known.about),
        "line": [color, DASHES[dash]] if kind == "map" else None,
        "error": explained.errors.get(name(kind, method), ""),
        "made": _made(question.settings, method) if kind == "map" else "",
        "note": _note(explained, kind, method),
    }
    if method in heats:
        found = charts.drawn(heats[method], signed=known.signed)
        card |= {
            "values": numbers(found["values"]),
            "size": list(found["values"].shape[1:]),
            "block": found["block"],
            "low": found["low"],
            "high": found["high"],
            "cut": found["cut"],
            "signed": known.signed,
        }
    return card


def _made(settings: Settings, method: str) -> str:
    """The setting that matters most, short."""
    if method == "grad_cam":
        return settings.layer
    if method == "occlusion":
        return times((settings.patch, settings.patch))
    return _("{n} steps").format(n=settings.steps) if method == "integrated_gradients" else ""


def _note(explained: Explained, kind: str, method: str) -> str:
    """One line below a map: what checks it."""
    heats = explained.control if kind == "control" else explained.maps
    if method in heats and not heats[method].any():
        return _("0 everywhere: it says nothing")
    if kind == "control":
        agreement = explained.agreement.get(method)
        if method not in explained.agreement:
            return ""
        told = "–" if agreement is None else f"{agreement:.2f}".replace("-", "−")
        return _("rank correlation {r}").format(r=told)
    if method not in explained.curves or not explained.chance:
        return ""
    area = explained.curves[method].area
    told = _("deletion {area}").format(area=f"{area:.3f}")
    if not explained.telling:
        return told
    return f"{'✓' if explained.beats_chance(method) else '✗'} {told}"


def _check(kind: str) -> str:
    """What the line below each map means."""
    if kind == "control":
        return _(
            "Spearman's rank correlation with the map above: 1 is the same order of all pixels"
        )
    return _("Area under the deletion curve; ✓ is less than in each of {n} random orders").format(
        n=ORDERS
    )


def _labels(*, stopped: bool) -> dict[str, str]:
    """The board's own words; {…} is filled in by the browser."""
    return {
        "picture": _("picture"),
        "maps": _("maps"),
        "opacity": _("How strongly the maps cover the picture"),
        "waiting": _("stopped") if stopped else _("still to come"),
        "value": _("row {row}, column {column}: {value}"),
    }


def _opacity() -> int:
    selection.arrive(STATE, OPACITY)
    return selection.index(STATE, OPACITY, 101, USUAL_OPACITY)


def _faded() -> None:
    share = sent("why_maps", "opacity")
    if isinstance(share, int) and 0 <= share <= 100:
        STATE[OPACITY] = share
