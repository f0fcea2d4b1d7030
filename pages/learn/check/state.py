"""What the address of this page holds."""

from explorer.lessons import quiz
from explorer.ui.fields import Number, OneOf, Open
from explorer.ui.state import State

MOST_SEED = 999_999

STATE = State(
    "check",
    OneOf("quiz_topic", quiz.ALL, (quiz.ALL, *quiz.TOPICS)),
    OneOf("quiz_level", "1", ("1", "2", "3")),
    Number("quiz_seed", 1, 0, MOST_SEED),
    Open("quiz_number", "1"),
    bound=True,
)
