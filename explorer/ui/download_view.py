"""A download on the page: how far it is, how the last one ended, a button for another.

Whoever has the page open sees the same one. Who may begin and stop it says `visitor`.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from explorer.base.language import _
from explorer.base.tasks import Task
from explorer.base.units import size
from explorer.ui import complaint, progress, visitor
from explorer.ui.downloads import Download
from explorer.ui.state import State


def going(state: State, download: Download) -> bool:
    """Show the download that is going on, if one is."""
    task = download.task
    if task is None or task.finished:
        return False
    stop = partial(_ask, visitor.stop_download, download)
    refused = visitor.may_not_stop(download)
    progress.watch(task, partial(_words, task), stop, state.key("stop_download"), refused)
    return True


def offer(state: State, download: Download, label: str, sentence: str) -> None:
    """How the last download ended, or the `sentence`, and a button for another."""
    task = download.task
    if task and task.failed:
        complaint.show(task.sentence, "cloud_off")
    elif task and task.stopped:
        st.info(_("The download was stopped; nothing of it is kept."), icon=":material/block:")
    elif sentence:
        st.info(sentence, icon=":material/cloud_download:")
    refused = visitor.may_not_download(download.size)
    st.button(
        label,
        key=state.key("download"),
        type="primary",
        icon=":material/download:",
        disabled=bool(refused),
        help=refused or None,
        on_click=_ask,
        args=(visitor.start_download, download),
    )


def _ask(change: Callable[[Download], None], download: Download) -> None:
    """What a button does; a refusal is a sentence at the page's edge."""
    try:
        change(download)
    except ValueError as error:
        complaint.toast(error, "block")


def _words(task: Task[str]) -> str:
    if task.stopped:
        return _("Stopping …")
    if not task.done or task.seconds_left is None:
        return _("Waiting for the server …")
    return _("{done} of {total} · {rate} a second · {seconds} s left").format(
        done=size(task.done),
        total=size(task.total),
        rate=size(task.done / max(task.seconds, 1e-3)),
        seconds=round(task.seconds_left),
    )
