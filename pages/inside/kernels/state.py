"""What the address of this page holds."""

from explorer.ui import model_picker
from explorer.ui.fields import OneOf, Open, Switch

STATE = model_picker.state(
    "kernels",
    OneOf("beside", "alone", ("alone", "moments")),
    Open("moment2"),
    Open("layer"),
    Open("channel"),
    Open("show"),
    OneOf("scale", "layer", ("layer", "kernel", "network")),
    OneOf("sort", "index", ("index", "norm")),
    Switch("through"),
    Open("measure"),
)
