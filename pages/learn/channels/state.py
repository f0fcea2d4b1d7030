"""What the address of this page holds."""

from functools import partial

from explorer.base.language import N_
from explorer.ui import lesson
from explorer.ui.state import Number, OneOf, Open, State

KERNEL_SIDES = (1, 3, 5, 7, 11)  # odd, so that padding can keep height and width
NETWORKS = ("lenet", "alexnet", "vgg11", "nin", "googlenet", "resnet18", "densenet")
# The course's example: 2 × 3 × 3 and 2 × 2 × 2; the other kernels are K + 1 and K + 2.
INPUT = "0 1 2; 3 4 5; 6 7 8 | 1 2 3; 4 5 6; 7 8 9"
KERNELS = ("0 1; 2 3 | 1 2; 3 4", "1 2; 3 4 | 2 3; 4 5", "2 3; 4 5 | 3 4; 5 6")

STATE = State(
    "channels",
    OneOf(
        "channels_part",
        "sum",
        {
            "sum": N_("Many to one"),
            "pixel": N_("1 × 1"),
            "cost": N_("What channels cost"),
            "dense": N_("Or fully connected?"),
            "flow": N_("Through a network"),
        },
    ),
    OneOf("channels_outputs", 1, (1, 2, 3)),
    Open("channels_input", INPUT),
    *(Open(f"channels_kernel{o}", kernel) for o, kernel in enumerate(KERNELS)),
    Open("channels_sum_at"),
    Number("channels_pixel_in", 3, 1, 4),
    Number("channels_pixel_out", 2, 1, 4),
    Number("channels_seed", 0, 0, 9999),
    Open("channels_typed"),
    Open("channels_pixel_at"),
    Number("channels_c_in", 64, 1, 512),
    Number("channels_c_out", 64, 1, 512),
    OneOf("channels_kernel_size", 3, KERNEL_SIDES),
    Number("channels_height", 56, 1, 512),
    Number("channels_width", 56, 1, 512),
    Number("channels_side", 1000, 8, 2000),
    Number("channels_colours", 3, 1, 16),
    Number("channels_units", 256, 1, 4096),
    OneOf("channels_dense_kernel", 3, KERNEL_SIDES),
    OneOf("channels_network", "vgg11", NETWORKS),
    bound=True,
)

to = partial(lesson.setting, "channels")
