"""The place in the sidebar where a teacher gives the key, where a class shares the server."""

import streamlit as st

from explorer.base.language import _
from explorer.ui import complaint, transport, visitor

_KEY = "teacher_key"
_MESSAGE = "what came of the last key"


def place() -> None:
    """Draw it."""
    with st.sidebar:
        if visitor.current().teacher:
            _leave()
        else:
            _enter()


def _leave() -> None:
    st.button(
        _("You are the teacher"),
        key="teacher_leave",
        icon=":material/school:",
        help=_(
            "You may change every run. Press to be a visitor again, on a borrowed computer say."
        ),
        on_click=visitor.leave_teacher,
    )


def _enter() -> None:
    with st.popover(_("I am the teacher"), icon=":material/school:"):
        with st.form("teacher", border=False):
            st.text_input(
                _("The teacher's key"), key=_KEY, type="password", autocomplete="off", max_chars=200
            )
            st.form_submit_button(_("Give the key"), on_click=_try)
        st.caption(_("It stands in the terminal in which the server was started."))
        if transport.in_the_clear():
            st.caption(_("It is sent in the clear: who listens on the network can read it."))
        if message := st.session_state.pop(_MESSAGE, ""):
            complaint.show(message, "key_off")


def _try() -> None:
    key = str(st.session_state.pop(_KEY, ""))  # it stays nowhere
    try:
        if not visitor.become_teacher(key):
            st.session_state[_MESSAGE] = _("That is not the teacher's key.")
    except ValueError as error:
        st.session_state[_MESSAGE] = str(error)
