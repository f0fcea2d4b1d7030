"""Questions about sizes that a network cannot take."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from explorer.analysis import mismatch_words
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
        summary = measure(name, SIDES[name][0], 3)
    else:
        summary = measure(name, rng.choice(WRONG_SIDES))
    return (name, summary, summary.mismatch) if summary.mismatch else _misfit(rng, level)


def breaks(rng: Random, level: int) -> Draft:
    """Which layer cannot take this size?"""
    name, summary, mismatch = _misfit(rng, level)
    whole = measure(name, SIDES[name][0]).layers
    picture = summary.input[1:]
    text = mismatch_words.mismatch(mismatch, title(name))
    others = [
        each
        for each in whole
        if each.operation.type in ("Conv2d", "Linear", "MaxPool2d", "AvgPool2d")
        and each.operation.name != mismatch.operation.name
    ]
    return Draft(
        ask=_("{network} is given a picture of {shape}. Which layer breaks?").format(
            network=title(name), shape=times(picture)
        ),
        right=short(named(whole, mismatch.operation.name)),
        wrong={
            short(each): _innocent(summary, each.operation.name) for each in rng.sample(others, 5)
        },
        table=layer_table(whole, outputs=False),
        reason=(text.headline, f"{text.got}   ≠   {text.needs}"),
        note=f"{text.explanation} {text.fits}",
        see=layers_page(name, InputSize(*picture)),
        facts={"network": name, "picture": picture, "layer": mismatch.operation.name},
    )


def _innocent(summary: Summary, name: str) -> str:
    """Why it is not this layer that breaks."""
    if any(each.operation.name == name and each.status == "ok" for each in summary.layers):
        return _("That layer takes what arrives.")
    return _("The network breaks before that layer.")


def reason(rng: Random, level: int) -> Draft:
    """Why does this size not fit?"""
    name, summary, mismatch = _misfit(rng, level)
    whole = measure(name, SIDES[name][0]).layers
    picture = summary.input[1:]
    text = mismatch_words.mismatch(mismatch, title(name))
    wrong: dict[Value, str] = {}
    for kind in ("features", "window", "channels"):
        other = _other(rng, whole, mismatch, kind)
        if other is not None:
            headline = mismatch_words.mismatch(other, "").headline
            wrong[headline] = _innocent(summary, other.operation.name)
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
        facts={"network": name, "picture": picture, "reason": mismatch.reason}
        | {"got": mismatch.got, "needs": mismatch.needs, "layer": mismatch.operation.name},
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
    operation = rng.choice(fitting)
    if why == "window":
        needs = max(operation.settings["kernel"][0], 2)
        got = needs - 1
    else:
        needs = operation.settings[why][0]
        got = needs * 4 if needs > 1 else 3
    return replace(real, operation=operation, reason=why, needs=needs, got=got)


def accepts(rng: Random, level: int) -> Draft:
    """Which of these sizes fits?"""
    name = rng.choice(BOUNDED)
    mismatch = measure(name, 10).mismatch
    assert mismatch is not None
    assert mismatch.sides is not None
    low, high = mismatch.sides[0], mismatch.sides[1] or mismatch.sides[0]
    right = rng.choice((low, high, rng.randint(low, high)))

    def square(side: int) -> str:
        return f"{side} × {side}"

    small, large = _("Too small: a layer near the end gets too little."), _("Too large.")
    wrong: dict[Value, str] = {square(low - 1): small, square(high + 1): large}
    wrong |= {square(2 * high): large, square(low // 2): small}
    fits = mismatch_words.fits(mismatch, title(name))
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
