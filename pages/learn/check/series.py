"""Which question of which series is asked, the answers given in this sitting, and their score."""

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from explorer.base.language import _
from explorer.lessons import quiz
from explorer.lessons.quiz import Question, Value
from explorer.ui.entries import entry
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
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
    sitting: dict[Place, Answer] = st.session_state.setdefault("quiz_answers", {})
    return sitting


def pick() -> Place:
    """Topic, difficulty and seed in one row; the number of the question from link or buttons."""
    opened = STATE.takes_query("quiz_number")  # then the link alone counts
    same = _("The same seed gives everybody the same questions.")
    with st.container(horizontal=True, vertical_alignment="bottom", key="quiz_controls"):
        topic = STATE.pick_one("quiz_topic", _("Topic"))
        level = int(STATE.pick_one("quiz_level", _("Difficulty")))
        seed = STATE.number("quiz_seed", _("Seed"), same, width=150)
    series = seed, topic, level
    continued = st.session_state.get(LAST) == series
    number = _linked() if opened else int(STATE["quiz_number"]) if continued else 1
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


# -- where one stands ------------------------------------------------------------------------


def score(place: Place) -> None:
    """Right of answered in this sitting, the streak, and a mark for each of these ten."""
    marks = [answer.right for answer in answers().values()]
    streak = [*reversed(marks), False].index(False)
    with st.container(horizontal=True, vertical_alignment="center", key="quiz_score"):
        st.markdown(
            _("**Question {n}** of seed {seed}").format(n=place.number, seed=place.seed),
            width="content",
        )
        st.markdown(_marks(place), width="content")
        st.space("stretch")
        st.markdown(
            _("**{right}** of {all} right · streak **{streak}**").format(
                right=sum(marks), all=len(marks), streak=streak
            ),
            width="content",
        )


def _marks(place: Place) -> str:
    """✓ right, ✗ wrong, ● here, ○ to come."""
    marks = []
    for each in place.ten():
        answer = answers().get(each)
        mark = "✓" if answer and answer.right else "✗" if answer else "●" if each == place else "○"
        color = {"✓": "green", "✗": "orange", "●": "primary", "○": "gray"}[mark]
        marks.append(f":{color}[**{mark}**]" if each == place else f":{color}[{mark}]")
    return "\u2002".join(marks)


def summary(place: Place) -> None:
    """Once all of these ten are answered: which were right, and the list to take along."""
    ten = {each: answers()[each] for each in place.ten() if each in answers()}
    if len(ten) < quiz.ROUND:
        return
    first, right = place.ten()[0].number, sum(answer.right for answer in ten.values())
    st.subheader(_("These ten: {n} right").format(n=right), anchor=False)
    show_table([_row(*each) for each in ten.items()])
    _again([each.question() for each, answer in ten.items() if not answer.right])
    with st.container(horizontal=True):
        st.button(
            _("Ten more"), key="quiz_more", type="primary", on_click=go,
            args=(first + quiz.ROUND,),
        )  # fmt: skip
        save_button(_("These ten (CSV)"), ten_rows(ten), f"check-seed-{place.seed}-{first}.csv")


def _again(missed: Sequence[Question]) -> None:
    """What to look at again: a link to each page that shows what was missed, at the first case."""
    if not missed:
        st.markdown(_("Nothing to look at again: try a harder level, or type every number."))
        return
    st.markdown(_("**Look at again**, each page set up with a question that you missed:"))
    first = {each.draft.see.url: each for each in reversed(missed)}
    with st.container(horizontal=True, key="quiz_again"):
        for url, question in sorted(first.items(), key=lambda item: item[1].number):
            page, see = entry(url), question.draft.see
            words = _("{page}, question {n}").format(page=_(page.title), n=question.number)
            st.page_link(
                page.path, label=words, icon=page.icon, query_params=dict(see.params), help=""
            )


def _row(place: Place, answer: Answer) -> dict[str, str]:
    question = place.question()
    return {
        _("question"): str(place.number),
        _("about"): STATE.words("quiz_topic")[question.topic],
        _("asked"): f"{question.draft.ask} `{question.draft.code}`".removesuffix(" ``"),
        _("your answer"): quiz.spell(answer.value),
        _("right answer"): quiz.spell(question.right),
        "": "✓" if answer.right else "✗",
    }


def ten_rows(ten: Mapping[Place, Answer]) -> list[dict[str, object]]:
    """One row for each question answered: where to find it again, what was said, what is right.

    `series` is the topic chosen, `about` the question's own; `right` is 1 or 0.
    """
    return [_file_row(place, place.question(), answer) for place, answer in ten.items()]


def _file_row(place: Place, question: Question, answer: Answer) -> dict[str, object]:
    return {
        "seed": place.seed,
        "series": place.topic,
        "level": place.level,
        "question": place.number,
        "about": question.topic,
        "asked": question.draft.ask,
        "code": question.draft.code,
        "answer": quiz.spell(answer.value),
        "right_answer": quiz.spell(question.right),
        "right": int(answer.right),
    }
