"""What learners ask about receptive fields, and the experiments that answer."""

from explorer.base.language import N_
from explorer.ui.lesson import Question
from pages.learn.receptive_field.parts import stack_setting

QUESTIONS = (
    Question(
        N_("How does information reach the end when height and width shrink?"),
        N_(
            "Each cell stands for a growing patch of the picture: in LeNet a cell of the last map "
            "sees 16 of the 28 pixels each way. Fewer cells, each one seeing more, and more "
            "channels to say what is there."
        ),
        stack_setting("c5p2 a2 c5 a2", 28),
    ),
    Question(
        N_("Why do two 2 × 2 kernels see nine pixels and not eight or sixteen?"),
        N_(
            "The windows of the second layer's four cells overlap: side by side they cover 3 × 3 "
            "= 9 pixels, the middle one four times. (2 + 1·(2 − 1)·1 = 3 along each axis.)"
        ),
        stack_setting("c2 c2", 8),
    ),
    Question(
        N_("Do two 3 × 3 layers replace one 5 × 5?"),
        N_(
            "They see the same 25 pixels with 28 % fewer weights and one non-linearity more. They "
            "cannot represent every 5 × 5 kernel; whether that hurts is decided by training."
        ),
        {"field_view": "why"},
    ),
    Question(
        N_("Does a unit use its whole field?"),
        N_(
            "Hardly. Pixels at the edge reach it on few paths, those in the middle on many, so "
            "the measured field is a spot in the middle of the box. Deeper stacks: a larger box, "
            "and a smaller share of it that counts."
        ),
        stack_setting("c3 c3 c3 c3 c3 c3 c3 c3", 33, "effective"),
    ),
    Question(
        N_("Can dilation see far for free?"),
        N_(
            "Two layers with dilation 2 span 9 pixels but read only every other one: the rest are "
            "holes. Dilations 1, 2, 4 one after the other leave none, and see 15 pixels."
        ),
        stack_setting("c3d2 c3d2", 24),
    ),
)
