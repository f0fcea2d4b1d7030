"""A training run's settings as one plain value: in a link, on the command line, in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from explorer import networks
from explorer.base.inputs import InputSize
from explorer.base.language import N_, _
from explorer.networks import NetworkSpec
from explorer.networks.registry import Value

# Name in links and on the command line → what it is, translated where it is shown.
OPTIMIZERS = {
    "adam": N_("Adam: a step of its own for every weight"),
    "sgd": N_("SGD: plain gradient descent on batches"),
}
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

    Only the form is checked, fast: `checks.check` says whether it can be trained.

    Raises:
        ValueError: not an object, no network, an unknown field, or a value of another type.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("network"), str):
        raise ValueError(  # noqa: TRY004 (a visitor's mistake, not a programmer's)
            _(
                "A recipe is an object with at least a network, for example "
                "{example}; this is not one."
            ).format(example='{"network": "lenet"}')
        )
    types = {each.name: each.type for each in fields(Recipe)}
    for name in data:
        if name not in types:
            raise ValueError(
                _("A recipe has no field “{given}”. It has: {known}.").format(
                    given=name, known=", ".join(types)
                )
            )
    return Recipe(**{name: _typed(name, types[name], value) for name, value in data.items()})


_WORDS = {
    int: N_("a whole number"),
    float: N_("a number"),
    bool: N_("true or false"),
    str: N_("a text"),
}


def _typed(name: str, wanted: Any, value: Any) -> Any:
    if name == "options":
        if isinstance(value, Mapping) and all(isinstance(v, str | int) for v in value.values()):
            return dict(value)
        raise ValueError(
            _("The options of a recipe are an object of names and values, not “{given}”.").format(
                given=str(value)[:40]
            )
        )
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise ValueError(
            _("{field} of a recipe is {wanted}, not “{given}”.").format(
                field=name, wanted=_(_WORDS[wanted]), given=str(value)[:40]
            )
        )
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
