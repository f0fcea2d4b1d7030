"""What the address of this page holds."""

from explorer.ui.state import OneOf, Open, State

STATE = State(
    "data",
    Open("data"),
    Open("own"),
    OneOf("part", "train", ("train", "test")),
    Open("turn"),
)
