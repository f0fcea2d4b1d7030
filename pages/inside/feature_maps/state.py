"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui import model_picker, picture_picker
from explorer.ui.state import OneOf, Open, Switch

SORTS = {
    "index": N_("by number"),
    "mean": N_("by mean"),
    "max": N_("by maximum"),
    "variance": N_("by variance"),
}
SCALES = {
    "layer": N_("this layer"),
    "channel": N_("each channel"),
    "network": N_("the whole network"),
}
SIGNS = {"auto": N_("as needed"), "up": N_("from zero up"), "signed": N_("signed, white is 0")}

STATE = model_picker.state(
    "feature-maps",
    *picture_picker.FIELDS,
    Open("picture2"),
    OneOf("beside", "alone", ("alone", "pictures", "moments")),
    Open("moment2"),
    Switch("training"),
    Open("layer"),
    Open("channel"),
    Open("at"),
    OneOf("sort", "index", SORTS),
    OneOf("scale", "layer", SCALES),
    OneOf("signs", "auto", SIGNS),
    Switch("both"),
)
