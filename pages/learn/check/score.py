"""Where one stands: the score of the sitting, and the summary of every ten questions."""

from collections.abc import Mapping

import streamlit as st

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.lessons import quiz
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.check.series import Given, Place, answers, go, question, topics


def score(place: Place) -> None:
    """Right of answered in this sitting, the streak, and a mark for each of these ten."""
    given = list(answers().values())
    right = sum(each.right for each in given)
    streak = next((i for i, each in enumerate(reversed(given)) if not each.right), len(given))
    with st.container(horizontal=True, vertical_alignment="center", key="quiz_score"):
        st.markdown(
            _("**Question {n}** of seed {seed}").format(n=place.number, seed=place.seed),
            width="content",
        )
        st.markdown(_marks(place), width="content")
        st.space("stretch")
        st.markdown(
            _("**{right}** of {all} right · streak **{streak}**").format(
                right=right, all=len(given), streak=streak
            ),
            width="content",
        )


def _marks(place: Place) -> str:
    """✓ right, ✗ wrong, ● here, ○ to come."""
    marks = []
    for number in range(place.first, place.first + quiz.ROUND):
        given = answers().get(place.at(number))
        mark = "○" if given is None else "✓" if given.right else "✗"
        mark = "●" if given is None and number == place.number else mark
        color = {"✓": "green", "✗": "orange", "●": "primary"}.get(mark, "gray")
        marks.append(f":{color}[**{mark}**]" if number == place.number else f":{color}[{mark}]")
    return "\u2002".join(marks)


# -- the summary of ten -----------------------------------------------------------------------


def summary(place: Place) -> None:
    """Once all of these ten are answered: which were right, and the list to take along."""
    ten = [place.at(place.first + i) for i in range(quiz.ROUND)]
    if any(each not in answers() for each in ten):
        return
    told = {each: answers()[each] for each in ten}
    right = sum(each.right for each in told.values())
    st.subheader(_("These ten: {n} right").format(n=right), anchor=False)
    show_table([_row(each, given) for each, given in told.items()])
    with st.container(horizontal=True):
        st.button(
            _("Ten more"), key="quiz_more", type="primary", on_click=go,
            args=(place.first + quiz.ROUND,),
        )  # fmt: skip
        file = f"check-seed-{place.seed}-{place.first}.csv"
        save_button(_("These ten (CSV)"), ten_csv(told), file)


def _row(place: Place, given: Given) -> dict[str, str]:
    asked = question(place)
    return {
        _("question"): str(place.number),
        _("about"): topics()[asked.topic],
        _("asked"): f"{asked.draft.ask} `{asked.draft.code}`".removesuffix(" ``"),
        _("your answer"): quiz.spell(given.answer),
        _("right answer"): quiz.spell(asked.right),
        "": "✓" if given.right else "✗",
    }


def ten_csv(told: Mapping[Place, Given]) -> str:
    """One row for each question answered: where to find it again, what was said, what is right.

    `series` is the topic chosen, `about` the question's own; `right` is 1 or 0.
    """
    return spreadsheet.records([_file_row(place, given) for place, given in told.items()])


def _file_row(place: Place, given: Given) -> dict[str, object]:
    asked = question(place)
    return {
        "seed": place.seed,
        "series": place.topic,
        "level": place.level,
        "question": place.number,
        "about": asked.topic,
        "asked": asked.draft.ask,
        "code": asked.draft.code,
        "answer": quiz.spell(given.answer),
        "right_answer": quiz.spell(asked.right),
        "right": int(given.right),
    }
