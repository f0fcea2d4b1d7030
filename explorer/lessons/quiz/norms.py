"""Questions about batch normalisation."""

from functools import partial
from random import Random

import torch
from torch import nn

from explorer.base.language import _
from explorer.base.units import exact, percent, raised
from explorer.lessons import normalisation
from explorer.lessons.quiz.layers import lines, measured
from explorer.lessons.quiz.record import Draft, See

see = partial(See.page, "batch-norm", "bn")


def values(rng: Random, level: int) -> Draft:
    """Over how many values is one mean taken?"""
    n, c, side = rng.choice((2, 4, 8, 16, 32)), rng.choice((3, 6, 16)), rng.randint(2, 5)
    steps = normalisation.steps(torch.zeros(n, c, side, side), torch.ones(c), torch.zeros(c))
    return Draft(
        ask=_(
            "In training, a batch of {n} pictures, each {c} × {s} × {s}, enters "
            "`nn.BatchNorm2d({c})`. Over how many values is **one** mean taken?"
        ).format(n=n, c=c, s=side),
        right=steps.count,
        wrong={
            n: _("That is a fully connected layer's: here every place of a map counts too."),
            side * side: _("That is one picture's: the mean goes over the whole batch."),
            n * c * side * side: _("Every channel has its own mean."),
            n * c: _("The mean goes over pictures and places; every channel has its own."),
        },
        reason=(f"{steps.count} = N·H·W = {n}·{side}·{side}",),
        note=_("One mean and one variance for each of the {c} channels.").format(c=c),
        see=see(layer="conv", size=n, side=side),
        facts={"n": n, "c": c, "side": side},
    )


def learned(rng: Random, level: int) -> Draft:
    """How many parameters does batch norm learn?"""
    c, side = rng.choice((6, 16, 64, 96, 256)), rng.choice((7, 14, 28))
    layer = measured(nn.BatchNorm2d(c, device="meta"), (1, c, side, side))
    return Draft(
        ask=_("Maps of {c} × {s} × {s} enter. How many parameters does this layer **learn**?")
        .format(c=c, s=side),
        right=layer.operation.parameters,
        wrong={
            c: _("Each channel has two: γ and β."),
            4 * c: _("Moving mean and variance are kept, but not learned."),
            2: _("γ and β are one for each channel, not one for all."),
            2 * c * side * side: _("γ and β are shared by all places of a map."),
        },
        code=f"nn.BatchNorm2d({c})",
        reason=lines(layer, "parameters"),
        note=_("γ and β: two for each channel."),
        see=see(layer="conv"),
        facts={"c": c, "side": side},
    )  # fmt: skip


def moving(rng: Random, level: int) -> Draft:
    """How much of a moving average comes from the batches so far?"""
    old, k = rng.choice((0.9, 0.9, 0.8, 0.5)), rng.choice((1, 2, 3, 5, 10, 20))
    share = normalisation.warm_up(old, k)
    return Draft(
        ask=_(
            "Torch's momentum weighs the **new** value. After {k} training batches, how much of "
            "the moving mean comes from batches, not from its start at 0?"
        ).format(k=exact(k)),
        right=percent(share, ".3g"),
        wrong={
            percent(old**k, ".3g"): _("That is what is left of the start."),
            percent(normalisation.warm_up(1 - old, k), ".3g"): _(
                "That takes {old:g} for the weight of the new value."
            ).format(old=old),
            percent(old, ".3g"): _("That is the weight of the old value in one step."),
            percent(1 - old, ".3g"): _("That is what a single batch brings."),
            percent(min(1, k * (1 - old)), ".3g"): _(
                "Each step also shrinks what came before: it multiplies."
            ),
        },
        code=f"nn.BatchNorm2d(64, momentum={1 - old:.2g})",
        reason=(f"1 − {old:g}{raised(k)} = {share:.4g}",),
        note=_("The course calls {old:g}, the weight of the old value, momentum.").format(old=old),
        see=see(view="moving", momentum=f"{old:g}", seen=k),
        facts={"old": old, "k": k},
    )
