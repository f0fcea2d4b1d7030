"""As many steps as fit between two records, without waiting for the device in between."""

import time
from dataclasses import dataclass

import torch

from explorer.training.batches import Batches
from explorer.training.capture import Stepper
from explorer.training.learner import Step, rate
from explorer.training.recipes import Recipe

SECONDS = 0.25  # between two records
MOST_STEPS = 1024  # in one record: their results wait in the device's memory


@dataclass(frozen=True)
class Burst:
    """What some steps in a row left; all lists equally long. `right` counts right answers."""

    losses: list[float]
    norms: list[float]
    rates: list[float]
    right: list[int]
    images: list[int]
    seconds: float

    @property
    def steps_in_time(self) -> int:
        """How many such steps a record has time for."""
        return max(1, min(MOST_STEPS, int(len(self.losses) * SECONDS / self.seconds)))

    def cut(self, end: int | None) -> "Burst":
        """Only what came before step `end`."""
        taken = slice(end)
        return Burst(
            self.losses[taken],
            self.norms[taken],
            self.rates[taken],
            self.right[taken],
            self.images[taken],
            self.seconds,
        )


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
    return Burst(
        losses=torch.stack([each.loss for each in done]).tolist(),  # here it waits
        norms=torch.stack([each.gradient_norm for each in done]).tolist(),
        rates=rates,
        right=_right(done, images),
        images=images,
        seconds=time.perf_counter() - start,
    )


def _right(done: list[Step], images: list[int]) -> list[int]:
    """How many pictures of each batch were answered rightly."""
    predicted = torch.cat([each.logits for each in done]).argmax(dim=1)
    hits = (predicted == torch.cat([each.labels for each in done])).cpu()
    return [int(part.sum()) for part in hits.split(images)]
