"""Which question of which series is asked, and the answers given in this sitting."""

import secrets
from dataclasses import dataclass

import streamlit as st

from explorer.base.language import _
from explorer.lessons import quiz
from explorer.lessons.quiz import Question, Value
from pages.learn.check.state import MOST_SEED, STATE

LAST = "quiz_last"  # the series of the last run: another one begins with its first question
ANSWERS = "quiz_answers"
MOST_NUMBER = 9_999


@dataclass(frozen=True)
class Place:
    """Which question of which series is on screen."""

    seed: int
    topic: str
    level: int
    number: int

    @property
    def first(self) -> int:
        """The number of the first of these ten."""
        return self.number - (self.number - 1) % quiz.ROUND

    def at(self, number: int) -> "Place":
        return Place(self.seed, self.topic, self.level, number)


@dataclass(frozen=True)
class Given:
    """An answer, once it is given for good."""

    answer: Value
    right: bool


def question(place: Place) -> Question:
    """The question there, in the reader's language."""
    return quiz.question(place.seed, place.number, place.topic, place.level)


def answers() -> dict[Place, Given]:
    """All answers of this sitting, in the order in which they were given."""
    kept: dict[Place, Given] = st.session_state.setdefault(ANSWERS, {})
    return kept


# -- picking ----------------------------------------------------------------------------------


def pick() -> Place:
    """Topic, difficulty and seed in one row; the number of the question from link or buttons."""
    opened = STATE.takes_query("quiz_number")  # then the link alone counts
    with st.container(horizontal=True, vertical_alignment="center", key="quiz_controls"):
        topic = STATE.pick_one("quiz_topic", _("Topic"), topics())
        level = STATE.pick_one("quiz_level", _("Difficulty"), _levels())
        seed = _seed()
    series = {"quiz_topic": topic, "quiz_level": level, "quiz_seed": seed}
    same = st.session_state.get(LAST) == series
    number = _said() if opened else st.session_state["quiz_number"] if same else 1
    st.session_state["quiz_number"] = number
    STATE.put("quiz_number", number, 1)
    st.session_state[LAST] = series
    return Place(seed, topic, int(level), number)


def topics() -> dict[str, str]:
    return {
        quiz.ALL: _("Everything"),
        "sizes": _("Sizes"),
        "counts": _("Costs"),
        "misfits": _("What breaks"),
        "field": _("What it sees"),
        "norm": _("Batch norm"),
    }


def _levels() -> dict[str, str]:
    return {"1": _("Easy"), "2": _("Medium"), "3": _("Hard")}


def _seed() -> int:
    return STATE.number(
        "quiz_seed",
        _("Seed"),
        _("The same seed gives everybody the same questions."),
        width=170,
        icon=":material/tag:",
    )


def new_seed() -> None:
    """Other questions, drawn by chance."""
    st.session_state["quiz_seed"] = secrets.randbelow(MOST_SEED) + 1


def _said() -> int:
    """The question's number as the link says it."""
    text = STATE.query("quiz_number") or "1"
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(number, 1), MOST_NUMBER)


def go(number: int) -> None:
    """To another question of the series."""
    st.session_state["quiz_number"] = number
