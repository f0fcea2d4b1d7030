"""Where one stands: the score of the sitting, and the summary of every ten questions."""

from collections.abc import Mapping

import streamlit as st

from explorer.base.language import _
from explorer.lessons import quiz
from explorer.lessons.quiz import Question
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.check.series import Answer, Place, answers, go
from pages.learn.check.state import STATE


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
    with st.container(horizontal=True):
        st.button(
            _("Ten more"), key="quiz_more", type="primary", on_click=go,
            args=(first + quiz.ROUND,),
        )  # fmt: skip
        save_button(_("These ten (CSV)"), ten_rows(ten), f"check-seed-{place.seed}-{first}.csv")


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
