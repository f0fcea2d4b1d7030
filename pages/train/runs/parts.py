"""The parts of the page that compares runs."""

import streamlit as st

from explorer.base.language import _, ngettext
from explorer.base.units import duration, percent
from explorer.runs import Run
from explorer.training.recipes import beside_course as figures
from explorer.ui import url_state
from explorer.ui.entries import entry
from explorer.ui.runs import run_actions, run_words
from explorer.ui.runs.learned import MOST_RUNS, learned_board
from explorer.ui.tables import show_table
from pages.train.runs.run_table import overlay, run_table, sign, ticked_at_first
from pages.train.runs.state import STATE

TABLE = STATE.key("table")
_CHOSEN = STATE.key("chosen")


def nothing_yet() -> None:
    """No run was ever launched here."""
    with st.container(border=True, key="nothing_yet"):
        st.markdown(
            _(
                "**There are no runs yet.** An experiment launches several at once, which are "
                "then compared here: the same network with and without batch norm, for example. "
                "Runs started in a terminal with `python -m explorer train` appear here, too."
            )
        )
        st.page_link(
            entry("new-run").path,
            label=_("Launch an experiment"),
            icon=":material/rocket_launch:",
            query_params={"preset": "batch-norm"},
        )


def nothing_chosen() -> None:
    """What to do when no run is ticked."""
    st.info(_("Tick runs in the table: their curves are laid over each other here."))


# -- which runs -------------------------------------------------------------------------------


def choose(every: list[Run]) -> list[Run]:
    """The table, and the runs that are ticked in it."""
    STATE.know()
    if url_state.takes_query(TABLE):
        st.session_state[_CHOSEN] = ticked_at_first(every)
    known = {run.id: run for run in every}
    ticked = [number for number in st.session_state[_CHOSEN] if number in known]
    STATE.put("runs", ",".join(map(str, ticked)))
    opened = run_table(every, ticked, key=TABLE, on_choose=_keep)
    if opened:
        st.switch_page(entry("live").path, query_params={"run": str(opened)})
    return [known[number] for number in ticked if run_actions.readable(known[number])]


def _keep(ticked: list[int]) -> None:
    st.session_state[_CHOSEN] = ticked


# -- what they did ----------------------------------------------------------------------------


def curves(chosen: list[Run]) -> None:
    """Their curves in the same charts."""
    overlay(chosen, key=STATE.key("overlay"))


def differences(chosen: list[Run]) -> None:
    """The settings that differ, beside what came of them."""
    recipes = [run.recipe for run in chosen]
    differ = figures.differing(recipes)
    if len(chosen) > 1:
        st.subheader(_("Where do their settings differ?"), anchor=False)
        if not differ:
            st.markdown(_("Nowhere: they were launched with the same settings."))
    columns = {
        _("run"): [run_words.literal(run.name) for run in chosen],
        **differ,
        _("test accuracy"): [percent(run.test_accuracy) for run in chosen],
        _("after epoch"): [str(run.progress.epoch) for run in chosen],
        _("time"): [duration(run.progress.seconds) for run in chosen],
        _("status"): [run_words.title(run.status) for run in chosen],
    }
    st.html(run_actions.STYLE)
    with st.container(key="differences"):
        show_table(columns)
    for run in chosen:
        if str(run.reason):
            st.caption(f"**{run_words.literal(run.name)}**: {run.reason}")
        run_actions.show_note(run, named=True)


def outcome(chosen: list[Run]) -> None:
    """Kernels, answers and mistakes, epoch by epoch, on the same pictures."""
    done = [(run, sign(place)) for place, run in enumerate(chosen) if run.progress.epoch]
    if not done:
        return
    st.subheader(_("What had they learned by then?"), anchor=False)
    if (left := len(done) - MOST_RUNS) > 0:
        text = ngettext(
            "The first {most} runs stand side by side here; {n} more is left out.",
            "The first {most} runs stand side by side here; {n} more are left out.",
            left,
        )
        st.caption(text.format(most=MOST_RUNS, n=left))
    shown = done[:MOST_RUNS]
    learned_board(STATE, [run for run, _sign in shown], lines=[each for _r, each in shown])
