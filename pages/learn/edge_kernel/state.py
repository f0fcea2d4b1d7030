"""What the address of this page holds."""

from explorer.ui.state import OneOf, Open, State, Switch

DRAWING = "0 0 0 0 1 1 1 1; " * 3 + "0 0 0 0 0 0 1 1; " * 2 + "0 0 0 0 0 0 1 1"

STATE = State(
    "edge-kernel",
    OneOf("edge_image", "bars", ("bars", "transposed", "diagonal", "own", "photo")),
    Open("edge_kernel", "1 -1"),
    Open("edge_rate", "0.02"),
    Open("edge_steps", "20"),
    Switch("edge_bias"),
    OneOf("edge_loss", "sum", ("sum", "mean")),
    Open("edge_start", "0"),
    Open("edge_compare"),
    Open("edge_drawing", DRAWING),
    bound=True,
)
