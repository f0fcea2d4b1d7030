"""One question of the page on which readers check themselves: asked, answered, explained."""

from pathlib import Path

import streamlit as st

from explorer.base.language import _
from explorer.lessons import quiz
from explorer.lessons.quiz import Question, Value
from explorer.ui import complaint
from explorer.ui.entries import entry
from explorer.ui.tables import show_table
from pages.learn.check.series import MOST_NUMBER, Answer, Place, answers, go, new_seed

SHORT = 34  # characters of an answer up to which two stand in a row


def show(place: Place) -> None:
    """The question, its answers, and after one of them is given, the reason."""
    st.html(Path(__file__).with_suffix(".css"))
    question, answer = place.question(), answers().get(place)
    draft = question.draft
    left, right = st.columns([3, 2], gap="large") if draft.table else (st.container(), None)
    with left:
        with st.container(border=True, key="quiz_card"):
            st.markdown(f"#### {draft.ask}")
            if draft.code:
                st.code(draft.code, language="python", wrap_lines=True)
            if not question.typed:
                _choose(place, question, answer)
            elif not answer:
                _type(place, question)
        if answer:
            _reveal(question, answer)
        _steps(place, answered=answer is not None)
    if right is not None:
        head, *rows = draft.table  # the network's layers, without what is asked
        with right:
            show_table([dict(zip(head, row, strict=True)) for row in rows])


def _give(place: Place, question: Question, value: Value) -> None:
    answers().setdefault(place, Answer(value, question.is_right(value)))


def _choose(place: Place, question: Question, answer: Answer | None) -> None:
    """A button for each choice; once one is pressed, they show what was right."""
    choices = question.choices
    wide = 2 if max(len(quiz.spell(choice)) for choice in choices) <= SHORT else 1
    for start in range(0, len(choices), wide):  # row by row: so the keyboard goes
        for number, column in enumerate(st.columns(wide, gap="small"), start=start):
            if number < len(choices):
                with column:
                    _choice(place, question, answer, number)


def _choice(place: Place, question: Question, answer: Answer | None, number: int) -> None:
    choice = question.choices[number]
    right = answer is not None and question.is_right(choice)
    wrong = answer is not None and choice == answer.value and not right
    st.button(
        quiz.spell(choice), key=f"quiz_choice_{number}",
        icon=":material/check_circle:" if right else ":material/cancel:" if wrong else None,
        type="primary" if right else "secondary", disabled=answer is not None, width="stretch",
        on_click=_give, args=(place, question, choice),
    )  # fmt: skip


def _type(place: Place, question: Question) -> None:
    """A number, or the arithmetic that gives it."""
    with (
        st.form("quiz_form", border=False, enter_to_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        text = st.text_input(
            _("Your answer: a number, or the arithmetic such as `6 * (5*5*1 + 1)`"),
            key="_".join(map(str, ("quiz_typed", *place))),
            autocomplete="off",
        )
        sent = st.form_submit_button(_("Check"), type="primary", key="quiz_check")
    if sent:
        try:
            value = quiz.read_answer(text)
        except ValueError as error:
            complaint.show(error, "straighten")
            return
        _give(place, question, value)
        st.rerun()


def _reveal(question: Question, answer: Answer) -> None:
    """Right or wrong, the mistake behind it, and the reason with its arithmetic."""
    draft, value = question.draft, quiz.spell(answer.value)
    if answer.right:
        words = _("**Right: {answer}**").format(answer=value)
        st.success(words, icon=":material/check_circle:")
    else:
        words = _("**Wrong: {answer}**  \n{mistake}  \n**Right: {right}**")
        mistake, right = question.mistake(answer.value), quiz.spell(question.right)
        st.warning(
            words.format(answer=value, mistake=mistake, right=right), icon=":material/cancel:"
        )
    st.code("\n".join(draft.reason), language=None, wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        if draft.note:
            st.markdown(draft.note)
        page = entry(draft.see.url)
        st.page_link(
            page.path,
            label=_("See it: {page}").format(page=_(page.title)),
            icon=":material/visibility:",
            query_params=dict(draft.see.params),
            help="",
        )


def _steps(place: Place, *, answered: bool) -> None:
    with st.container(horizontal=True, key="quiz_steps"):
        st.button(
            _("Previous"),
            key="quiz_previous",
            icon=":material/arrow_back:",
            disabled=place.number == 1,
            on_click=go,
            args=(place.number - 1,),
        )
        st.button(
            _("Next question"),
            key="quiz_next",
            icon=":material/arrow_forward:",
            icon_position="right",
            type="primary" if answered else "secondary",
            disabled=place.number == MOST_NUMBER,
            on_click=go,
            args=(place.number + 1,),
        )
        st.space("stretch")
        st.button(
            _("Other questions"), key="quiz_new", icon=":material/casino:", on_click=new_seed,
            help=_("Another seed, drawn by chance."),
        )  # fmt: skip
