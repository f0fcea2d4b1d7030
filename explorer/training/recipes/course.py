"""The course's own training runs: their recipes, what they printed, and what they got wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
    train_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...] = ()
    test_accuracy: tuple[float, ...] = ()


# (network, batch size) tells the course's runs apart.
CURVES: Mapping[tuple[str, int], Curve] = {
    ("alexnet", 32): Curve(
        "xavier",
        (0.5664, 0.3648, 0.336, 0.3136, 0.304),
        (0.788, 0.867, 0.88, 0.887, 0.891),
        (0.851, 0.853, 0.888, 0.893, 0.893),
    ),
    ("vgg11", 32): Curve(
        "xavier",
        (0.496, 0.288, 0.2368, 0.208, 0.1856),
        (0.815, 0.895, 0.913, 0.924, 0.932),
        (0.872, 0.897, 0.913, 0.911, 0.923),
    ),
    ("nin", 32): Curve(
        "xavier",
        (1.0368, 0.56, 0.4768, 0.4256, 0.3968, 0.368, 0.352, 0.336, 0.3232, 0.3104),
        (0.64, 0.802, 0.828, 0.848, 0.857, 0.869, 0.873, 0.88, 0.885, 0.887),
        (0.792, 0.805, 0.833, 0.862, 0.867, 0.874, 0.876, 0.881, 0.87, 0.885),
    ),
    ("googlenet", 21): Curve(
        "xavier",
        (0.6678, 0.4053, 0.3381, 0.2982, 0.273),
        (0.748, 0.849, 0.875, 0.89, 0.899),
        (0.801, 0.853, 0.868, 0.885, 0.896),
    ),
    ("bn_lenet", 32): Curve(
        "xavier",
        (0.528, 0.3808, 0.3552, 0.3392, 0.3264),
        (0.826, 0.866, 0.875, 0.883, 0.884),
        (0.859, 0.856, 0.85, 0.876, 0.87),
    ),
    ("resnet18", 32): Curve(
        "xavier",
        (0.48, 0.3456, 0.3008, 0.2656, 0.2432),
        (0.829, 0.875, 0.892, 0.904, 0.914),
        (0.845, 0.874, 0.9, 0.88, 0.897),
    ),
    ("densenet", 42): Curve(
        "xavier",
        (0.4074, 0.2856, 0.2562, 0.2436, 0.2268),
        (0.851, 0.895, 0.906, 0.911, 0.917),
        (0.889, 0.899, 0.897, 0.91, 0.897),
    ),
    ("lenet", 256): Curve(
        "default",
        (1.7334, 0.8866, 0.7311, 0.6552, 0.608, 0.5754, 0.5481, 0.524, 0.4995, 0.479),
        (0.373, 0.665, 0.726, 0.746, 0.762, 0.776, 0.789, 0.802, 0.813, 0.821),
        (0.601, 0.706, 0.739, 0.748, 0.765, 0.77, 0.792, 0.796, 0.806, 0.811),
    ),
    ("vgg11", 256): Curve(
        "default",
        (0.7837, 0.3606, 0.3048, 0.2732, 0.2465),
        (0.7, 0.869, 0.891, 0.9, 0.911),
        (0.836, 0.864, 0.882, 0.894, 0.9),
    ),
    ("nin", 256): Curve(
        "default",
        (1.5007, 0.7998, 0.7116, 0.6548, 0.6225),
        (0.455, 0.702, 0.732, 0.749, 0.761),
        (0.667, 0.722, 0.738, 0.754, 0.729),
    ),
    ("resnet18", 128): Curve(
        "xavier",
        (
            0.493547,
            0.277788,
            0.218713,
            0.178624,
            0.14329,
            0.11094,
            0.081509,
            0.0542,
            0.033889,
            0.021092,
        ),
    ),
}


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
