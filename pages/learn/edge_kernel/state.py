"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui.state import OneOf, Open, State, Switch

IMAGES = {
    "bars": N_("bars, 6 × 8"),
    "transposed": N_("bars, turned"),
    "diagonal": N_("diagonal"),
    "own": N_("own drawing"),
    "photo": N_("photograph"),
}
DRAWING = "0 0 0 0 1 1 1 1; " * 3 + "0 0 0 0 0 0 1 1; " * 2 + "0 0 0 0 0 0 1 1"

STATE = State(
    "edge-kernel",
    OneOf("edge_image", "bars", IMAGES),
    Open("edge_kernel", "1 -1"),
    Open("edge_rate", "0.02"),
    Open("edge_steps", "20"),
    Switch("edge_bias"),
    OneOf("edge_loss", "sum", {"sum": N_("summed"), "mean": N_("averaged")}),
    Open("edge_start", "0"),
    Open("edge_compare"),
    Open("edge_drawing", DRAWING),
    bound=True,
)
