"""The table of runs, and the chart that lays chosen ones over each other.

Both ask `server.runs` by themselves (`run_table.js`, `overlay.js`). What comes
back: `chosen`, the numbers of the runs that are ticked, `open` when one is to be watched, `changed`
when a chosen run has another status than the page was drawn for, and `by` when another axis is
chosen. Elements to wait for in tests: `[data-table-painted="<number of
runs>"]` and `[data-overlay-painted="<run> <run> …"]`, whose `data-steps` tell how far each is.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import streamlit as st

from explorer.base.language import _, current
from explorer.runs import Run
from explorer.ui import link_warnings
from explorer.ui.runs import run_words
from explorer.ui.runs.component import api, run_component
from pages.train.runs.state import STATE

TABLE = run_component(Path(__file__).with_suffix(".js"), "table")
OVERLAY = run_component(Path(__file__).with_name("overlay.js"), "overlay")

AXES = ("epoch", "seconds", "images", "flops")
MARKS = ("circle", "diamond", "square", "triangle", "cross")
DASHES = ("", "7 4", "2 3")
COLOURS = 10  # of the theme's, see .streamlit/config.toml


class Sign(TypedDict):
    """How a run looks in every chart: the theme's colour by number, dashes, and a mark."""

    colour: int
    dash: str
    mark: str


def sign(place: int) -> Sign:
    """The sign of the run at this place among those chosen."""
    return Sign(
        colour=place % COLOURS,
        dash=DASHES[place // COLOURS % len(DASHES)],
        mark=MARKS[place % len(MARKS)],
    )


def _table_labels() -> dict[str, str]:
    own = {
        "choose": _("Compare"),
        "choose_run": _("Compare {name}"),
        "open_run": _("Watch this run"),
        "epochs_of": _("{n} / {total}"),
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
    return {**run_words.statuses(), **run_words.charts(), **own}


def run_table(
    listed: Sequence[Run],
    chosen: Sequence[int],
    *,
    key: str,
    on_choose: Callable[[list[int]], None],
) -> int | None:
    """Show the table; the run that is to be opened, if one is.

    `on_choose` is told which runs are ticked, before the page runs again.
    """

    def ticked() -> None:
        on_choose(sorted(int(each) for each in st.session_state[key].chosen or ()))

    result = TABLE(
        key=key,
        data={
            "base": api(),
            "chosen": list(chosen),
            "signs": {number: sign(place) for place, number in enumerate(chosen)},
            "statuses": {run.id: run.status for run in listed if run.id in chosen},
            "live": f"{api().removesuffix('/api/runs')}/live",
            "language": current(),
            "labels": _table_labels(),
        },
        on_chosen_change=ticked,
        on_open_change=lambda: None,
        on_changed_change=lambda: None,
    )
    return int(result.open) if result.open else None


def _overlay_labels() -> dict[str, str]:
    own = {
        "accuracy_title": _("Test accuracy"),
        "loss_title": _("Training loss"),
        "training_too": _("training accuracy, too"),
    }
    return {**run_words.charts(), **own}


def overlay(shown: Sequence[Run], *, key: str) -> None:
    """The curves of runs in the same two charts."""
    result = OVERLAY(
        key=key,
        data={
            "base": api(),
            "shown": [
                {"id": run.id, "name": run.name, "line": sign(place)}
                for place, run in enumerate(shown)
            ],
            "by": STATE.heed("by", AXES),
            "labels": _overlay_labels(),
        },
        on_by_change=lambda: None,
    )
    if result.by in AXES:
        STATE.put("by", result.by, AXES[0])


def ticked_at_first(listed: Sequence[Run]) -> list[int]:
    """The runs in the address; without any, the two newest that have begun."""
    given = list(filter(None, STATE.query("runs").split(",")))
    known = {str(run.id): run.id for run in listed}
    link_warnings.say_missing_runs([each for each in dict.fromkeys(given) if each not in known])
    asked = [known[each] for each in given if each in known]
    begun = [run.id for run in listed if run.progress.step]
    return sorted(asked or begun[:2])
