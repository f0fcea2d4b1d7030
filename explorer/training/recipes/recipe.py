"""A training run's settings as one plain value: in a link, on the command line, in the store;
whether it can be trained, and a sentence where it cannot."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from explorer import networks
from explorer.analysis import mismatch_words, summary
from explorer.analysis.summary import training_memory
from explorer.base.inputs import MAX_BATCH, InputSize
from explorer.base.language import N_, _
from explorer.base.reasons import LARGEST_USUAL_RATE
from explorer.data import datasets
from explorer.networks import NetworkSpec
from explorer.networks.registry import IN_CHANNELS, NUM_CLASSES, Value

# Name in links and on the command line → what it is, translated where it is shown.
OPTIMIZERS = {
    "adam": N_("Adam: a step of its own for every weight"),
    "sgd": N_("SGD: plain gradient descent on batches"),
}
# From here on down is where each is tried first: a larger rate that failed is no guide.
USUAL_RATES = {"adam": 0.001, "sgd": LARGEST_USUAL_RATE}
SCHEDULES = {
    "constant": N_("the same learning rate throughout"),
    "cosine": N_("down to zero along half a cosine"),
    "step": N_("a tenth after half of the steps, a hundredth after three quarters"),
}
INITIALISATIONS = {
    "default": N_("PyTorch's own"),
    "xavier": N_("Xavier: uniform, by the number of inputs and outputs"),
    "kaiming": N_("Kaiming (He): normal, by the number of inputs, made for ReLU"),
    "zeros": N_("all zeros, to see it fail"),
}
PRECISIONS = {
    "auto": N_("bfloat16 where this device gains by it"),
    "float32": N_("float32 throughout, without the shorter TF32 on NVIDIA's cards"),
    "bfloat16": N_("products in bfloat16, weights in float32"),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that a run depends on, besides the machine.

    `options` are those of the network that differ from its defaults; channels and classes follow
    from the data. `size` is the side in pixels that pictures are resized to; `crop` pads by so
    many pixels, at the data's own size, and cuts a random window out again. Subsets: 0 means all.
    """

    network: str
    options: Mapping[str, Value] = field(default_factory=dict, hash=False)
    dataset: str = "fashion_mnist"
    path: str = ""  # the folder or zip of the data set "images"
    size: int = 28
    epochs: int = 10
    batch_size: int = 256
    optimizer: str = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.0  # of SGD
    weight_decay: float = 0.0
    schedule: str = "constant"
    initialisation: str = "default"
    flip: bool = False
    crop: int = 0
    train_subset: int = 0
    test_subset: int = 0
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"

    def spec(self, channels: int, classes: int) -> NetworkSpec:
        """The network as it is built for such data.

        Raises:
            ValueError: there is no such network or option.
        """
        options = {**self.options, "in_channels": channels, "num_classes": classes}
        return NetworkSpec.parse(self.network, options)

    def input_size(self, channels: int) -> InputSize:
        """What enters the network."""
        return InputSize(channels, self.size, self.size)


def as_json(recipe: Recipe) -> dict[str, Any]:
    """Every field under its name, as plain data."""
    return {**asdict(recipe), "options": dict(recipe.options)}


def from_json(data: object) -> Recipe:
    """The recipe that `as_json` wrote; fields that are left out have their default.

    Only the form is checked, fast: `check` says whether it can be trained.

    Raises:
        ValueError: not an object, no network, an unknown field, or a value of another type.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("network"), str):
        form = _(
            "A recipe is an object with at least a network, for example {example}; this is not one."
        )
        raise ValueError(form.format(example='{"network": "lenet"}'))  # noqa: TRY004 (a visitor's)
    types = {each.name: each.type for each in fields(Recipe)}
    for name in data:
        if name not in types:
            text = _("A recipe has no field “{given}”. It has: {known}.")
            raise ValueError(text.format(given=name, known=", ".join(types)))
    return Recipe(**{name: _typed(name, types[name], value) for name, value in data.items()})


_WORDS = {
    int: N_("a whole number"),
    float: N_("a number"),
    bool: N_("true or false"),
    str: N_("a text"),
}


def _typed(name: str, kind: Any, value: Any) -> Any:
    if name == "options":
        if isinstance(value, Mapping) and all(isinstance(v, str | int) for v in value.values()):
            return dict(value)
        text = _("The options of a recipe are an object of names and values, not “{given}”.")
        raise ValueError(text.format(given=str(value)[:40]))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        text = _("{field} of a recipe is {wanted}, not “{given}”.")
        type_word = _(_WORDS[kind])
        raise ValueError(text.format(field=name, wanted=type_word, given=str(value)[:40]))
    return value


def differences(recipes: Sequence[Recipe]) -> dict[str, tuple[Any, ...]]:
    """The fields in which the recipes differ → the value in each; options count as fields.

    An option that a recipe's network does not have is None there.
    """
    rows = [_flat(recipe) for recipe in recipes]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: tuple(row.get(name) for row in rows) for name in names}
    return {name: values for name, values in columns.items() if len(set(values)) > 1}


def _flat(recipe: Recipe) -> dict[str, Any]:
    """All fields, with the network's own options, defaults included, right after its name."""
    row = as_json(recipe)
    options = row.pop("options")
    try:
        own = [option.name for option in networks.get(recipe.network).options]
        resolved = networks.get(recipe.network).resolve(options)
        options = {name: resolved[name] for name in own}
    except ValueError:
        pass  # a network or option that this version does not know (any more): as it was given
    return {"network": row.pop("network"), **options, **row}


