"""What the address of this page holds."""

from explorer.ui.state import OneOf, Open, State

STATE = State(
    "runs",
    Open("runs"),
    OneOf("by", "epoch", ("epoch", "seconds", "images", "flops")),
    Open("at"),
    Open("cell"),
)
