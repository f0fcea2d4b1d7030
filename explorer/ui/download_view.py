"""A download on the page: how far it is, how the last one ended, a button for another.

It runs in a thread of the server (`datasets.jobs`): whoever has the page open sees the same one,
and nothing is lost with a closed tab. Who may begin and stop it says `visitor`.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from explorer.base.jobs import Job
from explorer.base.language import _
from explorer.base.units import size
from explorer.ui import visitor, watched_work
from explorer.ui.downloads import Download
from explorer.ui.state import State


def going(state: State, download: Download) -> bool:
    """Show the download that is going on, if one is."""
    job = download.job
    if job is None or job.finished:
        return False
    stop = partial(_ask, visitor.stop_download, download)
    refused = visitor.may_not_stop(download)
    watched_work.watch(job, partial(_told, job), stop, state.key("stop_download"), refused)
    return True


def offer(state: State, download: Download, label: str, sentence: str) -> None:
    """How the last download ended, or the `sentence`, and a button for another."""
    job = download.job
    if job and job.reason:
        st.error(str(job.reason), icon=":material/cloud_off:")
    elif job and job.cancelled:
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
        st.toast(str(error), icon=":material/block:")


def _told(job: Job) -> str:
    if job.cancelled:
        return _("Stopping …")
    if not job.done or job.seconds_left is None:
        return _("Waiting for the server …")
    return _("{done} of {total} · {rate} a second · {seconds} s left").format(
        done=size(job.done),
        total=size(job.total),
        rate=size(job.rate),
        seconds=round(job.seconds_left),
    )
