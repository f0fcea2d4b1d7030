"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui.state import OneOf, Open, State

STATE = State(
    "data",
    Open("data"),
    Open("own"),
    OneOf("part", "train", {"train": N_("To train on"), "test": N_("To test with")}),
    Open("turn"),
    Open("picture"),
)
