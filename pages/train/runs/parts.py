"""The parts of the page that compares runs.

The table of runs and the chart that lays chosen ones over each other both ask `server.runs` by
themselves (`run_table.js`, `overlay.js`). What comes back: `chosen`, the numbers of the runs that
are ticked, `open` when one is to be watched, `changed` when a chosen run has another status than
the page was drawn for, and `by` when another axis is chosen. Elements to wait for in tests:
`[data-table-painted="<number of runs>"]` and `[data-overlay-painted="<run> <run> …"]`, whose
`data-steps` tell how far each is.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explorer.base.language import _, current, ngettext
from explorer.base.units import duration, percent
from explorer.runs import Run, epochs
from explorer.training import recipes
from explorer.training.recipes import beside_course as figures
from explorer.ui import link_warnings, page_address
from explorer.ui.entries import entry
from explorer.ui.runs import run_actions, run_words
from explorer.ui.runs.component import RunBoard, api
from explorer.ui.runs.learned import MOST_RUNS, learned_board
from explorer.ui.tables import show_table
from pages.train.runs.state import AXES, STATE

TABLE = RunBoard(Path(__file__).with_name("run_table.js"), "table")
OVERLAY = RunBoard(Path(__file__).with_name("overlay.js"), "overlay")

MARKS = ("circle", "diamond", "square", "triangle", "cross")
DASHES = ("", "7 4", "2 3")
COLOURS = 10  # of the theme's, see .streamlit/config.toml

_TABLE, _CHOSEN = STATE.key("table"), STATE.key("chosen")


def nothing_yet() -> None:
    """No run was ever launched here."""
    text = _(
        "**There are no runs yet.** An experiment launches several at once, which are "
        "then compared here: the same network with and without batch norm, for example. "
        "Runs started in a terminal with `python -m explorer train` appear here, too."
    )
    run_actions.invite(text, _("Launch an experiment"), preset="batch-norm")


# -- which runs -------------------------------------------------------------------------------


def sign(place: int) -> dict[str, int | str]:
    """How the run at this place among those chosen looks in every chart: the theme's colour by
    number, dashes, and a mark."""
    return {
        "colour": place % COLOURS,
        "dash": DASHES[place // COLOURS % len(DASHES)],
        "mark": MARKS[place % len(MARKS)],
    }


def _table_labels() -> dict[str, str]:
    return {
        "choose": _("Compare"),
        "choose_run": _("Compare {name}"),
        "open_run": _("Watch this run"),
        "epochs_of": _("{n} / {total}"),
        "rows": _("Runs in this list: {n}"),
        "spark": _("Test accuracy by epoch, from {low} to {high} in all rows"),
        "column_name": _("Run"),
        "column_status": _("Status"),
        "column_network": _("Network"),
        "column_dataset": _("Data"),
        "column_progress": _("Epochs"),
        "column_curve": _("Over epochs"),
        "column_accuracy": _("Accuracy"),
        "column_seconds": _("Time"),
        "column_created": _("Launched"),
    }


def choose(every: Sequence[Run]) -> list[Run]:
    """The table, and the runs that are ticked in it."""
    STATE.know()
    if page_address.takes_query(_TABLE):
        st.session_state[_CHOSEN] = _ticked_at_first(every)
    by_number = {run.id: run for run in every}
    ticked = [number for number in st.session_state[_CHOSEN] if number in by_number]
    STATE.put("runs", ",".join(map(str, ticked)))

    def keep() -> None:
        ticks = st.session_state[_TABLE].chosen or ()
        st.session_state[_CHOSEN] = sorted(int(each) for each in ticks)

    result = TABLE(
        key=_TABLE,
        data={
            "chosen": ticked,
            "signs": {number: sign(place) for place, number in enumerate(ticked)},
            "statuses": {number: by_number[number].status for number in ticked},
            "live": f"{api().removesuffix('/api/runs')}/live",
            "language": current(),
            "labels": _table_labels(),
        },
        on_chosen_change=keep,
        on_open_change=lambda: None,
        on_changed_change=lambda: None,
    )
    if result.open:
        st.switch_page(entry("live").path, query_params={"run": str(int(result.open))})
    return [by_number[number] for number in ticked if run_actions.readable(by_number[number])]


def _ticked_at_first(listed: Sequence[Run]) -> list[int]:
    """The runs in the address; without any, the two newest that have begun."""
    words = list(filter(None, STATE.query("runs").split(",")))
    numbers = {str(run.id): run.id for run in listed}
    if missing := [each for each in dict.fromkeys(words) if each not in numbers]:
        text = ngettext("There is no run {numbers}.", "There are no runs {numbers}.", len(missing))
        link_warnings.say(text.format(numbers=link_warnings.listed(missing)))
    linked = [numbers[each] for each in words if each in numbers]
    begun = [run.id for run in listed if run.progress.step]
    return sorted(linked or begun[:2])


# -- what they did ----------------------------------------------------------------------------


def group(run: Run) -> str:
    """The same for runs that differ in their seed alone."""
    return json.dumps({**recipes.as_json(run.recipe), "seed": 0}, sort_keys=True)


def curves(selection: Sequence[Run]) -> None:
    """Their curves in the same two charts."""
    result = OVERLAY(
        key=STATE.key("overlay"),
        data={
            "shown": [
                {"id": run.id, "name": run.name, "line": sign(place), "group": group(run)}
                for place, run in enumerate(selection)
            ],
            "by": STATE.heed("by", AXES),
            "labels": {
                "accuracy_title": _("Test accuracy"),
                "loss_title": _("Training loss"),
                "seeds_together": _("seeds together"),
                "mean_of": _("{name} and its other seeds, mean of {n}"),
                "training_too": _("training accuracy, too"),
            },
        },
        on_by_change=lambda: None,
    )
    if result.by in AXES:
        STATE.put("by", result.by, AXES[0])


def differences(selection: list[Run]) -> None:
    """The settings that differ, beside what came of them."""
    recipes = [run.recipe for run in selection]
    differ = figures.differing(recipes)
    if len(selection) > 1:
        st.subheader(_("Where do their settings differ?"), anchor=False)
        if not differ:
            st.markdown(_("Nowhere: they were launched with the same settings."))
    columns = {
        **differ,
        _("test accuracy"): [percent(run.test_accuracy) for run in selection],
        _("after epoch"): [str(run.progress.epoch) for run in selection],
        _("at best"): [_best(run) for run in selection],
        _("time"): [duration(run.progress.seconds) for run in selection],
        _("status"): [run_words.title(run.status) for run in selection],
    }
    names = [run_words.literal(run.name) for run in selection]
    numbered = _("{name}, run {id}")
    names = [
        name if names.count(name) == 1 else numbered.format(name=name, id=run.id)
        for name, run in zip(names, selection, strict=True)
    ]
    if len(selection) <= MOST_RUNS:  # beside each other: wider than high it would leave the page
        by_run = zip(names, zip(*columns.values(), strict=True), strict=True)
        columns = {_("setting"): list(columns), **{name: list(each) for name, each in by_run}}
    else:
        columns = {_("run"): names, **columns}
    st.html(run_actions.STYLE)
    with st.container(key="differences"):
        show_table(columns)
    for run in selection:
        if str(run.reason):
            st.caption(f"**{run_words.literal(run.name)}**: {run_words.literal(run.reason)}")
        run_actions.show_note(run, named=True)


def _best(run: Run) -> str:
    """Its best test accuracy, and after which epoch."""
    tested = [row for row in epochs(run.id) if row.test_accuracy is not None]
    if not tested:
        return "–"
    best = max(tested, key=lambda row: row.test_accuracy or 0)
    words = _("{accuracy} (epoch {n})")
    return words.format(accuracy=percent(best.test_accuracy), n=best.epoch)


def outcome(selection: list[Run]) -> None:
    """Kernels, answers and mistakes, epoch by epoch, on the same pictures."""
    done = [(run, sign(place)) for place, run in enumerate(selection) if run.progress.epoch]
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
    panels = done[:MOST_RUNS]
    learned_board(STATE, [run for run, _sign in panels], lines=[each for _r, each in panels])
