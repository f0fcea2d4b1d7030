"""What the address of this page holds."""

from explorer.ui.state import OneOf, Open, State

STATE = State(
    "live",
    Open("run"),
    OneOf("by", "epoch", ("epoch", "step", "seconds")),
    Open("at"),
    Open("cell"),
)
