"""Getting a data set on the page: loading, downloading with progress, a visitor's own zip.

Downloads and uploads are worked on in threads of the server (`datasets.jobs`); whoever has the
page open sees the same download and may stop it. Nothing is lost with a closed tab.
"""

from io import BytesIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer import datasets
from explorer.datasets import jobs, own
from explorer.datasets.jobs import Job
from explorer.datasets.records import Data, DataSet
from explorer.language import _
from explorer.tasks import Progress
from explorer.ui import links
from explorer.units import exact, size

EVERY = 0.5  # seconds between two looks at the work


def loaded(facts: DataSet) -> Data | None:
    """The data set if it is here and whole; else what can be done about it is on the page."""
    if facts.name == "images" or _going(facts.name):
        return None
    if not datasets.at_hand(facts.name):
        _offer(facts, _("{title} is not on this machine yet.").format(title=facts.title))
        return None
    try:
        with st.spinner(_("Reading {title} …").format(title=facts.title)):
            return datasets.load(facts.name)
    except ValueError as error:
        st.error(str(error), icon=":material/broken_image:")
        _offer(facts, "")
        return None


# -- downloads --------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"download {name}"


def _going(name: str) -> bool:
    """Show the download that is going on, if one is."""
    job = jobs.get(_key(name))
    if job is None or job.finished:
        return False
    _watch(_key(name), in_bytes=True)
    return True


def _download(name: str) -> None:
    def work(progress: Progress) -> str:
        datasets.fetch(name, progress)
        return name

    jobs.start(_key(name), work)


def _offer(facts: DataSet, sentence: str) -> None:
    """How the last download ended, and a button for another."""
    job = jobs.get(_key(facts.name))
    if job and job.error:
        st.error(job.error, icon=":material/cloud_off:")
    elif job and job.cancelled:
        st.info(_("The download was stopped; nothing of it is kept."), icon=":material/block:")
    elif sentence:
        st.info(sentence, icon=":material/cloud_download:")
    if facts.download_bytes:
        st.button(
            _("Download {title} ({size})").format(
                title=facts.title, size=size(facts.download_bytes)
            ),
            key="download",
            type="primary",
            icon=":material/download:",
            on_click=_download,
            args=(facts.name,),
        )


@st.fragment(run_every=EVERY)
def _watch(key: str, *, in_bytes: bool) -> None:
    """How far the work is, with its rate and the time left, and a button that stops it."""
    job = jobs.get(key)
    if job is None or job.finished:
        st.rerun()
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    st.progress(share, _told(job, in_bytes=in_bytes))
    st.button(_("Stop"), key="stop", icon=":material/stop_circle:", on_click=job.cancel)


def _told(job: Job, *, in_bytes: bool) -> str:
    if job.cancelled:
        return _("Stopping …")
    if not job.done or job.seconds_left is None:
        return _("Waiting for the server …") if in_bytes else _("Looking into it …")
    seconds = _("{n} s left").format(n=round(job.seconds_left))
    if in_bytes:
        words = _("{done} of {total} · {rate} a second · {left}")
        return words.format(
            done=size(job.done), total=size(job.total), rate=size(job.rate), left=seconds
        )
    words = _("{percent} % of {n} pictures · {left}")  # each is looked at twice
    percent = 100 * job.done // job.total
    return words.format(percent=percent, n=exact(job.total // 2), left=seconds)


# -- own pictures -----------------------------------------------------------------------------


def own_pictures(facts: DataSet) -> None:
    """A place for a zip, and a way to delete the set that is shown."""
    given = st.file_uploader(
        _("A zip with one folder of pictures for each class"), ["zip"], key="own_zip"
    )
    st.caption(
        _(
            "They are kept on this machine: everyone who uses this server sees them and can train "
            "on them, until somebody deletes them."
        )
    )
    if given is not None:
        _keep(given)
    if facts.name.startswith(own.PREFIX):
        _deletion(facts)


def _keep(given: UploadedFile) -> None:
    """Work on an upload once; then show what it has become."""
    key = f"keep {given.file_id}"
    if st.session_state.get("own kept") == key:
        return
    content, title = BytesIO(given.getvalue()), given.name.rpartition(".")[0]
    job = jobs.get(key) or jobs.start(key, lambda told: datasets.keep(content, title, told))
    if not job.finished:
        _watch(key, in_bytes=False)
    elif job.result:
        jobs.put_away(key)
        st.session_state["own kept"] = key
        st.query_params["own"] = job.result
        st.session_state.pop("own", None)  # the address says which
        st.rerun()
    elif job.error:
        st.error(job.error, icon=":material/folder_off:")
    else:
        st.info(_("That was stopped; nothing is kept."), icon=":material/block:")


def _delete(name: str) -> None:
    datasets.delete(name)
    st.session_state.pop("own", None)
    links.put("own", "")


def _deletion(facts: DataSet) -> None:
    with st.popover(_("Delete these pictures"), icon=":material/delete:"):
        st.markdown(
            _(
                "**{title}** will be gone for everyone. Runs that were trained on it stay, but "
                "cannot be resumed."
            ).format(title=facts.title)
        )
        st.button(
            _("Delete"), key="delete_own", type="primary", on_click=_delete, args=(facts.name,)
        )
