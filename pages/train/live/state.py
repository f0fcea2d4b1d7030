"""What the address of this page holds."""

from explorer.ui.fields import OneOf, Open
from explorer.ui.state import State

STATE = State(
    "live",
    Open("run"),
    OneOf("by", "epoch", ("epoch", "step", "seconds")),
    Open("at"),
    Open("cell"),
)
