"""Which question of which series is asked, and the answers given in this sitting."""

import secrets
from typing import NamedTuple

import streamlit as st

from explorer.base.language import _
from explorer.lessons import quiz
from explorer.lessons.quiz import Question, Value
from pages.learn.check.state import MOST_SEED, STATE

LAST = "quiz_last"  # the series of the last run: another one begins with its first question
MOST_NUMBER = 9_999


class Place(NamedTuple):
    """Which question of which series is on screen."""

    seed: int
    topic: str
    level: int
    number: int

    def ten(self) -> list["Place"]:
        """The places of the ten questions to which it belongs."""
        first = self.number - (self.number - 1) % quiz.ROUND
        return [self._replace(number=first + n) for n in range(quiz.ROUND)]

    def question(self) -> Question:
        """The question there, in the reader's language."""
        return quiz.question(self.seed, self.number, self.topic, self.level)


class Answer(NamedTuple):
    """An answer, once it is given for good."""

    value: Value
    right: bool


def answers() -> dict[Place, Answer]:
    """All answers of this sitting, in the order in which they were given."""
    kept: dict[Place, Answer] = st.session_state.setdefault("quiz_answers", {})
    return kept


def pick() -> Place:
    """Topic, difficulty and seed in one row; the number of the question from link or buttons."""
    opened = STATE.takes_query("quiz_number")  # then the link alone counts
    same = _("The same seed gives everybody the same questions.")
    with st.container(horizontal=True, vertical_alignment="center", key="quiz_controls"):
        topic = STATE.pick_one("quiz_topic", _("Topic"))
        level = int(STATE.pick_one("quiz_level", _("Difficulty")))
        seed = STATE.number("quiz_seed", _("Seed"), same, width=170, icon=":material/tag:")
    series = seed, topic, level
    continued = st.session_state.get(LAST) == series
    number = _linked() if opened else STATE["quiz_number"] if continued else 1
    STATE["quiz_number"] = number
    STATE.put("quiz_number", number, 1)
    st.session_state[LAST] = series
    return Place(*series, number)


def _linked() -> int:
    """The question's number as the link says it."""
    text = STATE.query("quiz_number") or "1"
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(number, 1), MOST_NUMBER)


def new_seed() -> None:
    """Other questions, drawn by chance."""
    STATE["quiz_seed"] = secrets.randbelow(MOST_SEED) + 1


def go(number: int) -> None:
    """To another question of the series."""
    STATE["quiz_number"] = number
