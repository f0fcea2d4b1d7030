"""What the address of this page holds."""

from explorer.training import recipes
from explorer.training.recipes import Recipe
from explorer.ui.state import Number, OneOf, Open, State, Switch

DEFAULT = Recipe("lenet")  # the address leaves out what is as here
NUMBERS = ("size", "epochs", "batch_size", "crop", "train_subset", "test_subset", "seed")
RATES = ("learning_rate", "momentum", "weight_decay")
LISTS = {
    "optimizer": recipes.OPTIMIZERS,
    "schedule": recipes.SCHEDULES,
    "initialisation": recipes.INITIALISATIONS,
    "precision": recipes.PRECISIONS,
}

STATE = State(
    "new-run",
    Open("preset"),
    *(Number(name, getattr(DEFAULT, name)) for name in NUMBERS),
    *(Open(name, f"{getattr(DEFAULT, name):g}") for name in RATES),
    *(OneOf(name, getattr(DEFAULT, name), tuple(choices)) for name, choices in LISTS.items()),
    Open("network"),
    Open("dataset"),
    Open("device"),
    Switch("flip"),
    Number("all_epochs", 0, 0),
    carries=["network"],
)
