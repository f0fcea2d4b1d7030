"""What the parts of the page on channels share: tabs, prompts, controls, downloads."""

from collections.abc import Mapping, Sequence

from streamlit.elements.lib.mutable_tab_container import TabContainer

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.figures.grids import Grid
from explorer.ui import lesson
from explorer.ui.save_buttons import save_button
from pages.learn.channels.state import STATE


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
    return STATE.tabs("channels_part", words())


def to(part: str, **setting: object) -> lesson.Setting:
    """A setting of this page that opens one of its tabs."""
    return {"channels_part": words()[part], **{f"channels_{k}": v for k, v in setting.items()}}


def download(grids: Sequence[Grid], file: str) -> None:
    """Offer every cell of the grids as CSV."""
    rows = [
        {"grid": grid["id"], "row": i, "column": j, "value": f"{value:.9g}"}
        for grid in grids
        for i, line in enumerate(grid["values"])
        for j, value in enumerate(line)
    ]
    save_button(_("Numbers (CSV)"), spreadsheet.records(rows), file)
