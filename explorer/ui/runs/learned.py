"""The board of what networks have learned, epoch by epoch (`learned.js`).

The browser fetches each epoch from `server.runs` when it is looked at. What comes back, after the
reader has done something: `at` {"epoch", "cell"}, which goes into the address. The element to wait
for in a test is `[data-learned-painted="<run>@<epoch> …"]`.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from explorer import runs
from explorer.base import plain_text
from explorer.base.language import _
from explorer.runs import Run, outcome
from explorer.ui import link_warnings, page_address
from explorer.ui.boards.component import below
from explorer.ui.runs.component import RunBoard
from explorer.ui.state import State

BOARD = RunBoard(Path(__file__).with_suffix(".js"), "learned")

MOST_RUNS = 4  # side by side


def _labels() -> dict[str, str]:
    return {
        "after_epoch": _("after epoch"),
        "epoch_slider": _("Which epoch to look at"),
        "epoch_n": _("{n}"),
        "before_training": _("0, before training"),
        "play": _("Play"),
        "pause_play": _("Pause"),
        "accuracy_of": _("after epoch {n}: {share} ({right} of {all})"),
        "matrix_caption": _(
            "Rows: what it is. Columns: what the network says. Colour: share of the row, its "
            "square root. Click a cell to see its pictures."
        ),
        "is_and_says": _("is ↓  says →"),
        "right_share": _("right"),
        "cell": _("{n} of {total} “{is}” taken for “{says}” ({share})"),
        "worst": _("Worst mistakes: those it was surest of"),
        "no_mistakes": _("No mistakes on the test pictures."),
        "worst_again": _("Worst mistakes"),
        "cell_right": _("{n} “{is}” recognised; the {shown} surest"),
        "cell_wrong": _("{n} “{is}” taken for “{says}”; the {shown} surest"),
        "picture_title": _(
            "Test picture {row}: it is {is}; the network says {says}, {sure} sure, and gives the "
            "right class {true}."
        ),
        "open_picture": _("{what} A click asks why."),
    }


def _place(text: str) -> list[int] | None:
    """A cell as the address spells it: "6.4"."""
    form = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", text, re.ASCII)
    return [int(form[1]), int(form[2])] if form else None


def _epoch(state: State, last: int) -> int | None:
    """The epoch that the address names; the last, if that has not come."""
    text = state.query("at")
    exists = bool(re.fullmatch(r"[0-9]{1,5}", text)) and int(text) <= last
    if text and not exists:
        link_warnings.refuse("at", text, page_address.between(0, last), last)
    return int(text) if exists else None


def _run(run: Run, line: Any) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "epochs": run.progress.epoch,
        "session": run.claimed_at,
        "classes": outcome.data(run).classes,
        "most": outcome.largest_weight(run),
        "why": _why(run),
        "kept": runs.checkpoints(run.id),
        "line": line,
    }


def _why(run: Run) -> str:
    """Where a test picture is opened with the run's weights, but for the epoch and the picture's
    number; "" for a folder of own pictures, which no link names."""
    if run.recipe.path:
        return ""
    return (
        f"{below('why')}?network={run.recipe.network}&weights=run:{run.id}@{{epoch}}"
        f"&picture={run.recipe.dataset}:test:{{row}}"
    )


def learned_board(
    state: State, runs: Sequence[Run], *, kernels: bool = True, lines: Sequence[Any] = ()
) -> None:
    """Show the epochs of runs that have done at least one; more than four are left out.

    `kernels` says whether first kernels and sample predictions are shown, too; `lines` are the
    signs that the runs have in a chart beside.
    """
    signs = lines or [None] * len(runs)
    last = max(run.progress.epoch for run in runs)
    epoch = _epoch(state, last)
    try:
        data = [_run(run, sign) for run, sign in zip(runs, signs, strict=True)][:MOST_RUNS]
    except ValueError as error:  # the data set has gone
        st.warning(plain_text.markdown(error))
        return
    result = BOARD(
        key=state.key("learned"),
        data={
            "shown": data,
            "kernels": kernels,
            "epoch": epoch,
            "cell": _place(state.query("cell")),
            "labels": _labels(),
        },
        on_at_change=lambda: None,
    )
    if result.at:
        state.put("at", result.at["epoch"], last)
        state.put("cell", result.at["cell"])
