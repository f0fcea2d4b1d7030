"""Work that is going on, on the page: how far it is, and a button that stops it."""

from collections.abc import Callable
from typing import Protocol

import streamlit as st

from explorer.base.language import _

EVERY = 0.5  # seconds between two looks at the work


class Work(Protocol):
    """What a download in a thread and a task in a process have in common for whoever watches."""

    @property
    def done(self) -> int:
        """Bytes or pictures that are done …"""

    @property
    def total(self) -> int:
        """… of so many; 0 while that is not known."""

    @property
    def finished(self) -> bool:
        """Whether it has ended, in whatever way."""


@st.fragment(run_every=EVERY)
def watch(
    work: Work, words: Callable[[], str], stop: Callable[[], None], key: str, refused: str = ""
) -> None:
    """Draw it anew until it has ended, then the page.

    `words` are asked for each time; `refused` says why this visitor may not stop it.
    """
    if work.finished:
        st.rerun()
    st.progress(min(work.done / work.total, 1.0) if work.total else 0.0, words())
    st.button(
        _("Stop"),
        key=key,
        icon=":material/stop_circle:",
        disabled=bool(refused),
        help=refused or None,
        on_click=stop,
    )
