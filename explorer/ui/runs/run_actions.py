"""Runs on their pages: those that can be read, what was noted down, files to take along."""

import html
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.base.language import _
from explorer.runs import Run
from explorer.ui import complaint
from explorer.ui.entries import entry
from explorer.ui.runs import run_words
from explorer.ui.runs.component import api

STYLE = Path(__file__).with_name("pages.css")


def listed() -> list[Run]:
    """Every run, the newest first; where they cannot be read the page says why, and ends."""
    try:
        return runs.listed()
    except ValueError as error:
        complaint.show(error, "error")
        st.stop()


def invite(text: str, label: str, **query: str) -> None:
    """Where there are no runs: what to do, and a link to New run with this in its address."""
    with st.container(border=True, key="nothing_yet"):
        st.markdown(text)
        path = entry("new-run").path
        st.page_link(path, label=label, icon=":material/rocket_launch:", query_params=query)


def readable(run: Run) -> bool:
    """Whether this version understands the run's settings; it says so if not."""
    try:
        return bool(run.recipe)
    except ValueError as error:
        st.warning(f"**{run_words.literal(run.name)}**: {run_words.literal(str(error))}")
        return False


def say_why_off(refusals: Iterable[str]) -> None:
    """Why buttons are off, "" where one is not: who touches has no pointer to rest on them."""
    for why in dict.fromkeys(filter(None, refusals)):
        st.caption(run_words.literal(why))


def show_note(run: Run, *, named: bool = False) -> None:
    """What somebody wrote down about a run, as it was typed; after its name where several are."""
    if run.note:
        name = f"<b>{html.escape(run.name)}</b>: " if named else ""
        st.html(STYLE)
        st.html(f'<p class="note">{name}{html.escape(run.note)}</p>')


def files(run: Run) -> None:
    """Links to a run's curves, card and weights."""
    where = f"{api()}/{run.id}/files"
    words = {
        "steps.csv": _("Steps (CSV)"),
        "epochs.csv": _("Epochs (CSV)"),
        "events.zip": _("TensorBoard (zip)"),
    }
    if runs.checkpoints(run.id):
        words |= {"card.json": _("Card (JSON)"), "weights.safetensors": _("Weights (safetensors)")}
    items = (
        f'<li><a href="{where}/{name}" download>{word}</a></li>' for name, word in words.items()
    )
    st.html(STYLE)
    st.html(f'<ul class="files">{"".join(items)}</ul>')
    if weights := str(runs.weights(run.id)):
        st.caption(weights)
