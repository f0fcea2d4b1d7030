"""The live board: curves, progress, first kernels and predictions of one run as it trains.

The browser asks `server.runs` for news twice a second and draws them (`board.js`); no
page runs meanwhile. What comes back: `ask` (a verb: pause, stop …) when a button is pressed, `by`
when another axis is chosen, `changed` once when the run's status is another one than the page
below the board was drawn for. The element to wait for in a test is `[data-live-painted="<run>"]`;
`data-updates` counts the answers with news, `data-step` is the run's last step.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from explorer.base.language import _
from explorer.runs import COMMANDS, Run
from explorer.training.recipes import beside_course as figures
from explorer.ui.runs import run_words
from explorer.ui.runs.component import api, run_component
from pages.train.live.state import STATE

BOARD = run_component(Path(__file__).with_suffix(".js"), "live")

AXES = ("epoch", "step", "seconds")


def _labels() -> dict[str, str]:
    own = {
        "progress": _("Progress of the run"),
        "course_train": _("course, training"),
        "course_test": _("course, test"),
        "position": _("number {n} in the queue"),
        "starts_in": _("starts in about {time}"),
        "fetching": _("fetching the data: {n} of {total}"),
        "epoch_of": _("epoch {n} of {total}"),
        "rate": _("{n} pictures/s"),
        "left": _("{time} left"),
        "takes": _("then takes about {time}"),
        "took": _("trained for {time}"),
    }
    words = (run_words.statuses(), run_words.asks(), run_words.charts(), run_words.learned(), own)
    return {key: word for each in words for key, word in each.items()}


def live_board(
    run: Run,
    *,
    key: str,
    place: str,
    refused: Mapping[str, str],
    on_ask: Callable[[str], None],
) -> None:
    """Show the board. `place` says on what data and device; `on_ask` is told the verb asked for.

    `refused` says of a verb why this visitor may not ask for it; "" if they may.
    """

    def asked() -> None:
        on_ask(st.session_state[key].ask or "")

    axis = STATE.heed("by", AXES)
    result = BOARD(
        key=key,
        data={
            "base": api(),
            "run": run.id,
            "status": run.status,
            "place": place,
            "asks": COMMANDS,
            "refused": {verb: why for verb, why in refused.items() if why},
            "by": axis,
            "course": figures.course(run.recipe),
            "labels": _labels(),
        },
        on_ask_change=asked,
        on_by_change=lambda: None,
        on_changed_change=lambda: None,
    )
    if result.by in AXES:
        STATE.put("by", result.by, AXES[0])
