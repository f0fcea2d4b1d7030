"""What the address of this page holds."""

from explorer.ui.fields import Number, OneOf, Open
from explorer.ui.state import State

STATE = State(
    "padding-stride",
    OneOf("pad_view", "one", ("one", "two", "same")),
    Number("pad_size", 9),
    Number("pad_kernel", 4),
    Number("pad_padding", 0),
    Number("pad_stride", 3),
    Number("pad_dilation", 1),
    Open("pad_at", "1"),
    Open("pad_input2", "8x8"),
    Open("pad_kernel2", "3x3"),
    Open("pad_padding2", "1"),
    Open("pad_stride2", "1"),
    Open("pad_at2", "1"),
    Number("pad_same_size", 4),
    Number("pad_same_kernel", 2),
    bound=True,
)
