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
KERNELS = {
    "sobel_x": "-1 0 1; -2 0 2; -1 0 1",
    "sobel_y": "-1 -2 -1; 0 0 0; 1 2 1",
    "blur": "0.0625 0.125 0.0625; 0.125 0.25 0.125; 0.0625 0.125 0.0625",
    "sharpen": "0 -1 0; -1 5 -1; 0 -1 0",
}
PHOTOGRAPHS_KERNELS = {
    "sobel_x": N_("Sobel x"),
    "sobel_y": N_("Sobel y"),
    "blur": N_("Blur"),
    "sharpen": N_("Sharpen"),
    "board": N_("The board's"),
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
    OneOf("conv_photo_kernel", "sobel_x", PHOTOGRAPHS_KERNELS),
    bound=True,
)
