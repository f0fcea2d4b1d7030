"""What the address of this page holds."""

from explorer.ui.state import OneOf, Open, State

AXES = ("epoch", "step", "seconds")
STATE = State(
    "live",
    Open("run"),
    OneOf("by", "epoch", AXES),
    Open("at"),
    Open("cell"),
)
