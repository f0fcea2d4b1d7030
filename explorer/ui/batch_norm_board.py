"""The picture of a batch on its way through the formula, drawn in the browser.

Playing, stepping, scrubbing and picking a dot happen there (`assets/batch_norm_board.js`), without
a word to Python; a moment after the reader stops, the stage comes back so that a link can carry
it, and so does the feature whose row was clicked. `[data-batchnorm-painted="<key>-<stage>"]` is
there once that stage is drawn.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.figures.normalisation import Board

ASSETS = Path(__file__).parent / "assets"


@cache
def _component() -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    return st.components.v2.component(
        "convscope_batch_norm",
        html='<div class="batchnorm"></div>',
        css=(ASSETS / "batch_norm_board.css").read_text(encoding="utf-8"),
        js=(ASSETS / "batch_norm_board.js").read_text(encoding="utf-8"),
    )


def batch_norm_board(
    data: Board,
    step: int,
    *,
    key: str,
    on_step: Callable[[], None],
    on_feature: Callable[[], None],
) -> None:
    """Show `data` at stage `step`, 0 to 3. The callbacks find `step` or `feature` under `key`."""
    _component()(
        key=key,
        data={**data, "step": step},
        on_step_change=on_step,
        on_feature_change=on_feature,
    )
