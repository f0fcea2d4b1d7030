"""The summary of ten questions, series to try, and what learners ask."""

import csv
import io

import streamlit as st

from explorer import quiz
from explorer.language import N_, _
from explorer.ui import learn
from explorer.ui.learn import Setting
from explorer.ui.quiz_view import Place, answers, go, question, topics

# -- the summary of ten -----------------------------------------------------------------------


def summary(place: Place) -> None:
    """Once all of these ten are answered: which were right, and the list to take along."""
    ten = [place.at(place.first + i) for i in range(quiz.ROUND)]
    given = [answers().get(each) for each in ten]
    done = [each for each in given if each is not None]
    if len(done) < quiz.ROUND:
        return
    right = sum(each.right for each in done)
    st.subheader(_("These ten: {n} right").format(n=right), anchor=False)
    rows = [
        {
            _("question"): str(each.number),
            _("about"): topics()[asked.topic],
            _("asked"): f"{asked.draft.ask} `{asked.draft.code}`".removesuffix(" ``"),
            _("your answer"): quiz.spell(its.answer),
            _("right answer"): quiz.spell(asked.right),
            "": "✓" if its.right else "✗",
        }
        for each, its in zip(ten, done, strict=True)
        if (asked := question(each))
    ]
    st.table(rows)
    with st.container(horizontal=True):
        st.button(
            _("Ten more"), key="quiz_more", type="primary", on_click=go,
            args=(place.first + quiz.ROUND,),
        )  # fmt: skip
        st.download_button(
            _("These ten (CSV)"),
            _csv(place, rows),
            f"check-seed-{place.seed}-{place.first}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _csv(place: Place, rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seed", "topic", "level", *list(rows[0])[:-1], _("right")])
    for row in rows:
        *told, mark = row.values()
        writer.writerow([place.seed, place.topic, place.level, *told, int(mark == "✓")])
    return text.getvalue()


# -- to try, and what learners ask --------------------------------------------------------------


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
    learn.Question(
        N_("Does a larger picture need more parameters?"),
        N_(
            "Convolutions and batch norm do not: their weights belong to no place. Multiply-adds "
            "and memory grow with height × width. Only a linear layer behind a flatten has one "
            "weight for every place, which is why it takes one size only."
        ),
        {"quiz_topic": "sizes", "quiz_level": "2"},
    ),
    learn.Question(
        N_("Is padding counted on one side or on both?"),
        N_(
            "Course texts use p for both at once, PyTorch's padding is per side: 3 × 3 with "
            "padding=1 adds 2 in all and keeps the size. The answer with the padding counted once "
            "is always among the mistakes here."
        ),
        {"quiz_topic": "sizes", "quiz_level": "1"},
    ),
    learn.Question(
        N_("Does a stride change the number of channels?"),
        N_(
            "No. Stride, padding and pooling change height and width; the number of kernels "
            "alone decides how many channels leave, and joining branches adds them up."
        ),
        {"quiz_topic": "counts", "quiz_level": "1"},
    ),
)
