"""Series of questions to try, and what learners ask on the page on which they check themselves."""

from explorer.base.language import N_, _
from explorer.lessons import quiz
from explorer.ui import lesson
from explorer.ui.lesson import Setting


def prompts() -> dict[str, Setting]:
    """Series worth a try."""
    return {
        _("Only what breaks"): {"quiz_topic": "misfits", "quiz_level": "1"},
        _("Sizes by heart"): {"quiz_topic": "sizes", "quiz_level": "2"},
        _("Type every number"): {"quiz_topic": "counts", "quiz_level": "3"},
        _("How far does it see?"): {"quiz_topic": "field", "quiz_level": "2"},
        _("The class's ten: seed 2024"): {
            "quiz_topic": quiz.ALL, "quiz_level": "2", "quiz_seed": 2024, "quiz_number": 1,
        },
    }  # fmt: skip


ASKED = (
    lesson.Question(
        N_("Does a larger picture need more parameters?"),
        N_(
            "Convolutions and batch norm do not: their weights belong to no place. Multiply-adds "
            "and memory grow with height × width. Only a linear layer behind a flatten has one "
            "weight for every place, which is why it takes one size only."
        ),
        {"quiz_topic": "sizes", "quiz_level": "2"},
    ),
    lesson.Question(
        N_("Is padding counted on one side or on both?"),
        N_(
            "Course texts use p for both at once, PyTorch's padding is per side: 3 × 3 with "
            "padding=1 adds 2 in all and keeps the size. The answer with the padding counted once "
            "is a common wrong choice here."
        ),
        {"quiz_topic": "sizes", "quiz_level": "1"},
    ),
    lesson.Question(
        N_("Does a stride change the number of channels?"),
        N_(
            "No. Stride, padding and pooling change height and width; the number of kernels "
            "alone decides how many channels leave, and joining branches adds them up."
        ),
        {"quiz_topic": "counts", "quiz_level": "1"},
    ),
)
