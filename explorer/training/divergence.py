"""When a run's numbers run away, and why."""

import math
from collections.abc import Sequence

from explorer.base.reasons import Reason
from explorer.training.recipes import Recipe

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


def reason(recipe: Recipe, step: int, loss: float, norm: float | None = None) -> Reason:
    """What happened at `step`, counted from 0.

    Without the `norm` of a gradient the loss is that of the test after this step.
    """
    what = (
        "nan"
        if math.isnan(loss)
        else "infinite"
        if math.isinf(loss)
        else "exploded"
        if loss >= EXPLODED
        else "gradient"
    )
    return Reason(
        "diverged",
        {
            "what": what,
            "step": step + 1,
            "loss": _kept(loss),
            "norm": None if norm is None else _kept(norm),
            "learning_rate": recipe.learning_rate,
            "initialisation": recipe.initialisation,
        },
    )


def _kept(number: float) -> float | str:
    """For JSON, which knows no NaN and no infinity."""
    return number if math.isfinite(number) else str(number)
