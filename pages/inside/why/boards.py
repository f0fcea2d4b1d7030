"""The answer as bars, and the heat maps over the picture (`answer.js`, `maps.js`).

The elements to wait for in a test: `[data-answer-painted="<of>"]`, `[data-why-painted="<of>"]`;
`of` names the subject and the class.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.base.language import _
from explorer.base.units import percent, times
from explorer.figures import pictures
from explorer.inside.attribution import METHODS, Guess
from explorer.ui import selection
from explorer.ui.boards.component import Component, sent
from pages.inside.why import charts
from pages.inside.why.controls import TOP, Inputs
from pages.inside.why.results import ORDERS, Explanation, Question, Settings, name
from pages.inside.why.state import STATE

ANSWER = Component(Path(__file__).with_name("answer.js"), "why-answer")
MAPS = Component(Path(__file__).with_name("maps.js"), "why-maps")
OPACITY = "opacity"
USUAL_OPACITY = 70  # per cent: 0 is the picture alone, 100 the map alone
MOST_BARS = 5
DASHES = {"solid": "none", "dash": "8 4", "dot": "2 4", "dashdot": "8 4 2 4"}  # as SVG spells them

Data = dict[str, Any]


def answer(inputs: Inputs, guesses: Sequence[Guess], target: int, of: str) -> None:
    """Bars of the likeliest classes, of the true one and of the one that is explanation."""
    bars = [
        _bar(guess, inputs, target, answer=not place)
        for place, guess in enumerate(guesses)
        if place < MOST_BARS or guess.label in (target, inputs.truth)
    ]
    ANSWER(
        key="why_answer",
        data={
            "of": of,
            "picture": pictures.address(inputs.subject.png),
            "guesses": bars,
            "labels": {
                "picture": _("what the network gets"),
                "bars": _("The network's answer; choose a class to explain"),
            },
        },
        on_label_change=partial(_clicked, guesses[0].label, len(guesses)),
    )


def _bar(guess: Guess, inputs: Inputs, target: int, *, answer: bool) -> Data:
    class_, true = inputs.classes[guess.label], guess.label == inputs.truth
    if answer and inputs.truth is not None:
        name = f"{'✓' if true else '✗'} {class_}"
    else:
        name = _("{class_} (what it is)").format(class_=class_) if true else class_
    return {
        "label": guess.label,
        "name": name,
        "share": percent(guess.probability),
        "probability": guess.probability,
        "chosen": guess.label == target,
        "words": _("{name}{true}: probability {share}, logit {logit}").format(
            name=class_,
            true=_(" (what it is)") if true else "",
            share=percent(guess.probability),
            logit=f"{guess.logit:.3f}".replace("-", "−"),
        ),
    }


def _clicked(answer: int, count: int) -> None:
    label = sent("why_answer", "label")
    if isinstance(label, int) and 0 <= label < count:
        STATE["class"] = TOP if label == answer else str(label)


# -- the maps ---------------------------------------------------------------------------------


def maps(
    question: Question,
    explanation: Explanation,
    titles: Sequence[str],
    *,
    of: str,
    stopped: bool,
) -> None:
    """One row of maps for each of `titles`: the network's, then those of the control."""
    area = _("Area under the deletion curve; ✓ is less than in each of {n} random orders")
    order = _("Spearman's rank correlation with the map above: 1 is the same order of all pixels")
    checks = {"map": area.format(n=ORDERS), "control": order}  # the line below each map
    rows = [
        {
            "title": title,
            "check": check,
            "maps": [_card(question, explanation, kind, method) for method in METHODS],
        }
        for title, (kind, check) in zip(titles, checks.items(), strict=False)
    ]
    selection.arrive(STATE, OPACITY)
    height, width = question.subject.picture.shape[2:]
    MAPS(
        key="why_maps",
        data={
            "of": of,
            "picture": pictures.address(question.subject.png),
            "size": [height, width],
            "rows": rows,
            "opacity": selection.index(STATE, OPACITY, 101, USUAL_OPACITY),
            "file": f"{question.subject.model.spec.stem}-why-{question.target}",
            "labels": {  # {…} is filled in by the browser
                "picture": _("picture"),
                "maps": _("maps"),
                "opacity": _("How strongly the maps cover the picture"),
                "waiting": _("stopped") if stopped else _("still to come"),
                "value": _("row {row}, column {column}: {value}"),
            },
        },
        on_opacity_change=_faded,
    )


def _card(question: Question, explanation: Explanation, kind: str, method: str) -> Data:
    about, heats = METHODS[method], explanation.heats(kind)
    color, dash, _mark = charts.LINES[list(METHODS).index(method) % len(charts.LINES)]
    card: Data = {
        "title": _(about.title),
        "about": _(about.about),
        "line": [color, DASHES[dash]] if kind == "map" else None,
        "error": str(explanation.errors.get(name(kind, method), "")),
        "made": _setting(question.settings, method) if kind == "map" else "",
        "note": _note(explanation, kind, method),
    }
    if method in heats:
        drawn = charts.drawn(heats[method], signed=about.signed)
        values = drawn["values"]
        card |= {**drawn, "values": pictures.numbers(values), "size": list(values.shape[1:])}
        card["signed"] = about.signed
    return card


def _setting(settings: Settings, method: str) -> str:
    """The setting that matters most, short."""
    if method == "grad_cam":
        return settings.layer
    if method == "occlusion":
        return times((settings.patch, settings.patch))
    return _("{n} steps").format(n=settings.steps) if method == "integrated_gradients" else ""


def _note(explanation: Explanation, kind: str, method: str) -> str:
    """One line below a map: what checks it."""
    heats = explanation.heats(kind)
    if method in heats and not heats[method].any():
        return _("0 everywhere: it says nothing")
    if kind == "control":
        if method not in explanation.agreement:
            return ""
        agreement = explanation.agreement[method]
        number = "–" if agreement is None else f"{agreement:.2f}".replace("-", "−")
        return _("rank correlation {r}").format(r=number)
    if method not in explanation.curves or not explanation.chance:
        return ""
    area = explanation.curves[method].area
    words = _("deletion {area}").format(area=f"{area:.3f}")
    if not explanation.telling:
        return words
    return f"{'✓' if explanation.beats_chance(method) else '✗'} {words}"


def _faded() -> None:
    share = sent("why_maps", "opacity")
    if isinstance(share, int) and 0 <= share <= 100:
        STATE[OPACITY] = share
