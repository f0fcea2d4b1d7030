"""What the address of this page holds."""

from explorer.ui.fields import OneOf, Open
from explorer.ui.state import State

STATE = State(
    "runs",
    Open("runs"),
    OneOf("by", "epoch", ("epoch", "seconds", "images", "flops")),
    Open("at"),
    Open("cell"),
)
