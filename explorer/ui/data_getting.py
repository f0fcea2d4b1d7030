"""Getting a data set on the page: loading, downloading with progress, a visitor's own zip.

Downloads are worked on in threads of the server (`datasets.jobs`); whoever has the page open sees
the same download and may stop it. Uploads are read in processes of their own (`tasks`). Nothing is
lost with a closed tab.
"""

from io import BytesIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer import datasets
from explorer.datasets import jobs, own
from explorer.datasets.jobs import Job
from explorer.datasets.records import Data, DataSet
from explorer.decoding import pools
from explorer.language import _
from explorer.tasks import Progress, Task
from explorer.ui import progress, visitor
from explorer.ui.states import DATA
from explorer.units import size

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
    _watch(_key(name))
    return True


def _download(name: str) -> None:
    def work(progress: Progress) -> str:
        datasets.fetch(name, progress)
        return name

    jobs.start(_key(name), work)


def _offer(facts: DataSet, sentence: str) -> None:
    """How the last download ended, and a button for another."""
    job = jobs.get(_key(facts.name))
    if job and job.reason:
        st.error(str(job.reason), icon=":material/cloud_off:")
    elif job and job.cancelled:
        st.info(_("The download was stopped; nothing of it is kept."), icon=":material/block:")
    elif sentence:
        st.info(sentence, icon=":material/cloud_download:")
    if facts.download_bytes:
        refused = visitor.may_not_train() or visitor.may_not_fill(facts.download_bytes)
        st.button(
            _("Download {title} ({size})").format(
                title=facts.title, size=size(facts.download_bytes)
            ),
            key=DATA.key("download"),
            type="primary",
            icon=":material/download:",
            disabled=bool(refused),
            help=refused or None,
            on_click=_download,
            args=(facts.name,),
        )


@st.fragment(run_every=EVERY)
def _watch(key: str) -> None:
    """How far the work is, with its rate and the time left, and a button that stops it."""
    job = jobs.get(key)
    if job is None or job.finished:
        st.rerun()
    share = min(job.done / job.total, 1.0) if job.total else 0.0
    st.progress(share, _told(job))
    st.button(_("Stop"), key=DATA.key("stop"), icon=":material/stop_circle:", on_click=job.cancel)


def _told(job: Job) -> str:
    if job.cancelled:
        return _("Stopping …")
    if not job.done or job.seconds_left is None:
        return _("Waiting for the server …")
    seconds = _("{n} s left").format(n=round(job.seconds_left))
    words = _("{done} of {total} · {rate} a second · {left}")
    return words.format(
        done=size(job.done), total=size(job.total), rate=size(job.rate), left=seconds
    )


# -- own pictures -----------------------------------------------------------------------------


def own_pictures(facts: DataSet) -> None:
    """A place for a zip, and a way to delete the set that is shown."""
    refused = visitor.may_not_add_pictures()
    given = st.file_uploader(
        _("A zip with one folder of pictures for each class"),
        ["zip"],
        key=DATA.key("own_zip"),
        disabled=bool(refused),
    )
    if refused:
        st.info(refused, icon=":material/block:")
    st.caption(
        _(
            "They are kept on this machine: everyone who uses this server sees them and can train "
            "on them, until somebody deletes them."
        )
    )
    _keep(given)
    if facts.name.startswith(own.PREFIX):
        _deletion(facts)


def _keep(given: UploadedFile | None) -> None:
    """Work on an upload once; then show what it has become."""
    if given and st.session_state.get("own kept") == given.file_id:
        return

    def start(content: bytes) -> Task[str]:
        assert given
        title = given.name.rpartition(".")[0]
        owner = visitor.current().owner
        return own.start_keeping(BytesIO(content), title, progress.visitor(), owner)

    if given and (refused := visitor.may_not_add_pictures(given.size)):
        st.error(refused, icon=":material/block:")
        return
    name = progress.read(given, start, pools.ARCHIVES, "own")
    if given is None or name is None:
        return
    progress.forget("own")
    st.session_state["own kept"] = given.file_id
    DATA.put("own", name)
    st.session_state.pop(DATA.key("own"), None)  # the address says which
    st.rerun()


def _delete(name: str) -> None:
    try:
        visitor.delete_pictures(name)
    except ValueError as error:
        st.toast(str(error), icon=":material/block:")
        return
    st.session_state.pop(DATA.key("own"), None)
    DATA.put("own", "")


def _deletion(facts: DataSet) -> None:
    with st.popover(_("Delete these pictures"), icon=":material/delete:"):
        st.markdown(
            _(
                "**{title}** will be gone for everyone. Runs that were trained on it stay, but "
                "cannot be resumed."
            ).format(title=facts.title)
        )
        deletion_button(_("Delete"), facts.name)


def deletion_button(word: str, name: str) -> None:
    """A button that deletes a set of pictures; off where it is somebody else's."""
    refused = visitor.may_not_delete(name)
    st.button(
        word,
        key=DATA.key("delete_own"),
        type="primary",
        disabled=bool(refused),
        help=refused or None,
        on_click=_delete,
        args=(name,),
    )
