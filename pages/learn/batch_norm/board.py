"""The picture of a batch on its way through the formula, drawn in the browser.

Playing, stepping, scrubbing and picking a dot happen there (`board.js`), without
a word to Python; a moment after the reader stops, the stage comes back so that a link can carry
it, and so does the feature whose row was clicked. `[data-batchnorm-painted="<key>-<stage>"]` is
there once that stage is drawn.
"""

from collections.abc import Callable
from pathlib import Path

from explorer.ui.boards.component import Component
from pages.learn.batch_norm.charts import Board

BOARD = Component(Path(__file__).with_suffix(".js"), "batchnorm")


def batch_norm_board(
    data: Board,
    step: int,
    *,
    key: str,
    on_step: Callable[[], None],
    on_feature: Callable[[], None],
) -> None:
    """Show `data` at stage `step`, 0 to 3. The callbacks find `step` or `feature` under `key`."""
    BOARD(
        key=key,
        data={**data, "step": step},
        on_step_change=on_step,
        on_feature_change=on_feature,
    )
