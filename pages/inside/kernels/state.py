"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui import model_picker
from explorer.ui.state import OneOf, Open, Switch

SCALES = {
    "layer": N_("this layer"),
    "kernel": N_("each kernel"),
    "network": N_("the whole network"),
}

STATE = model_picker.state(
    "kernels",
    OneOf("beside", "alone", {"alone": N_("alone"), "moments": N_("random against trained")}),
    Open("moment2"),
    Open("layer"),
    Open("channel"),
    Open("show"),
    OneOf("scale", "layer", SCALES),
    OneOf("sort", "index", {"index": N_("by number"), "norm": N_("by norm")}),
    Switch("through"),
    OneOf("measure", "size", {"size": N_("root mean square"), "norm": N_("norm")}),
)
