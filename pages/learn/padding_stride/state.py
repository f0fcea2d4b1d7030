"""What the address of this page holds."""

from functools import partial

from explorer.base.language import N_
from explorer.ui import lesson
from explorer.ui.state import Number, OneOf, Open, State

VIEWS = {"one": N_("One axis"), "two": N_("Two axes"), "same": N_("Same size, odd and even")}
STATE = State(
    "padding-stride",
    OneOf("pad_view", "one", VIEWS),
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

to = partial(lesson.setting, "pad")
