"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui.boards.window_board import MOST_KERNEL
from explorer.ui.matrix_input import axes
from explorer.ui.state import Number, OneOf, Open, State

NINE = "0 1 2; 3 4 5; 6 7 8"

STATE = State(
    "pooling",
    OneOf("pool_mode", "max", {"max": N_("max"), "avg": N_("mean")}),
    *axes("pool_window", (2, 2), MOST_KERNEL),
    *axes("pool_stride", (1, 1), 9),
    *axes("pool_pad", (0, 0), 4),
    Open("pool_input", NINE),
    Number("pool_shift", 1, 0, 3),
    bound=True,
)
