"""What the address of this page holds."""

from explorer.analysis import summary
from explorer.base import inputs
from explorer.base.language import N_
from explorer.ui.network_picker import OF_NETWORK
from explorer.ui.state import Number, OneOf, Open, State

_VIEWS = {"layers": N_("Layers"), "costs": N_("Costs"), "code": N_("Code"), "about": N_("About")}
STATE = State(
    "layers",
    Open("network"),
    Open("input"),
    Number("batch", 1, 1, inputs.MAX_BATCH),
    OneOf("view", "layers", _VIEWS),
    Open("layer"),
    Open("open"),
    Open("show"),
    OneOf("picture", "png", ("png", "svg")),
    OneOf("optimizer", "adam", tuple(summary.OPTIMIZER_STATE)),
    carries=["network"],
    of_network=[*OF_NETWORK, "layer", "open"],
)
