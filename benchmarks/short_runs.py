"""A short real run of every other network of the course: `python -m benchmarks.short_runs`.

LeNet and its batch-norm sister are trained to the course's accuracy elsewhere; the larger networks
take hours on a CPU. Here each gets its course's recipe on 3 000 pictures of Fashion-MNIST, in the
smallest size that suits it (deep plain networks with a smaller rate and weights by He et al.: with
Xavier's they stay at chance for so few steps). It has to learn: the loss falls, and accuracy on
test pictures is far above chance.
"""

import argparse
import sys
from dataclasses import dataclass, replace

import torch

from explorer.base import device
from explorer.data import datasets
from explorer.training import Diverged, Epoch, Steps, Training
from explorer.training.recipes import Recipe, check, course_recipe

CHANCE = 0.1  # ten classes, equally many pictures of each
FAR_ABOVE = 0.5
PICTURES, TESTED = 3000, 1000
NARROW = {"conv_ratio": 8, "fc_ratio": 8}


def short(recipe: Recipe, **changes: object) -> Recipe:
    """The recipe on fewer pictures, for fewer epochs."""
    few = {"train_subset": PICTURES, "test_subset": TESTED, "epochs": 2, **changes}
    return check(replace(recipe, **few))  # type: ignore[arg-type]


RUNS = {
    "alexnet": short(course_recipe("alexnet"), size=193, learning_rate=0.0003),
    "vgg11": short(course_recipe("vgg11", {"conv_ratio": 4, "fc_ratio": 8})),
    "vgg13": short(course_recipe("vgg13", NARROW), initialisation="kaiming"),
    "vgg16": short(course_recipe("vgg16", NARROW), initialisation="kaiming"),
    "vgg19": short(course_recipe("vgg19", NARROW), initialisation="kaiming"),
    "nin": short(course_recipe("nin"), size=112, epochs=3),
    "googlenet": short(course_recipe("googlenet"), size=64),
    "resnet18": short(course_recipe("resnet18"), size=64),
    "densenet": short(course_recipe("densenet"), size=64),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a run: mean loss over its first ten steps and its last ones, accuracy."""

    recipe: Recipe
    first_loss: float
    last_loss: float
    accuracy: float
    steps: int
    seconds: float

    @property
    def learned(self) -> bool:
        """Whether it did."""
        return self.last_loss < 0.8 * self.first_loss and self.accuracy >= FAR_ABOVE


def train(recipe: Recipe) -> Outcome:
    """Run it to its end."""
    training = Training(recipe, datasets.load(recipe.dataset), device.named(recipe.device))
    torch.set_num_threads(training.setting.threads)
    losses: list[float] = []
    accuracy, seconds = 0.0, 0.0
    for record in training.records():
        if isinstance(record, Steps):
            losses += record.loss
        elif isinstance(record, Epoch):
            accuracy, seconds = record.test_accuracy, record.seconds
        elif isinstance(record, Diverged):
            print(record.reason)
    first, last = (sum(part) / max(len(part), 1) for part in (losses[:10], losses[-10:]))
    return Outcome(recipe, first, last, accuracy, len(losses), seconds)


def row(name: str, run: Outcome) -> str:
    """One line of the table."""
    recipe = run.recipe
    options = ", ".join(f"{key} {value}" for key, value in recipe.options.items())
    return (
        f"| {name}{f' ({options})' if options else ''} | {recipe.size} "
        f"| {run.steps} × {recipe.batch_size} | {run.first_loss:.2f} → {run.last_loss:.2f} "
        f"| {run.accuracy:.3f} | {run.seconds:.0f} s | {'yes' if run.learned else 'NO'} |"
    )


def main() -> int:
    """Print the table; 1 if a network did not learn."""
    parser = argparse.ArgumentParser(description="A short real run of every other network.")
    parser.add_argument("--networks", default=",".join(RUNS), help="some of: " + ", ".join(RUNS))
    names = parser.parse_args().networks.split(",")
    print(
        f"Fashion-MNIST, {PICTURES} pictures, tested on {TESTED}; chance is {CHANCE:.0%}\n\n"
        "| network | size | steps × batch | loss | test accuracy | time | learned |\n"
        "|:--|--:|--:|--:|--:|--:|:--|",
        flush=True,
    )
    learned = True
    for name in names:
        outcome = train(RUNS[name])
        learned = learned and outcome.learned
        print(row(name, outcome), flush=True)
    return 0 if learned else 1


if __name__ == "__main__":
    sys.exit(main())
