"""Runs on their pages: those that can be read, what was noted down, files to take along."""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.base.language import _
from explorer.runs import Run
from explorer.training import recipes
from explorer.training.recipes import Recipe
from explorer.ui import complaint, page_address
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


INSIDE = ("feature-maps", "kernels", "why", "excites")


def inside(selection: Sequence[Run]) -> None:
    """Links to the pages that look inside networks, with these runs' weights; to nothing where
    none were kept."""
    trained = [run for run in selection if runs.checkpoints(run.id)]
    with st.container(horizontal=True, key="inside"):
        if len(trained) == 1:
            run = trained[0]
            weights = {"network": run.recipe.network, "weights": f"run:{run.id}"}
            for each in map(entry, INSIDE):
                st.page_link(each.path, label=_(each.title), icon=each.icon, query_params=weights)
        if trained:
            compare = entry("compare")
            nets = {"nets": ",".join(f"{run.recipe.network}:run:{run.id}" for run in trained)}
            st.page_link(compare.path, label=_(compare.title), icon=compare.icon, query_params=nets)
        if len(selection) == 1:
            st.page_link(
                entry("new-run").path,
                label=_("Change one thing and train again"),
                icon=":material/tune:",
                query_params=as_address(selection[0].recipe),
            )


def as_address(recipe: Recipe) -> dict[str, str]:
    """A recipe as New run's address spells it: its network, and what is not as by default."""
    usual = recipes.as_json(Recipe(recipe.network))
    fields = {name: each for name, each in recipes.as_json(recipe).items() if each != usual[name]}
    options = fields.pop("options", {})
    fields.pop("path", "")  # the folder of own pictures is known by their name
    return {
        "network": recipe.network,
        **{name: page_address.spell(each) for name, each in {**fields, **options}.items()},
    }


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
