"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui import picture_picker
from explorer.ui.state import OneOf, Open, State

VIEWS = {
    "picture": N_("One picture"),
    "differ": N_("Where they disagree"),
    "budgets": N_("Layer budgets"),
}
ACROSS = {
    "parameters": N_("over parameters"),
    "macs": N_("over MACs"),
    "seconds": N_("over time"),
}

STATE = State(
    "compare",
    Open("nets"),
    OneOf("first", "1000", ("1000", "2500", "10000")),
    OneOf("view", "picture", VIEWS),
    OneOf("across", "parameters", ACROSS),
    OneOf("scale", "same", {"same": N_("on one scale"), "shares": N_("as shares")}),
    *picture_picker.FIELDS,
    Open("pair"),
    Open("cell"),
    Open("from"),
)
