"""The parts of the page on which readers check themselves, top to bottom."""

import secrets
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import quiz
from explorer.language import _
from explorer.quiz import Question, Value
from explorer.quiz.record import Table
from explorer.ui import learn, links
from explorer.ui.shell import ASSETS, entry

LAST = "quiz_last"  # where the reader was: kept while other pages are looked at
ANSWERS = "quiz_answers"
SHORT = 34  # characters of an answer up to which two stand in a row
MOST_SEED, MOST_NUMBER = 999_999, 9_999


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


# -- which questions --------------------------------------------------------------------------


def pick() -> Place:
    """Topic, difficulty and seed in one row; the number of the question from link or buttons."""
    last: dict[str, Any] = st.session_state.get(LAST, {})
    with st.container(horizontal=True, vertical_alignment="center", key="quiz_controls"):
        topic = _pick("quiz_topic", _("Topic"), topics(), last, quiz.ALL)
        level = int(_pick("quiz_level", _("Difficulty"), _levels(), last, "1"))
        seed = _seed(last)
    series = {"quiz_topic": topic, "quiz_level": str(level), "quiz_seed": seed}
    same = all(last.get(key, value) == value for key, value in series.items())
    number = _number(last) if same else 1
    st.session_state["quiz_number"] = number
    links.put("quiz_number", str(number), "1")
    st.session_state[LAST] = {**series, "quiz_number": number}
    return Place(seed, topic, level, number)


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


def _pick(key: str, label: str, words: dict[str, str], last: dict[str, Any], first: str) -> str:
    """A choice that prompts may set, and that other pages do not make forget."""
    if st.session_state.get(key) not in words:
        asked = st.query_params.get(key, last.get(key, first))
        st.session_state[key] = asked if asked in words else first
    chosen = st.segmented_control(
        label,
        list(words),
        format_func=words.__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    links.put(key, chosen or first, first)
    return chosen or first


def _seed(last: dict[str, Any]) -> int:
    learn.default("quiz_seed", int(last.get("quiz_seed", 1)))
    seed = st.number_input(
        _("Seed"),
        min_value=0,
        max_value=MOST_SEED,
        key="quiz_seed",
        bind="query-params",
        width=170,
        label_visibility="collapsed",
        icon=":material/tag:",
        help=_("The same seed gives everybody the same questions."),
    )
    return int(seed)


def _new_seed() -> None:
    st.session_state["quiz_seed"] = secrets.randbelow(MOST_SEED) + 1


def _number(last: dict[str, Any]) -> int:
    asked = st.session_state.get("quiz_number") or st.query_params.get(
        "quiz_number", last.get("quiz_number", 1)
    )
    text = str(asked)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(number, 1), MOST_NUMBER)


# -- where one stands -------------------------------------------------------------------------


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


# -- the question -----------------------------------------------------------------------------


def show(place: Place, asked: Question) -> None:
    """The question, its answers, and after one of them is given, the reason."""
    st.html(ASSETS / "quiz.css")
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
            _table(draft.table)


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


def go(number: int) -> None:
    st.session_state["quiz_number"] = number


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
            on_click=_new_seed,
            help=_("Another seed, drawn by chance."),
        )


def _table(rows: Table) -> None:
    """The network's layers, without what is asked."""
    lines = [" | ".join(row) for row in rows]
    lines.insert(1, " | ".join(["---"] * len(rows[0])))
    st.markdown("\n".join(f"| {line} |" for line in lines))