# -- whether it can be trained --------------------------------------------------------------------

MAX_SIZE = 1024  # pixels
MAX_RATE = 1000.0
DEVICE = re.compile(r"[a-z][a-z0-9_]{0,30}(:\d{1,3})?")  # a word of torch's; ours: auto
# Field → its words in a sentence, the least and the most of the whole numbers that it takes.
_WHOLE = {
    "size": (N_("The size"), 1, MAX_SIZE),
    "epochs": (N_("The number of epochs"), 1, 1000),
    "batch_size": (N_("The batch size"), 1, MAX_BATCH),
    "crop": (N_("The padding of the random crop"), 0, 64),
    "seed": (N_("The seed"), 0, 2**31 - 1),
}
_FRACTIONS = {  # field → its words, an example
    "momentum": (N_("The momentum"), "0.9"),
    "weight_decay": (N_("The weight decay"), "0.0005"),
}
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
    for name in (IN_CHANNELS.name, NUM_CLASSES.name):
        if name in recipe.options:
            text = _("{option} follows from the data set; leave it out of the recipe.")
            raise ValueError(text.format(option=name))
    options = NetworkSpec.parse(recipe.network, recipe.options).changed
    _check_numbers(recipe)
    for name, choices in _CHOICES.items():
        if (choice := getattr(recipe, name)) not in choices:
            text = _("{field} cannot be “{given}”. Choose one of these: {choices}.")
            raise ValueError(text.format(field=name, given=choice[:40], choices=", ".join(choices)))
    if not DEVICE.fullmatch(recipe.device):
        text = _("“{given}” is not a device. Write auto, cpu, mps, cuda or cuda:1.")
        raise ValueError(text.format(given=recipe.device[:40]))
    if recipe.dataset == "images" and not recipe.path:
        raise ValueError(_("Own pictures need a folder or a zip: one folder for each class."))
    if recipe.path and recipe.dataset != "images":
        text = _("{dataset} needs no path; “{path}” is one. Leave it out, or choose images.")
        raise ValueError(text.format(dataset=recipe.dataset, path=recipe.path[:80]))
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
    if mismatch := summary.measure(spec, entering).mismatch:
        words = mismatch_words.mismatch(mismatch, spec.architecture.title)
        numbers = _("Arrived: {got}. Needed: {needs}.").format(got=words.got, needs=words.needs)
        raise ValueError(f"{words.headline} {numbers} {words.fits}")
    images, batch = recipe.train_subset or train_count, recipe.batch_size
    single = images % batch == 1 or batch == 1
    if single and training_memory(spec, entering, 1, "sgd").problem:
        text = _(
            "With {images} pictures in batches of {batch} some batch holds a single picture, and "
            "batch norm cannot tell its mean from its value. Choose another batch size."
        )
        raise ValueError(text.format(images=images, batch=batch))


def _check_numbers(recipe: Recipe) -> None:
    for name, (words, least, most) in _WHOLE.items():
        if not least <= (number := getattr(recipe, name)) <= most:
            text = _("{what} is a whole number from {least} to {most}; {given} is not.")
            raise ValueError(text.format(what=_(words), least=least, most=most, given=number))
    rate = recipe.learning_rate
    if not 0 < rate <= MAX_RATE:  # also true for NaN
        text = _(
            "The learning rate is a number above 0 and at most {most}, for example 0.001; "
            "{given} is not."
        )
        raise ValueError(text.format(most=f"{MAX_RATE:g}", given=f"{rate:g}"))
    for name, (words, example) in _FRACTIONS.items():
        number = getattr(recipe, name)
        if not 0 <= number < 1:
            text = _("{what} is a number from 0 to below 1, for example {example}; {given} is not.")
            raise ValueError(text.format(what=_(words), example=example, given=f"{number:g}"))
    if recipe.momentum and recipe.optimizer == "adam":
        raise ValueError(_("Adam has a momentum of its own. Set the momentum to 0, or choose sgd."))


def _check_subset(what: str, count: int, available: int) -> None:
    if count < 0 or (available and count > available):
        text = _("{what} has {given} pictures, but there are {there}. 0 takes them all.")
        raise ValueError(text.format(what=what, given=count, there=available))
