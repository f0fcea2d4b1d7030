"""What the address of this page holds."""

from functools import partial

from explorer.base.language import N_
from explorer.lessons import quiz
from explorer.ui import lesson
from explorer.ui.state import Number, OneOf, Open, State

MOST_SEED = 999_999
TOPICS = {
    quiz.ALL: N_("Everything"),
    "sizes": N_("Sizes"),
    "counts": N_("Costs"),
    "misfits": N_("What breaks"),
    "field": N_("What it sees"),
    "norm": N_("Batch norm"),
}
STATE = State(
    "check",
    OneOf("quiz_topic", quiz.ALL, TOPICS),
    OneOf("quiz_level", "1", {"1": N_("Easy"), "2": N_("Medium"), "3": N_("Hard")}),
    Number("quiz_seed", 1, 0, MOST_SEED),
    Open("quiz_number", "1"),
    bound=True,
)

to = partial(lesson.setting, "quiz")
