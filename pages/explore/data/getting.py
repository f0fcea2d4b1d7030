"""Getting a data set on the page: loading, downloading with progress, a visitor's own zip.

Uploads are read in processes of their own (`tasks`); nothing is lost with a closed tab.
"""

from io import BytesIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.base import plain_text
from explorer.base.language import _
from explorer.base.tasks import Task
from explorer.base.units import size
from explorer.data import datasets
from explorer.data.datasets import own
from explorer.data.datasets.records import Data, DataSet
from explorer.data.decoding import pools
from explorer.ui import complaint, download_view, downloads, progress, visitor
from explorer.ui.runs import run_words
from pages.explore.data.state import STATE


def loaded(facts: DataSet) -> Data | None:
    """The data set if it is here and whole; else what can be done about it is on the page."""
    if facts.name == "images" or download_view.going(STATE, downloads.of_data(facts)):
        return None
    if not datasets.at_hand(facts.name):
        _offer(facts, _("{title} is not on this machine yet.").format(title=facts.title))
        return None
    try:
        with st.spinner(_("Reading {title} …").format(title=facts.title)):
            return datasets.load(facts.name)
    except ValueError as error:
        complaint.show(error, "broken_image")
        _offer(facts, "")
        return None


def _offer(facts: DataSet, sentence: str) -> None:
    """How the last download ended, and a button for another; where there is none, the sentence."""
    if facts.download_bytes:
        words = _("Download {title} ({size})")
        label = words.format(title=facts.title, size=size(facts.download_bytes))
        download_view.offer(STATE, downloads.of_data(facts), label, sentence)
    elif sentence:
        st.info(sentence, icon=":material/cloud_download:")


# -- own pictures -----------------------------------------------------------------------------


def own_pictures(facts: DataSet) -> None:
    """A place for a zip, and a way to delete the set that is shown."""
    if refused := visitor.may_not_add_pictures():
        st.info(run_words.literal(refused), icon=":material/block:")
    else:
        label = _("A zip with one folder of pictures for each class")
        upload = st.file_uploader(label, ["zip"], key=STATE.key("own_zip"))
        st.caption(
            _(
                "They are kept on this machine: everyone who uses this server sees them and can "
                "train on them, until somebody deletes them."
            )
        )
        _keep(upload)
    if facts.name.startswith(own.PREFIX):
        _deletion(facts)


def _keep(upload: UploadedFile | None) -> None:
    """Work on an upload once; then show what it has become."""
    if upload and st.session_state.get("own kept") == upload.file_id:
        return

    def start(content: bytes) -> Task[str]:
        assert upload
        title = upload.name.rpartition(".")[0]
        return visitor.keep_pictures(BytesIO(content), title, progress.client())

    if upload and (refused := visitor.may_not_add_pictures(upload.size)):
        complaint.show(refused, "block")
        return
    name = progress.read(upload, start, pools.ARCHIVES, "own")
    if upload and name:
        progress.forget("own")
        st.session_state["own kept"] = upload.file_id
        STATE.reset(["own"], own=name)  # the address says which
        st.rerun()


def _delete(name: str) -> None:
    try:
        visitor.delete_pictures(name)
    except ValueError as error:
        complaint.toast(error, "block")
    else:
        STATE.reset(["own"])


def _deletion(facts: DataSet) -> None:
    refused = visitor.may_not_delete(facts.name)
    if refused:
        st.caption(run_words.literal(refused))
    with st.popover(_("Delete these pictures"), icon=":material/delete:", disabled=bool(refused)):
        st.markdown(
            _(
                "**{title}** will be gone for everyone. Runs that were trained on it stay, but "
                "cannot be resumed."
            ).format(title=plain_text.markdown(facts.title))
        )
        deletion_button(_("Delete"), facts.name)


def deletion_button(word: str, name: str) -> None:
    """A button that deletes a set of pictures; off where it is somebody else's."""
    refused = visitor.may_not_delete(name)
    st.button(
        word,
        key=STATE.key("delete_own"),
        icon=":material/delete_forever:",
        disabled=bool(refused),
        help=refused or None,
        on_click=_delete,
        args=(name,),
    )
