"""The course's accuracy in the same epochs: `python -m benchmarks.course_accuracy`.

LeNet and its batch-norm sister with the course's recipes on the whole of Fashion-MNIST, a run for
every seed, beside what the course printed. One run is one draw: the table gives them all, and
whether the course's last accuracy was reached within its epochs, and at their end.
"""

import argparse
from dataclasses import replace
from statistics import mean

import torch

from explorer.base import device
from explorer.data import datasets
from explorer.training import Epoch, Training
from explorer.training.recipes.course import CURVES, course_recipe
from explorer.training.recipes.recipe import Recipe

NETWORKS = ("lenet", "bn_lenet")
SEEDS = 4


def accuracies(recipe: Recipe) -> list[float]:
    """Accuracy on all test pictures after each epoch of a run."""
    training = Training(recipe, datasets.load(recipe.dataset), device.named(recipe.device))
    torch.set_num_threads(training.setting.threads)
    records = training.records()
    return [record.test_accuracy for record in records if isinstance(record, Epoch)]


def row(name: str, values: list[float], aim: float) -> str:
    """One line of the table."""
    within = "yes" if max(values) >= aim else "no"
    end = "yes" if values[-1] >= aim else "no"
    cells = " ".join(f"{each:.3f}" for each in values)
    return f"| {name} | {cells} | {within} | {end} |"


def compare(network: str, seeds: range) -> None:
    """Print one network's table and the mean of its ends."""
    recipe = course_recipe(network)
    course = list(CURVES[network, recipe.batch_size].test_accuracy)
    print(
        f"{network}, {recipe.epochs} epochs, batches of {recipe.batch_size}, "
        f"{recipe.optimizer} at {recipe.learning_rate:g}\n\n"
        f"| run | test accuracy after each epoch | {course[-1]:.3f} within them | at their end |\n"
        "|:--|:--|:--|:--|\n" + row("course", course, course[-1]),
        flush=True,
    )
    ends = []
    for seed in seeds:
        values = accuracies(replace(recipe, seed=seed))
        ends.append(values[-1])
        print(row(f"seed {seed}", values, course[-1]), flush=True)
    print(f"\nAt the end {mean(ends):.3f} on average.\n", flush=True)


def main() -> None:
    """Print a table for each network."""
    parser = argparse.ArgumentParser(description="The course's accuracy in the same epochs.")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="lenet, bn_lenet or both")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs of each")
    parser.add_argument("--first", type=int, default=0, help="the first of their seeds")
    options = parser.parse_args()
    for network in options.networks.split(","):
        compare(network, range(options.first, options.first + options.seeds))


if __name__ == "__main__":
    main()
