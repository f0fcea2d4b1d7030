"""A visitor's file, read in a process of its own: how far it is, the time left, a button to stop.

What takes less than a second is simply waited for.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.base import plain_text
from explorer.base.language import _, ngettext
from explorer.base.tasks import Client, Pool, Refused, Task
from explorer.base.units import exact
from explorer.ui import visitor, watched_work

Value = TypeVar("Value")

PATIENCE = 0.9  # seconds from the start before anything is shown of it


def client() -> Client:
    """Who is served now: each visitor has one turn at a time, each network its share."""
    context = get_script_run_ctx()
    owner = visitor.current().owner
    return Client(owner or (context.session_id if context else ""), visitor.address())


def read(
    given: UploadedFile | None, start: Callable[[bytes], Task[Value]], pool: Pool, key: str
) -> Value | None:
    """What an upload is, once it is read; until then, or if it is refused, that is on the page.

    The work on it is begun once, by `start`, and waits in the session under `key`.
    """
    if given is None:
        forget(key)
        return None
    try:
        task = _task(given, start, key)
        if not _finished(task, pool, key):
            return None
        if task.stopped:
            st.info(task.sentence, icon=":material/block:")
            return None
        return task.result()
    except Refused as refused:
        st.error(plain_text.markdown(str(refused)), icon=":material/broken_image:")
        return None


def forget(key: str) -> None:
    """Let go of the work under `key`; what is not done is not needed any more."""
    if held := st.session_state.pop(_held(key), None):
        held[1].stop()


def _held(key: str) -> str:
    return f"{key} reading"


def _task(given: UploadedFile, start: Callable[[bytes], Task[Value]], key: str) -> Task[Value]:
    held: tuple[str, Task[Value]] | None = st.session_state.get(_held(key))
    if held and held[0] == given.file_id:
        return held[1]
    forget(key)
    task = start(given.getvalue())
    st.session_state[_held(key)] = (given.file_id, task)
    return task


def _finished(task: Task[Any], pool: Pool, key: str) -> bool:
    if task.wait(max(PATIENCE - task.age, 0.0)):
        return True
    watched_work.watch(task, partial(_told, task, pool), task.stop, f"{key}_stop")
    return False


def in_round_words(seconds: float) -> str:
    """3599 → "1 hour", 61 → "2 minutes": whole ones, rounded up, as it is a bound."""
    n = max(1, math.ceil(seconds / 60))
    if n >= 60:
        hours = math.ceil(n / 60)
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    return ngettext("{n} minute", "{n} minutes", n).format(n=n)


def _told(task: Task[Any], pool: Pool) -> str:
    if before := max(pool.position(task) - 1, 0):
        words = ngettext("Waiting: {n} file comes first", "Waiting: {n} files come first", before)
        return words.format(n=before)
    if task.waiting:
        return _("Waiting: this file is next")
    if not task.total or task.seconds_left is None:
        words = _("Reading it … it is given up after {time} at the latest")
        return words.format(time=in_round_words(task.most_seconds_left))
    return _("{percent} % of {n} pictures · {left} s left").format(  # each is looked at twice
        percent=100 * task.done // task.total,
        n=exact(task.total // 2),
        left=round(task.seconds_left),
    )
