"""When a run's numbers run away, and why."""

import math
from collections.abc import Sequence

from explorer.language import _
from explorer.recipes import Recipe

EXPLODED = 1e4  # mean loss; guessing among K classes costs ln K, 2.3 for ten


def first_runaway(losses: Sequence[float], norms: Sequence[float]) -> int | None:
    """The first step whose loss is no number, infinite or beyond any recovery in a short run, or
    whose gradient is: the next weights would not be numbers."""
    return next(
        (
            number
            for number, (loss, norm) in enumerate(zip(losses, norms, strict=True))
            if not (abs(loss) < EXPLODED and math.isfinite(norm))
        ),
        None,
    )


def explanation(recipe: Recipe, step: int, loss: float, norm: float | None = None) -> str:
    """What happened at `step`, counted from 0, and what to change.

    Without the `norm` of a gradient the loss is that of the test after this step.
    """
    what = (
        _("At step {step} the loss was no number any more (NaN).")
        if math.isnan(loss)
        else _("At step {step} the loss was infinite.")
        if math.isinf(loss)
        else _("At step {step} the loss had exploded to {loss}.")
        if loss >= EXPLODED
        else _("At step {step} the gradient was no finite number.")
    ).format(step=step + 1, loss=f"{loss:.3g}")
    why = _(
        "Steps at a learning rate of {rate} overshoot: each makes the weights and the next "
        "gradient larger"
    ).format(rate=f"{recipe.learning_rate:g}")
    why += "." if norm is None else _(" (its norm is {norm}).").format(norm=f"{norm:.3g}")
    advice = _("Try a learning rate of {rate}").format(rate=f"{recipe.learning_rate / 10:g}")
    if recipe.initialisation == "default":
        advice += _(", or start from Xavier weights")
    return f"{what} {why} {advice}."
