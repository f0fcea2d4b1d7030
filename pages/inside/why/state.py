"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.inside.attribution import BASELINES
from explorer.ui import model_picker, picture_picker
from explorer.ui.state import OneOf, Open, Switch

MOVES = {
    "half": N_("half a patch"),
    "whole": N_("a whole patch"),
    "quarter": N_("a quarter of it"),
    "eighth": N_("an eighth of it"),
}

STATE = model_picker.state(
    "why",
    *picture_picker.FIELDS,
    Switch("control", True),
    Open("cam"),
    Open("patch"),
    OneOf("move", "half", MOVES),
    OneOf("path", "50", {each: each for each in ("50", "20", "100", "200", "500")}),
    OneOf("empty", "black", BASELINES),
    Open("class"),
    Open("opacity"),
)
