"""What the address of this page holds."""

from explorer.ui.fields import OneOf, Open
from explorer.ui.state import State

STATE = State(
    "data",
    Open("data"),
    Open("own"),
    OneOf("part", "train", ("train", "test")),
    Open("turn"),
)
