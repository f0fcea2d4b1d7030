"""Questions about sizes that a network cannot take."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from explorer.analysis import wording
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.analysis.summary import Layer, Summary
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.base.units import times
from explorer.lessons.quiz.networks import (
    CHAINS,
    SIDES,
    layer_table,
    layers_page,
    measure,
    named,
    short,
    title,
)
from explorer.lessons.quiz.record import Draft, Value

BOUNDED = ("lenet", "bn_lenet", "alexnet", "vgg11")  # these have a largest size too
WRONG_SIDES = (10, 16, 20, 24, 27, 32, 40, 48, 64, 96, 128, 192, 225, 256, 300)


def _misfit(rng: Random, level: int) -> tuple[str, Summary, SizeMismatch]:
    """A network and a picture that it cannot take."""
    name = rng.choice(CHAINS[:3] if level < 2 else CHAINS)
    if level > 1 and rng.random() < 0.25:
        found = measure(name, SIDES[name][0], 3)
    else:
        found = measure(name, rng.choice(WRONG_SIDES))
    return (name, found, found.mismatch) if found.mismatch else _misfit(rng, level)


def breaks(rng: Random, level: int) -> Draft:
    """Which layer cannot take this size?"""
    name, found, lesson = _misfit(rng, level)
    whole = measure(name, SIDES[name][0]).layers
    picture = found.input[1:]
    text = wording.mismatch(lesson, title(name))
    others = [
        each
        for each in whole
        if each.operation.type in ("Conv2d", "Linear", "MaxPool2d", "AvgPool2d")
        and each.operation.name != lesson.operation.name
    ]
    wrong: dict[Value, str] = {
        short(each): _innocent(found, each.operation.name) for each in rng.sample(others, 5)
    }
    return Draft(
        ask=_("{network} is given a picture of {shape}. Which layer breaks?").format(
            network=title(name), shape=times(picture)
        ),
        right=short(named(whole, lesson.operation.name)),
        wrong=wrong,
        table=layer_table(whole, outputs=False),
        reason=(text.headline, f"{text.got}   ≠   {text.needs}"),
        note=f"{text.explanation} {text.fits}",
        see=layers_page(name, InputSize(*picture)),
        facts={"network": name, "picture": picture, "layer": lesson.operation.name},
    )


def _innocent(found: Summary, name: str) -> str:
    """Why it is not this layer that breaks."""
    if any(each.operation.name == name and each.status == "ok" for each in found.layers):
        return _("That layer takes what arrives.")
    return _("The network breaks before that layer.")


def reason(rng: Random, level: int) -> Draft:
    """Why does this size not fit?"""
    name, found, lesson = _misfit(rng, level)
    whole = measure(name, SIDES[name][0]).layers
    picture = found.input[1:]
    text = wording.mismatch(lesson, title(name))
    wrong: dict[Value, str] = {}
    for kind in ("features", "window", "channels"):
        other = _other(rng, whole, lesson, kind)
        if other is not None:
            headline = wording.mismatch(other, "").headline
            wrong[headline] = _innocent(found, other.operation.name)
    wrong[_("The picture's height and width must be powers of 2.")] = _(
        "Nothing asks for that: sizes are divided and rounded down."
    )
    return Draft(
        ask=_("{network} cannot take a picture of {shape}. Why?").format(
            network=title(name), shape=times(picture)
        ),
        right=text.headline,
        wrong=wrong,
        table=layer_table(whole, outputs=False),
        reason=(f"{text.got}   ≠   {text.needs}",),
        note=f"{text.explanation} {text.fits}",
        see=layers_page(name, InputSize(*picture)),
        facts={"network": name, "picture": picture, "reason": lesson.reason}
        | {"got": lesson.got, "needs": lesson.needs, "layer": lesson.operation.name},
    )


def _other(
    rng: Random, layers: Sequence[Layer], real: SizeMismatch, why: str
) -> SizeMismatch | None:
    """A lesson that could be, at another layer than the real one, for the reason `why`."""
    kinds = {"features": ("Linear",), "channels": ("Conv2d",)}.get(why, ("MaxPool2d", "Conv2d"))
    fitting = [
        each.operation
        for each in layers
        if each.operation.type in kinds and each.operation.name != real.operation.name
    ]
    if not fitting:
        return None
    chosen = rng.choice(fitting)
    told = chosen.settings
    if why == "window":
        needs = max(told["kernel"][0], 2)
        return replace(real, operation=chosen, reason=why, needs=needs, got=needs - 1)
    needs = told[why][0]
    return replace(
        real, operation=chosen, reason=why, needs=needs, got=needs * 4 if needs > 1 else 3
    )


def accepts(rng: Random, level: int) -> Draft:
    """Which of these sizes fits?"""
    name = rng.choice(BOUNDED)
    lesson = measure(name, 10).mismatch
    assert lesson is not None
    assert lesson.sides is not None
    low, high = lesson.sides[0], lesson.sides[1] or lesson.sides[0]
    right = rng.choice((low, high, rng.randint(low, high)))

    def square(side: int) -> str:
        return f"{side} × {side}"

    small, large = _("Too small: a layer near the end gets too little."), _("Too large.")
    wrong: dict[Value, str] = {square(low - 1): small, square(high + 1): large}
    wrong |= {square(2 * high): large, square(low // 2): small}
    fits = wording.fits(lesson, title(name))
    return Draft(
        ask=_("Which picture does {network} take?").format(network=title(name)),
        right=square(right),
        wrong=wrong,
        table=layer_table(measure(name, low).layers, outputs=False),
        reason=(fits,),
        note=_("Rounding down makes several sizes give the same map at the linear layer."),
        see=layers_page(name, InputSize(1, right, right)),
        facts={"network": name, "side": right},
    )
