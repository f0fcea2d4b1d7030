"""What the parts of the page on blocks share: tabs, prompts, controls, downloads."""

from collections.abc import Mapping, Sequence

from streamlit.elements.lib.mutable_tab_container import TabContainer

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.ui import lesson
from explorer.ui.save_buttons import save_button
from pages.learn.blocks.state import STATE


def words() -> dict[str, str]:
    """The page's tabs."""
    return {
        "all": _("Side by side"),
        "inception": _("Inception"),
        "identity": _("Residual: the identity"),
        "shapes": _("Residual: the shapes"),
        "dense": _("Dense and transition"),
    }


def tabs() -> Mapping[str, TabContainer]:
    """The page's tabs by name."""
    return STATE.tabs("blocks_part", words())


def to(part: str, **setting: object) -> lesson.Setting:
    """A setting of this page that opens one of its tabs."""
    return {"blocks_part": words()[part], **{f"blocks_{k}": v for k, v in setting.items()}}


def table(rows: Sequence[Mapping[str, object]], file: str) -> None:
    """Offer a table as CSV."""
    save_button(_("Table (CSV)"), spreadsheet.records(rows), file)
