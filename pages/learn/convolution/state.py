"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.ui.matrix_input import axes
from explorer.ui.state import Number, OneOf, Open, State, Switch

PHOTOGRAPHS = {
    "flower": N_("Flower"),
    "china": N_("Palace"),
    "upload": N_("Upload"),
    "camera": N_("Camera"),
}
ARANGE, KERNEL = "0 1 2; 3 4 5; 6 7 8", "0 1; 2 3"

STATE = State(
    "convolution",
    *axes("conv_stride", (1, 1), 9),
    *axes("conv_pad", (0, 0), 8),
    Number("conv_dilation", 1, 0, 6),
    Switch("conv_flip"),
    Open("conv_input", ARANGE),
    Open("conv_kernel", KERNEL),
    Open("conv_at"),
    OneOf("conv_photo", "flower", PHOTOGRAPHS),
    bound=True,
)
