"""What the parts of the page on channels share: tabs, prompts, controls, downloads."""

import csv as table
import io
from collections.abc import Mapping

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from explorer.figures.grids import Grid
from explorer.language import _
from explorer.ui import learn, links


def words() -> dict[str, str]:
    """The page's tabs."""
    return {
        "sum": _("Many to one"),
        "pixel": _("1 × 1"),
        "cost": _("What channels cost"),
        "dense": _("Or fully connected?"),
        "flow": _("Through a network"),
    }


def tabs() -> Mapping[str, TabContainer]:
    """The open tabs by name."""
    return dict(zip(words(), links.tabs("channels_part", words()), strict=True))


def to(part: str, **setting: object) -> learn.Setting:
    """A setting of this page that opens one of its tabs."""
    return {"channels_part": words()[part], **{f"channels_{k}": v for k, v in setting.items()}}


def csv(grids: list[Grid]) -> str:
    """Every grid's cells: grid, row, column, value."""
    written = io.StringIO()
    rows = table.writer(written, lineterminator="\n")
    rows.writerow(["grid", "row", "column", "value"])
    for grid in grids:
        for i, line in enumerate(grid["values"]):
            rows.writerows((grid["id"], i, j, f"{value:.9g}") for j, value in enumerate(line))
    return written.getvalue()


def download(text: str, file: str) -> None:
    st.download_button(
        _("Numbers (CSV)"), text, file, "text/csv", icon=":material/download:", on_click="ignore"
    )
