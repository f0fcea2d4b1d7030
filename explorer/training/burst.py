"""As many steps as fit between two records, without waiting for the device; and runaway ones."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from explorer.base.reasons import Reason
from explorer.training.batches import Batches
from explorer.training.capture import Stepper
from explorer.training.learner import Step, rate
from explorer.training.recipes import USUAL_RATES, Recipe

SECONDS = 0.25  # between two records
MOST_STEPS = 1024  # in one record: their results wait in the device's memory


class StepFigures(NamedTuple):
    """What one step left; `right` counts right answers."""

    loss: float
    gradient_norm: float
    learning_rate: float
    right: int
    images: int


@dataclass(frozen=True)
class Burst:
    """Some steps in a row, and the seconds that they took."""

    steps: list[StepFigures]
    seconds: float

    @property
    def steps_in_time(self) -> int:
        """How many such steps a record has time for."""
        return max(1, min(MOST_STEPS, int(len(self.steps) * SECONDS / self.seconds)))


def burst(
    stepper: Stepper,
    batches: Batches,
    recipe: Recipe,
    *,
    number: int,
    step: int,
    steps: int,
    most: int,
) -> Burst:
    """Train on batch `number` and those after it, the first being `step` of the run's `steps`.

    At most `most` of them: a GPU takes orders faster than it works, so the clock alone would let
    too many pile up.
    """
    start = time.perf_counter()
    done: list[Step] = []
    rates: list[float] = []
    most = min(most, len(batches) - number)
    while len(done) < most and (not done or time.perf_counter() - start < SECONDS):
        rates.append(rate(recipe, step + len(done), steps))
        done.append(stepper.step(*batches.batch(number + len(done)), rates[-1]))
    images = [len(each.labels) for each in done]
    predicted = torch.cat([each.logits for each in done]).argmax(dim=1)
    hits = predicted == torch.cat([each.labels for each in done])
    losses = torch.stack([each.loss for each in done]).tolist()  # here it waits
    norms = torch.stack([each.gradient_norm for each in done]).tolist()
    right = [int(part.sum()) for part in hits.cpu().split(images)]
    figures = [*map(StepFigures, losses, norms, rates, right, images)]
    return Burst(figures, time.perf_counter() - start)


# -- when a run's numbers run away, and why -------------------------------------------------------

EXPLODED = 1e4  # mean loss; guessing among K classes costs ln K, 2.3 for ten


def first_runaway(steps: Sequence[StepFigures]) -> int | None:
    """The first step whose loss is no number, infinite or beyond any recovery in a short run, or
    whose gradient is: the next weights would not be numbers."""
    for number, each in enumerate(steps):
        if not (abs(each.loss) < EXPLODED and math.isfinite(each.gradient_norm)):
            return number
    return None


def divergence(recipe: Recipe, step: int, loss: float, norm: float | None = None) -> Reason:
    """What happened at `step`, counted from 0.

    Without the `norm` of a gradient the loss is that of the test after this step.
    """
    smaller = min(recipe.learning_rate / 10, USUAL_RATES[recipe.optimizer])
    what = "exploded" if loss >= EXPLODED else "gradient"
    if not math.isfinite(loss):
        what = "nan" if math.isnan(loss) else "infinite"
    return Reason(
        "diverged",
        {
            "what": what,
            "step": step + 1,
            "loss": _plain(loss),
            "norm": norm if norm is None else _plain(norm),
            "learning_rate": recipe.learning_rate,
            "advice": smaller,
            "initialisation": recipe.initialisation,
        },
    )


def _plain(number: float) -> float | str:
    """For JSON, which knows no NaN and no infinity."""
    return number if math.isfinite(number) else str(number)
