"""One question of the page on which readers check themselves: asked, answered, explained."""

from pathlib import Path

import streamlit as st

from explorer.base.language import _
from explorer.lessons import quiz
from explorer.lessons.quiz import Question, Value
from explorer.lessons.quiz.record import Table
from explorer.ui.entries import entry
from explorer.ui.tables import show_table
from pages.learn.check.series import MOST_NUMBER, Given, Place, answers, go, new_seed

SHORT = 34  # characters of an answer up to which two stand in a row


def show(place: Place, asked: Question) -> None:
    """The question, its answers, and after one of them is given, the reason."""
    st.html(Path(__file__).with_suffix(".css"))
    draft = asked.draft
    beside = bool(draft.table)
    left, right = st.columns([3, 2], gap="large") if beside else (st.container(), None)
    with left:
        with st.container(border=True, key="quiz_card"):
            st.markdown(f"#### {draft.ask}")
            if draft.code:
                st.code(draft.code, language="python", wrap_lines=True)
            given = answers().get(place)
            if asked.typed:
                _type(place, asked, given)
            else:
                _choose(place, asked, given)
        if given:
            _reveal(asked, given)
        _steps(place, answered=given is not None)
    if right is not None:
        with right:
            _network(draft.table)


def _network(layers: Table) -> None:
    """The network's layers, without what is asked; the first row is the header."""
    head, *rows = layers
    show_table([dict(zip(head, row, strict=True)) for row in rows])


def _give(place: Place, asked: Question, answer: Value) -> None:
    answers().setdefault(place, Given(answer, asked.is_right(answer)))


def _choose(place: Place, asked: Question, given: Given | None) -> None:
    """A button for each choice; once one is pressed, they show what was right."""
    wide = 2 if max(len(quiz.spell(choice)) for choice in asked.choices) <= SHORT else 1
    for start in range(0, len(asked.choices), wide):  # row by row: so the keyboard goes
        for number, column in enumerate(st.columns(wide, gap="small"), start=start):
            if number < len(asked.choices):
                with column:
                    _answer(place, asked, given, number)


def _answer(place: Place, asked: Question, given: Given | None, number: int) -> None:
    choice = asked.choices[number]
    right = given is not None and asked.is_right(choice)
    chosen = given is not None and choice == given.answer
    st.button(
        quiz.spell(choice),
        key=f"quiz_choice_{number}",
        icon=":material/check_circle:" if right else ":material/cancel:" if chosen else None,
        type="primary" if right else "secondary",
        disabled=given is not None,
        width="stretch",
        on_click=_give,
        args=(place, asked, choice),
    )


def _type(place: Place, asked: Question, given: Given | None) -> None:
    """A number, or the arithmetic that gives it."""
    if given:
        return
    with (
        st.form("quiz_form", border=False, enter_to_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        text = st.text_input(
            _("Your answer: a number, or the arithmetic such as `6 * (5*5*1 + 1)`"),
            key=f"quiz_typed_{place.seed}_{place.topic}_{place.level}_{place.number}",
            autocomplete="off",
        )
        sent = st.form_submit_button(_("Check"), type="primary", key="quiz_check")
    if sent:
        try:
            answer = quiz.read_answer(text)
        except ValueError as error:
            st.error(str(error), icon=":material/straighten:")
            return
        _give(place, asked, answer)
        st.rerun()


def _reveal(asked: Question, given: Given) -> None:
    """Right or wrong, the mistake behind it, and the reason with its arithmetic."""
    draft = asked.draft
    if given.right:
        st.success(
            _("**Right: {answer}**").format(answer=quiz.spell(given.answer)),
            icon=":material/check_circle:",
        )
    else:
        told = _("**Wrong: {answer}**  \n{mistake}  \n**Right: {right}**")
        st.warning(
            told.format(
                answer=quiz.spell(given.answer),
                mistake=asked.mistake(given.answer),
                right=quiz.spell(asked.right),
            ),
            icon=":material/cancel:",
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
            _("Other questions"),
            key="quiz_new",
            icon=":material/casino:",
            on_click=new_seed,
            help=_("Another seed, drawn by chance."),
        )
