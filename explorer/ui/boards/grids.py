"""Number grids with signs between them, linked: pointing at a cell shows what it is made of.

Everything that happens under the pointer happens in the browser (`grids.js`); Python
supplies every word, number and sum. What comes back is the cell that was chosen by a click or
the arrow keys, and numbers typed into cells. Element to wait for in a test:
`[data-grids-painted="<key>"]`; the cell shown stands in `data-grids-at`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from explorer.base import inputs
from explorer.base.language import _
from explorer.figures.grids import At, Grid, Sign, Story
from explorer.ui import complaint, page_address
from explorer.ui.boards.component import Component

GRIDS = Component(Path(__file__).with_suffix(".js"), "grids")


def _cell(key: str, grids: Sequence[Grid], start: At) -> At:
    """The cell that the link asks for, if there is such a cell."""
    name, _dot, place = st.query_params.get(f"{key}_at", "").partition(".")
    row, _dot, column = place.partition(".")
    for values in (grid["values"] for grid in grids if grid["id"] == name):
        cell = row.isdecimal() and column.isdecimal()
        if cell and int(row) < len(values) and int(column) < len(values[0]):
            return name, int(row), int(column)
    return start


def number_grids(
    content: tuple[list[Grid], list[Sign]],
    stories: Sequence[Story],
    *,
    key: str,
    label: str,
    start: At,
    on_edit: Callable[[str, int, int, float], None] | None = None,
) -> None:
    """Show grids and signs; the chosen cell is kept in the link as `<key>_at`.

    `on_edit` is called with grid, row, column and the number typed there, before the page runs. A
    ValueError of its, and what is no number, is a sentence above the grids.
    """
    edits, refused = f"edits {key}", f"refused {key}"

    def edited() -> None:
        edit = st.session_state[key].edit
        st.session_state[edits] = st.session_state.get(edits, 0) + 1
        if on_edit and edit:
            try:
                number = inputs.parse_matrix(str(edit["text"]))[0][0]
                on_edit(edit["grid"], int(edit["row"]), int(edit["column"]), number)
            except ValueError as error:
                st.session_state[refused] = str(error)

    if refusal := st.session_state.pop(refused, ""):
        complaint.show(refusal, "straighten")
    grids, signs = content
    data = {
        "key": key,
        "label": label,
        "grids": grids,
        "signs": signs,
        "stories": list(stories),
        "start": _cell(key, grids, start),  # the cell whose story stands there at first
        "edits": st.session_state.get(edits, 0),  # typed numbers that were dealt with
        "lines": max(len(story["lines"]) for story in stories),  # room is kept for them
        "labels": {
            "used": _("This number goes into every framed cell."),
            "edit": _("New number; Enter puts it in, Escape leaves the old one."),
        },
    }
    result = GRIDS(key=key, data=data, on_at_change=lambda: None, on_edit_change=edited)
    if result.at and result.at.get("key") == key:
        place, first = (".".join(map(str, at)) for at in (result.at["at"], start))
        page_address.put(f"{key}_at", place, first)
