"""Runs to start with one click: the course's own, and its experiments."""

from dataclasses import dataclass, replace

from explorer import architectures
from explorer.architectures.registry import Reported
from explorer.language import N_
from explorer.recipes.course import course_recipe, course_runs
from explorer.recipes.recipe import Recipe


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
    found = {}
    for network in architectures.course():
        for number, (recipe, reported, _curve) in enumerate(course_runs(network)):
            name = network if number == 0 else f"{network}-{number + 1}"
            title = architectures.get(network).title
            found[name] = Preset(title, "", (recipe,), reported)
    return found


def _rates() -> tuple[Recipe, ...]:
    """LeNet and its batch-norm sister under one recipe, the learning rate alone changing."""
    return tuple(
        Recipe(network, epochs=3, batch_size=256, learning_rate=rate, initialisation="xavier")
        for rate in (0.001, 0.01, 0.1)
        for network in ("lenet", "bn_lenet")
    )


def _activations() -> tuple[Recipe, ...]:
    plain = replace(course_recipe("lenet"), initialisation="xavier", epochs=5)
    return plain, replace(plain, options={"activation": "relu"})


def _depths() -> tuple[Recipe, ...]:
    """Plain stacks of growing depth beside networks with shortcuts, on the same few pictures."""
    narrow = {"conv_ratio": 8, "fc_ratio": 8}
    shared = Recipe(
        "vgg11",
        size=224,
        epochs=2,
        batch_size=32,
        initialisation="xavier",
        train_subset=4000,
        test_subset=1000,
    )
    return (
        *(replace(shared, network=plain, options=narrow) for plain in ("vgg11", "vgg19")),
        *(replace(shared, network=f"torchvision/{deep}") for deep in ("resnet18", "resnet34")),
    )


EXPERIMENTS = {
    "batch-norm": Preset(
        N_("With and without batch norm"),
        N_("Which learning rates does batch norm make possible?"),
        _rates(),
    ),
    "depth": Preset(
        N_("Plain against residual, deeper and deeper"),
        N_("When does depth stop to help a plain network, and does a shortcut mend it?"),
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
