"""What every learning page has: things to try, questions answered by experiments, definitions.

A prompt is a label and a setting: widget keys with the values that the prompt puts into them.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from explorer.language import _

T = TypeVar("T")
Setting = Mapping[str, Any]  # widget key → value


@dataclass(frozen=True)
class Question:
    """A learner's question, its answer in a few sentences, and the experiment that shows it."""

    question: str  # marked with N_, as is the answer
    answer: str
    setting: Setting


def default(key: str, value: T) -> T:
    """`value`, put into widget `key` if nothing is there yet, neither from a link nor by hand.

    A widget that can also be set by a prompt takes its default this way and no `value=`:
    Streamlit wants one or the other.
    """
    if key not in st.session_state and key not in st.query_params:
        st.session_state[key] = value
    return value


def put(setting: Setting) -> None:
    """Set widgets; as a button's `on_click`, before the page runs again."""
    for key, value in setting.items():
        st.session_state[key] = value


def try_this(prompts: Mapping[str, Setting]) -> None:
    """Buttons in a row, each of which sets the controls for an experiment (label → setting)."""
    with st.container(horizontal=True, vertical_alignment="center", key="try_this"):
        st.markdown(_("**Try this:**"), width="content")
        for number, (label, setting) in enumerate(prompts.items()):
            st.button(label, key=f"try_{number}", on_click=put, args=(setting,))


def questions(asked: Sequence[Question]) -> None:
    """The course's questions, each with its answer and a button that sets up the experiment."""
    st.subheader(_("Learners ask"), anchor=False)
    for number, each in enumerate(asked):
        with st.expander(_(each.question)):
            st.markdown(_(each.answer))
            st.button(
                _("Show me"),
                key=f"show_{number}",
                icon=":material/science:",
                on_click=put,
                args=(each.setting,),
            )


def definition(*functions: Callable[..., Any]) -> None:
    """The code of the operations on this page, readable as their definition."""
    with st.expander(_("The definition, in code"), icon=":material/code:"):
        st.code("\n\n".join(inspect.getsource(each) for each in functions), language="python")


def last_good(key: str, read: Callable[[], T]) -> T:
    """What `read` gives; if it raises ValueError, its sentence, and what it gave last time.

    Raises:
        ValueError: there was no last time (the page's own defaults are wrong).
    """
    kept = f"last good {key}"
    try:
        st.session_state[kept] = read()
    except ValueError as error:
        st.error(str(error), icon=":material/straighten:")
        if kept not in st.session_state:
            raise
    value: T = st.session_state[kept]
    return value
