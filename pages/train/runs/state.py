"""What the address of this page holds."""

from explorer.ui.state import OneOf, Open, State

AXES = ("epoch", "seconds", "images", "flops")
STATE = State(
    "runs",
    Open("runs"),
    OneOf("by", "epoch", AXES),
    Open("at"),
    Open("cell"),
)
