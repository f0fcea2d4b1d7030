"""How large is the output, and what is never read?"""

from collections.abc import Callable, Mapping
from typing import Any

from explorer.base.language import N_, _
from explorer.lessons import definitions
from explorer.networks.ops import output_size
from explorer.ui import lesson
from explorer.ui.lesson import Question
from pages.learn.padding_stride import parts, planes
from pages.learn.padding_stride.parts import COURSE, one, same
from pages.learn.padding_stride.state import STATE

VIEWS: Mapping[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "one": (parts.pick_axis, parts.one_axis),
    "two": (planes.pick_axes, planes.two_axes),
    "same": (planes.pick_same, planes.same_size),
}
view = STATE.pick_one("pad_view", _("View"))
controls, picture = lesson.controls_and_picture()
pick, draw = VIEWS[view]
with controls:
    axes = pick()
with picture:
    draw(axes)

lesson.try_this(parts.prompts(view))
QUESTIONS = (
    Question(
        N_("The formula gave me 7, PyTorch gave 8. Who is right?"),
        N_(
            "Both, about different p. Formulas in books often write p for the zeros of *both* "
            "sides; PyTorch's `padding=1` puts one on *each*. 8 − 3 + 2 + 1 = 8, with 2 in total; "
            "with the 1 from the code it would be 7."
        ),
        one(8, 3, 1, 1),
    ),
    Question(
        N_("Does padding=(0, 1) pad all four sides?"),
        N_(
            "No. The first number is for the height, the second for the width: no row above or "
            "below, one column on the left and one on the right."
        ),
        COURSE["3×5, p (0, 1), s (3, 4)"],
    ),
    Question(
        N_("With an even kernel, on which side is the extra zero?"),
        N_(
            'In PyTorch\'s `padding="same"` on the right and at the bottom: 1 2 3 4 under a window '
            "of two ones gives 3 5 7 4. Other texts put it on the left and the top, which gives "
            "1 3 5 7. Only odd kernels leave no choice."
        ),
        same(4, 2),
    ),
    Question(
        N_("Does every convolution shrink the picture?"),
        N_(
            "Without padding it loses k − 1 cells: LeNet's second 5 × 5 goes from 14 to 10. With "
            "p = 2 its first keeps 28 at 28. It depends on k, p and s, not on it being a "
            "convolution."
        ),
        one(14, 5, 0, 1),
    ),
    Question(
        N_("How does the window walk with stride (3, 2)?"),
        N_(
            "Along a row it moves 2 columns at a time; at the end of the row it goes 3 rows down "
            "and back to the left. The two never happen in one step. Play it."
        ),
        COURSE["3×3 ⋆ 2×2, p 1, s (3, 2)"],
    ),
)
lesson.questions(QUESTIONS)
lesson.definition(definitions.output_size, engine=(output_size,))
