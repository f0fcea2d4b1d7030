"""What the address of this page holds."""

from explorer.ui import picture_picker
from explorer.ui.fields import OneOf, Open
from explorer.ui.state import State

STATE = State(
    "compare",
    Open("nets"),
    OneOf("first", "1000", ("1000", "2500", "10000")),
    OneOf("view", "picture", ("picture", "differ", "budgets")),
    OneOf("across", "parameters", ("parameters", "macs", "seconds")),
    OneOf("scale", "same", ("same", "shares")),
    *picture_picker.FIELDS,
    Open("pair"),
    Open("cell"),
    Open("from"),
)
