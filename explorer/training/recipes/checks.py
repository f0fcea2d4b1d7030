"""Whether a recipe can be trained, and a sentence where it cannot."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from explorer.analysis import mismatch_words, summary
from explorer.analysis.summary import training_memory
from explorer.base.inputs import MAX_BATCH, InputSize
from explorer.base.language import _
from explorer.data import datasets
from explorer.networks import NetworkSpec
from explorer.networks.registry import IN_CHANNELS, NUM_CLASSES, Value
from explorer.training.recipes.recipe import (
    INITIALISATIONS,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    Recipe,
)

MAX_EPOCHS = 1000
MAX_SIZE = 1024  # pixels
MAX_RATE = 1000.0
MAX_CROP = 64  # pixels
MAX_SEED = 2**31 - 1
DEVICE = re.compile(r"[a-z][a-z0-9_]{0,30}(:\d{1,3})?")  # a word of torch's; ours: auto
_CHOICES = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "initialisation": INITIALISATIONS,
    "precision": PRECISIONS,
}


def check(recipe: Recipe) -> Recipe:
    """The same recipe in its one spelling: options parsed, defaults among them left out.

    Whether its device is there is asked when the run starts.

    Raises:
        ValueError: one sentence or two: what came, what was expected, what to do.
    """
    facts = datasets.get(recipe.dataset)
    options = _own_options(recipe)
    _check_numbers(recipe)
    for name, choices in _CHOICES.items():
        _check_choice(name, getattr(recipe, name), choices)
    if not DEVICE.fullmatch(recipe.device):
        raise ValueError(
            _("“{given}” is not a device. Write auto, cpu, mps, cuda or cuda:1.").format(
                given=recipe.device[:40]
            )
        )
    if recipe.dataset == "images" and not recipe.path:
        raise ValueError(_("Own pictures need a folder or a zip: one folder for each class."))
    if recipe.path and recipe.dataset != "images":
        raise ValueError(
            _("{dataset} needs no path; “{path}” is one. Leave it out, or choose images.").format(
                dataset=recipe.dataset, path=recipe.path[:80]
            )
        )
    _check_subset(_("The training subset"), recipe.train_subset, facts.train_count)
    _check_subset(_("The test subset"), recipe.test_subset, facts.test_count)
    checked = replace(recipe, options=options)
    if facts.classes:  # own pictures are known only once they are loaded
        check_fit(checked, facts.shape[0], len(facts.classes), facts.train_count)
    return checked


def check_fit(recipe: Recipe, channels: int, classes: int, train_count: int) -> None:
    """Whether the network takes such pictures, and an epoch's last batch.

    Raises:
        ValueError: the lesson of the layer that fails, and what fits.
    """
    spec, entering = recipe.spec(channels, classes), recipe.input_size(channels)
    problem = _misfit(spec, entering)
    if problem:
        raise ValueError(problem)
    images = recipe.train_subset or train_count
    single = images % recipe.batch_size == 1 or recipe.batch_size == 1
    if single and training_memory(spec, entering, 1, "sgd").problem:
        raise ValueError(
            _(
                "With {images} pictures in batches of {batch} some batch holds a single "
                "picture, and batch norm cannot tell its mean from its value. "
                "Choose another batch size."
            ).format(images=images, batch=recipe.batch_size)
        )


def _misfit(spec: NetworkSpec, entering: InputSize) -> str:
    lesson = summary.measure(spec, entering).mismatch
    if lesson is None:
        return ""
    text = mismatch_words.mismatch(lesson, spec.architecture.title)
    numbers = _("Arrived: {got}. Needed: {needs}.").format(got=text.got, needs=text.needs)
    return f"{text.headline} {numbers} {text.fits}"


def _own_options(recipe: Recipe) -> dict[str, Value]:
    for name in (IN_CHANNELS.name, NUM_CLASSES.name):
        if name in recipe.options:
            raise ValueError(
                _("{option} follows from the data set; leave it out of the recipe.").format(
                    option=name
                )
            )
    return NetworkSpec.parse(recipe.network, recipe.options).changed


def _check_numbers(recipe: Recipe) -> None:
    _within(_("The size"), recipe.size, 1, MAX_SIZE)
    _within(_("The number of epochs"), recipe.epochs, 1, MAX_EPOCHS)
    _within(_("The batch size"), recipe.batch_size, 1, MAX_BATCH)
    _within(_("The padding of the random crop"), recipe.crop, 0, MAX_CROP)
    _within(_("The seed"), recipe.seed, 0, MAX_SEED)
    rate = recipe.learning_rate
    if not 0 < rate <= MAX_RATE:  # also true for NaN
        raise ValueError(
            _(
                "The learning rate is a number above 0 and at most {most}, "
                "for example 0.001; {given} is not."
            ).format(most=f"{MAX_RATE:g}", given=f"{rate:g}")
        )
    _fraction(_("The momentum"), recipe.momentum, "0.9")
    _fraction(_("The weight decay"), recipe.weight_decay, "0.0005")
    if recipe.momentum and recipe.optimizer == "adam":
        raise ValueError(_("Adam has a momentum of its own. Set the momentum to 0, or choose sgd."))


def _within(what: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise ValueError(
            _("{what} is a whole number from {least} to {most}; {given} is not.").format(
                what=what, least=least, most=most, given=number
            )
        )


def _fraction(what: str, number: float, example: str) -> None:
    if not (math.isfinite(number) and 0 <= number < 1):
        raise ValueError(
            _(
                "{what} is a number from 0 to below 1, for example {example}; {given} is not."
            ).format(what=what, example=example, given=f"{number:g}")
        )


def _check_choice(name: str, choice: str, choices: Mapping[str, str]) -> None:
    if choice not in choices:
        raise ValueError(
            _("{field} cannot be “{given}”. Choose one of these: {choices}.").format(
                field=name, given=choice[:40], choices=", ".join(choices)
            )
        )


def _check_subset(what: str, wanted: int, available: int) -> None:
    if wanted < 0 or (available and wanted > available):
        raise ValueError(
            _("{what} has {given} pictures, but there are {there}. 0 takes them all.").format(
                what=what, given=wanted, there=available
            )
        )
