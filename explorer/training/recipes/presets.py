"""Runs to start with one click: the course's own, and its experiments."""

from dataclasses import dataclass, replace

from explorer import networks as architectures
from explorer.base.language import N_
from explorer.networks.registry import Reported, Value
from explorer.training.recipes.course import course_recipe, course_runs
from explorer.training.recipes.recipe import Recipe


@dataclass(frozen=True)
class Preset:
    """Recipes that belong together. `title` and `question` are marked with N_.

    `reported` is what the course got with the one recipe of its own run; None for an experiment.
    """

    title: str
    question: str
    recipes: tuple[Recipe, ...]
    reported: Reported | None = None


def _course() -> dict[str, Preset]:
    single = {}
    for network in architectures.course():
        for number, (recipe, reported, _curve) in enumerate(course_runs(network)):
            name = network if number == 0 else f"{network}-{number + 1}"
            title = architectures.get(network).title
            single[name] = Preset(title, "", (recipe,), reported)
    return single


def _rates() -> tuple[Recipe, ...]:
    """The same layers with and without batch norm, under one recipe but for the learning rate."""
    networks: tuple[tuple[str, dict[str, Value]], ...] = (
        ("lenet", {"pooling": "max", "first_padding": 0}),  # the other's, but for batch norm
        ("bn_lenet", {}),
    )
    return tuple(
        Recipe(
            network,
            options,
            epochs=3,
            batch_size=256,
            learning_rate=rate,
            initialisation="xavier",
        )
        for rate in (0.001, 0.01, 0.1)
        for network, options in networks
    )


def _activations() -> tuple[Recipe, ...]:
    plain = replace(course_recipe("lenet"), initialisation="xavier", epochs=5)
    return plain, replace(plain, options={"activation": "relu"})


def _depths() -> tuple[Recipe, ...]:
    """What He et al. compare in section 4.1, small: the same layers with and without shortcuts."""
    shared = Recipe(
        "resnet18",
        size=64,
        epochs=3,
        batch_size=64,
        optimizer="sgd",
        learning_rate=0.05,
        momentum=0.9,
        weight_decay=0.0001,
        initialisation="kaiming",
        train_subset=6000,
        test_subset=1000,
    )
    return tuple(
        replace(shared, options={**depth, "width": 16, **shortcut})
        for depth in ({"layers": 10}, {}, {"layers": 34})
        for shortcut in ({"shortcut": "no"}, {})
    )


EXPERIMENTS = {
    "batch-norm": Preset(
        N_("With and without batch norm"),
        N_("Which learning rates does batch norm make possible?"),
        _rates(),
    ),
    "depth": Preset(
        N_("Plain against residual, deeper and deeper"),
        N_("When does depth stop helping a plain network, and does a shortcut mend it?"),
        _depths(),
    ),
    "generations": Preset(
        N_("VGG, AlexNet and NiN"),
        N_("Three networks for the same pictures: which learns the most from one epoch?"),
        tuple(
            replace(course_recipe(network, options), epochs=1)
            for network, options in (("vgg11", {"conv_ratio": 4}), ("alexnet", {}), ("nin", {}))
        ),
    ),
    "activations": Preset(
        N_("Sigmoid against ReLU"),
        N_("What does LeNet gain when only its activation changes?"),
        _activations(),
    ),
}

PRESETS = {**_course(), **EXPERIMENTS}
