"""What the address of this page holds."""

from explorer.analysis import summary
from explorer.base import inputs
from explorer.ui.network_picker import OF_NETWORK
from explorer.ui.state import Number, OneOf, Open, State

STATE = State(
    "layers",
    Open("network"),
    Open("input"),
    Number("batch", 1, 1, inputs.MAX_BATCH),
    OneOf("view", "layers", ("layers", "costs", "code", "about")),
    Open("layer"),
    Open("open"),
    Open("show"),
    OneOf("picture", "png", ("png", "svg")),
    OneOf("optimizer", "adam", tuple(summary.OPTIMIZER_STATE)),
    carries=["network"],
    of_network=[*OF_NETWORK, "layer", "open"],
)
