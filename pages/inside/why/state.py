"""What the address of this page holds."""

from explorer.ui import model_picker, picture_picker
from explorer.ui.fields import OneOf, Open, Switch

STATE = model_picker.state(
    "why",
    *picture_picker.FIELDS,
    Switch("control", True),
    Open("cam"),
    Open("patch"),
    OneOf("move", "half", ("half", "whole", "quarter", "eighth")),
    Open("path"),
    Open("empty"),
    Open("class"),
    Open("opacity"),
)
