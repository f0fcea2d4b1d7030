"""Runs side by side: the course's curve behind one's own, and what differs between settings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from explorer import networks
from explorer.base.language import N_, _
from explorer.data import datasets
from explorer.networks.registry import Reported, option_title
from explorer.training import recipes
from explorer.training.recipes import Curve, Recipe

# Field of a recipe → its word; what is not listed is a network's own option.
FIELDS: Mapping[str, str] = {
    "network": N_("network"),
    "dataset": N_("data"),
    "path": N_("folder"),
    "size": N_("size in pixels"),
    "epochs": N_("epochs"),
    "batch_size": N_("batch size"),
    "optimizer": N_("optimiser"),
    "learning_rate": N_("learning rate"),
    "momentum": N_("momentum"),
    "weight_decay": N_("weight decay"),
    "schedule": N_("schedule"),
    "initialisation": N_("initialisation"),
    "flip": N_("flip"),
    "crop": N_("crop, padding"),
    "train_subset": N_("training pictures"),
    "test_subset": N_("test pictures"),
    "seed": N_("seed"),
    "device": N_("device"),
    "precision": N_("precision"),
}
_OF_THE_MACHINE = ("seed", "device", "precision", "path")


def field(name: str) -> str:
    """The word for a field of a recipe, or for a network's option."""
    return _(FIELDS[name]) if name in FIELDS else option_title(name)


def value(name: str, setting: Any) -> str:
    """A field's value in words."""
    if setting is None:
        return "–"
    if isinstance(setting, bool):
        return _("yes") if setting else _("no")
    if name in ("train_subset", "test_subset") and setting == 0:
        return _("all")
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def nearest_of_course(recipe: Recipe) -> tuple[Recipe, Reported, Curve] | None:
    """The course's run of this network and options most like `recipe`; None if there is none."""
    if recipe.dataset != "fashion_mnist":
        return None
    try:
        runs = recipes.course_runs(recipe.network)
    except ValueError:  # a network that this version does not know
        return None
    same = [run for run in runs if dict(run[0].options) == dict(recipe.options)]
    return min(same, key=lambda run: len(departures(recipe, run[0])), default=None)


def departures(recipe: Recipe, course: Recipe) -> dict[str, tuple[Any, Any]]:
    """In which settings a recipe departs from the course's: field → (here, there)."""
    same_machine = replace(course, **{name: getattr(recipe, name) for name in _OF_THE_MACHINE})
    return {name: (a, b) for name, (a, b) in recipes.differences([recipe, same_machine]).items()}


def course(recipe: Recipe) -> dict[str, Any] | None:
    """The course's curve to draw behind a run of this recipe, as plain data; None without one.

    "steps" are those of an epoch of its own; it noted no times.
    """
    nearest = nearest_of_course(recipe)
    if nearest is None:
        return None
    theirs, _reported, curve = nearest
    pictures = datasets.get(theirs.dataset).train_count
    return {**asdict(curve), "steps": math.ceil(pictures / theirs.batch_size)}


def title(recipe: Recipe) -> str:
    """The network's own title, with the options that are not its defaults: "LeNet, relu"."""
    try:
        name = networks.get(recipe.network).title
    except ValueError:
        name = recipe.network
    return ", ".join(
        [name, *(f"{option_title(key)} {each}" for key, each in recipe.options.items())]
    )


def differing(compared: Sequence[Recipe]) -> dict[str, list[str]]:
    """Word of each field in which recipes differ → its value in each, in words."""
    return {
        field(name): [value(name, each) for each in values]
        for name, values in recipes.differences(compared).items()
    }
