"""What the address of this page holds."""

from functools import partial

from explorer.base.language import N_
from explorer.lessons.blocks import Widths
from explorer.ui import lesson
from explorer.ui.state import Number, OneOf, Open, State, Switch

FIRST = 192, 28, Widths(64, 96, 128, 16, 32, 32)  # input channels, side, and paths of 3a
NINE = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")  # of GoogLeNet

STATE = State(
    "blocks",
    OneOf(
        "blocks_part",
        "all",
        {
            "all": N_("Side by side"),
            "inception": N_("Inception"),
            "identity": N_("Residual: the identity"),
            "shapes": N_("Residual: the shapes"),
            "dense": N_("Dense and transition"),
        },
    ),
    Number("blocks_c_in", 192, 2, 512),
    Number("blocks_c_out", 256, 8, 512),
    Number("blocks_side", 28, 2, 112),
    Switch("blocks_zeroed", True),
    Switch("blocks_signed", True),
    Number("blocks_seed", 0, 0, 9999),
    Open("blocks_steps_at"),
    Number("blocks_r_in", 3, 1, 512),
    Number("blocks_r_out", 3, 1, 512),
    Number("blocks_stride", 1, 1, 4),
    Number("blocks_r_side", 6, 1, 224),
    Switch("blocks_with_1x1"),
    OneOf("blocks_which", "3a", NINE),
    Number("blocks_wide_in", FIRST[0], 1, 2048),  # what the chosen block has is its default
    Number("blocks_map", FIRST[1], 1, 112),
    *(Number(f"blocks_{name}", width, 1, 1024) for name, width in FIRST[2]._asdict().items()),
    Switch("blocks_reduced", True),
    Number("blocks_d_in", 3, 1, 256),
    Number("blocks_layers", 2, 1, 12),
    Number("blocks_growth", 10, 1, 64),
    Number("blocks_d_side", 8, 2, 112),
    Number("blocks_d_out", 10, 1, 512),
    bound=True,
)

to = partial(lesson.setting, "blocks")
