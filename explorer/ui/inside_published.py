"""Getting the weights that torchvision publishes: asked for with a button, watched, stopped.

The download runs in a thread of the server (`datasets.jobs`): whoever has the page open sees the
same one.
"""

import streamlit as st

from explorer.datasets import jobs
from explorer.datasets.jobs import Job
from explorer.language import _
from explorer.tasks import Progress
from explorer.ui.state import State
from explorer.units import size
from explorer.weights import published

EVERY = 0.5  # seconds between two looks at the download


def here(network: str) -> bool:
    """Whether the file is on this machine already."""
    return published.exist(network) and published.at_hand(network)


def at_hand(state: State, network: str) -> bool:
    """Whether the weights are here; else what can be done about it is on the page."""
    if here(network):
        return True
    job = jobs.get(_key(network))
    if job and not job.finished:
        _watch(state, network)
        return False
    if job and job.reason:
        st.error(str(job.reason), icon=":material/cloud_off:")
    elif job and job.cancelled:
        st.info(_("The download was stopped; nothing of it is kept."), icon=":material/block:")
    else:
        st.info(
            _("The published weights of {network} are not on this machine yet.").format(
                network=network
            ),
            icon=":material/cloud_download:",
        )
    st.button(
        _("Download them"),
        key=state.key("download_weights"),
        type="primary",
        icon=":material/download:",
        on_click=_download,
        args=(network,),
    )
    return False


def _key(network: str) -> str:
    return f"weights of {network}"


def _download(network: str) -> None:
    def work(progress: Progress) -> str:
        return str(published.fetch(network, progress))

    jobs.start(_key(network), work)


@st.fragment(run_every=EVERY)
def _watch(state: State, network: str) -> None:
    """How far it is, with its rate and the time left, and a button that stops it."""
    job = jobs.get(_key(network))
    if job is None or job.finished:
        st.rerun()
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    st.progress(share, _told(job))
    st.button(
        _("Stop"), key=state.key("stop_weights"), icon=":material/stop_circle:", on_click=job.cancel
    )


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
