"""The descent board: loss surface, loss by step, kernel and output, scrubbed together.

All steps go to the browser in one message (`figures.edge_kernel.board`); `board.js` and its parts
moves through them without asking the server. What comes back are two events: a learning rate
chosen on the ruler, and a cell clicked in a drawing. Elements to wait for in a test:
`[data-descent-painted="<key>"]`, which also carries `data-step` and, for a small image,
`data-output`: what the browser worked out for that step.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from explorer.ui.boards.component import Component
from pages.learn.edge_kernel.board_data import DescentBoard

BOARD = Component(Path(__file__).with_suffix(".js"), "descent")


def descent_board(
    data: DescentBoard,
    *,
    key: str,
    on_rates: Callable[[list[float]], None],
    on_cell: Callable[[int, int], None],
) -> None:
    """Show the board. `on_rates` hears of new learning rates, one per run; `on_cell` of a click
    on row and column of the image, if it is drawable. Both may set widgets: they are called
    before the page runs again."""

    def rates_changed() -> None:
        if rates := st.session_state[key].rates:
            on_rates([float(rate) for rate in rates])

    def cell_changed() -> None:
        if cell := st.session_state[key].cell:
            on_cell(int(cell[0]), int(cell[1]))

    BOARD(key=key, data=data, on_rates_change=rates_changed, on_cell_change=cell_changed)
