"""What the address of this page holds."""

from explorer.ui import model_picker, picture_picker
from explorer.ui.fields import OneOf, Open, Switch

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
    OneOf("sort", "index", ("index", "mean", "max", "variance")),
    OneOf("scale", "layer", ("layer", "channel", "network")),
    OneOf("signs", "auto", ("auto", "up", "signed")),
    Switch("both"),
)
