"""What each page holds whose widgets are not bound to the address by Streamlit.

The pages of section Learn bind theirs: each name there is one page's alone.
"""

from explorer import networks
from explorer.analysis import memory
from explorer.base import inputs
from explorer.inside.feature_visualization import Settings
from explorer.training import recipes
from explorer.training.recipes import Recipe
from explorer.ui.state import Field, Number, OneOf, Open, State, Switch

# Every option that the course's networks have, and torchvision's.
OPTIONS = tuple(
    {
        option.name
        for name in (*networks.course(), "torchvision/resnet18")
        for option in networks.get(name).all_options
    }
)
# What is said of one network means nothing in another.
OF_NETWORK = ("input", "layer", "open", *OPTIONS)
INSIDE = ("network", "weights", "side", *OPTIONS)  # the same on all pages that look inside
WEIGHTS = (Open("network"), Open("weights"), Open("side"))
PICTURE = (Open("picture"), OneOf("fit", "squeeze", ("squeeze", "crop", "pad")))


def _inside(page: str, *fields: Field) -> State:
    names = ("layer", "channel", "at", "moment2", "class", "cam", "picture2")
    pictures = [field.name for field in fields if field in PICTURE[:1]]
    return State(page, *WEIGHTS, *fields, carries=INSIDE, of_network=names, pictures=pictures)


LAYERS = State(
    "layers",
    Open("network"),
    Open("input"),
    Number("batch", 1, 1, inputs.MAX_BATCH),
    OneOf("view", "layers", ("layers", "costs", "code", "about")),
    Open("layer"),
    Open("open"),
    Open("show"),
    OneOf("picture", "png", ("png", "svg")),
    OneOf("optimizer", "adam", tuple(memory.OPTIMIZER_STATE)),
    carries=["network"],
    of_network=OF_NETWORK,
)

FEATURE_MAPS = _inside(
    "feature-maps",
    *PICTURE,
    Open("picture2"),
    OneOf("beside", "alone", ("alone", "pictures", "moments")),
    Open("moment2"),
    Switch("training"),
    Open("layer"),
    Open("channel"),
    Open("at"),
    OneOf("sort", "index", ("index", "mean", "max", "variance")),
    OneOf("scale", "layer", ("layer", "channel", "network")),
    OneOf("signs", "auto", ("auto", "up", "signed")),
    Switch("both"),
)

KERNELS = _inside(
    "kernels",
    OneOf("beside", "alone", ("alone", "moments")),
    Open("moment2"),
    Open("layer"),
    Open("channel"),
    Open("show"),
    OneOf("scale", "layer", ("layer", "kernel", "network")),
    OneOf("sort", "index", ("index", "norm")),
    Switch("through"),
    Open("measure"),
)

_ASCENT = Settings()
EXCITES = _inside(
    "excites",
    Open("layer"),
    Open("channel"),
    Open("data"),
    Open("among"),
    OneOf("sort", "index", ("index", "value")),
    OneOf("show", "pictures", ("pictures", "patches")),
    OneOf("goal", "unit", ("unit", "mean")),
    Number("steps", _ASCENT.steps, 8, 512, 8),
    Number("rate", _ASCENT.rate, 0.005, 0.3, 0.005),
    Number("noise", _ASCENT.seed, 0, 9999),
    Number("tv", _ASCENT.variation, 0.0, 1.0, 0.05),
    Number("l2", _ASCENT.decay, 0.0, 2.0, 0.1),
    Number("jitter", _ASCENT.jitter, 0, 16),
    Number("blur", _ASCENT.blur, 0.0, 2.0, 0.1),
)

WHY = _inside(
    "why",
    *PICTURE,
    Switch("control", True),
    Open("cam"),
    Open("patch"),
    OneOf("move", "half", ("half", "whole", "quarter", "eighth")),
    Open("path"),
    Open("empty"),
    Open("class"),
    Open("opacity"),
)

COMPARE = State(
    "compare",
    Open("nets"),
    OneOf("first", "1000", ("1000", "2500", "10000")),
    OneOf("view", "picture", ("picture", "differ", "budgets")),
    OneOf("across", "parameters", ("parameters", "macs", "seconds")),
    OneOf("scale", "same", ("same", "shares")),
    *PICTURE,
    Open("pair"),
    Open("cell"),
    Open("from"),
    pictures=["picture"],
)

DATA = State(
    "data",
    Open("data"),
    Open("own"),
    OneOf("part", "train", ("train", "test")),
    Open("turn"),
)

_RECIPE = Recipe("lenet")  # the address leaves out what is as here
NUMBERS = ("size", "epochs", "batch_size", "crop", "train_subset", "test_subset", "seed")
RATES = ("learning_rate", "momentum", "weight_decay")
LISTS = ("optimizer", "schedule", "initialisation", "precision")
NEW_RUN = State(
    "new-run",
    Open("preset"),
    *(Number(name, getattr(_RECIPE, name)) for name in NUMBERS),
    *(Open(name, f"{getattr(_RECIPE, name):g}") for name in RATES),
    *(
        OneOf(name, getattr(_RECIPE, name), tuple(choices))
        for name, choices in zip(
            LISTS,
            (
                recipes.OPTIMIZERS,
                recipes.SCHEDULES,
                recipes.INITIALISATIONS,
                recipes.PRECISIONS,
            ),
            strict=True,
        )
    ),
    Open("network"),
    Open("dataset"),
    Open("device"),
    Switch("flip"),
    Number("all_epochs", 0, 0),
    carries=["network"],
)

LIVE = State(
    "live",
    Open("run"),
    OneOf("by", "epoch", ("epoch", "step", "seconds")),
    Open("at"),
    Open("cell"),
)
RUNS = State(
    "runs",
    Open("runs"),
    OneOf("by", "epoch", ("epoch", "seconds", "images", "flops")),
    Open("at"),
    Open("cell"),
)
