"""The course's own training runs: their recipes, what they printed, and what they got wrong."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from explorer import networks
from explorer.base.language import N_
from explorer.networks import NetworkSpec
from explorer.networks.registry import Reported, Value
from explorer.training.recipes.recipe import Recipe

# -- what the course's notebooks get wrong once, and this loop does not --------------------------


@dataclass(frozen=True)
class Mistake:
    """One mistake and what is done here instead; both marked with N_."""

    notebook: str
    here: str


MISTAKES = (
    Mistake(
        N_(
            "One notebook writes net.eval without parentheses: nothing is called, dropout stays "
            "on while testing, and batch norm would go on learning from the test pictures."
        ),
        N_("Testing calls eval(), and puts the mode back afterwards, also after an error."),
    ),
    Mistake(
        N_(
            "The same notebook divides an epoch's loss by all batches since the start, so that "
            "the printed loss of epoch e is e times too small and falls even if nothing is learned."
        ),
        N_("The loss of an epoch is its own sum, divided by its own number of pictures."),
    ),
    Mistake(
        N_(
            "Another one divides the sum of the batches' means by the number of pictures: its "
            "losses are too small by the batch size, and runs with other batches do not compare."
        ),
        N_("Every batch counts by its pictures: the loss is a true mean per picture."),
    ),
    Mistake(
        N_(
            "The third one averages the accuracies of the test batches, although the last of them "
            "is smaller: each picture in it weighs eight times as much."
        ),
        N_("Accuracy is the number of right answers, divided by the number of pictures."),
    ),
)


# -- what its runs printed -------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """What the course printed after each epoch, its losses brought to the mean per picture."""

    initialisation: str
    train_loss: Sequence[float]
    train_accuracy: Sequence[float]
    test_accuracy: Sequence[float]


def _printed() -> dict[tuple[str, int], Curve]:
    text = Path(__file__).with_name("course_curves.json").read_text(encoding="utf-8")
    return {(run.pop("network"), run.pop("batch_size")): Curve(**run) for run in json.loads(text)}


CURVES: Mapping[tuple[str, int], Curve] = _printed()  # network and batch tell the runs apart


def course_runs(network: str) -> tuple[tuple[Recipe, Reported, Curve], ...]:
    """The course's runs of a network: recipe, printed result, curve. Torchvision's have none."""
    matched = []
    for run in networks.get(network).reported:
        curve = CURVES[network, run.batch_size]
        recipe = Recipe(
            network=network,
            options=dict(run.options),
            size=run.size,
            epochs=run.epochs,
            batch_size=run.batch_size,
            optimizer=run.optimizer.lower(),
            learning_rate=run.learning_rate,
            weight_decay=run.weight_decay,
            initialisation=curve.initialisation,
        )
        matched.append((recipe, run, curve))
    return tuple(matched)


def course_recipe(network: str, options: Mapping[str, object] | None = None) -> Recipe:
    """The course's recipe for a network with `options`, or one that suits it.

    A run of the course with exactly these options comes first, then the first run of the network;
    where the course trained none, Adam in batches of 32 at the network's own size.

    Raises:
        ValueError: unknown network, option or value.
    """
    spec = NetworkSpec.parse(network, options)
    runs = [recipe for recipe, _run, _curve in course_runs(network)]
    exact = [recipe for recipe in runs if recipe.options == spec.changed]
    for recipe in (*exact, *runs):
        return replace(recipe, options=spec.changed)
    return Recipe(
        network,
        spec.changed,
        size=spec.input_size.height,
        epochs=5,
        batch_size=32,
        learning_rate=0.0003,
        weight_decay=0.0005,
    )


# -- batches that a small card's memory limited ---------------------------------------------------

SPACIOUS_BATCH = 128  # keeps a GPU of today busy
LARGE_PICTURES = 96  # pixels a side: from here on the activations of a batch fill a card


def limited_by_card(recipe: Recipe) -> bool:
    """Whether the recipe's batch is one that the course chose for what its card could hold."""
    return any(
        run.size >= LARGE_PICTURES and run.batch_size == recipe.batch_size < SPACIOUS_BATCH
        for run, _reported, _curve in course_runs(recipe.network)
    )


# -- runs to start with one click: the course's own, and its experiments --------------------------


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
    for network in networks.course():
        for number, (recipe, reported, _curve) in enumerate(course_runs(network)):
            name = network if number == 0 else f"{network}-{number + 1}"
            title = networks.get(network).title
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
