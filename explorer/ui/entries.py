"""Every page: its folder, its words, its icon, address and section.

To add a page, write its folder under `pages/` (`page.py` and `state.py`) and add its entry to
`PAGES`.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from explorer.base import language
from explorer.base.language import N_, _
from explorer.base.storage import PROJECT

if TYPE_CHECKING:
    from explorer.ui.state import State

ROOT = PROJECT
MOST_SIGNS = 100  # of an address that is looked for among the pages
ASSETS = Path(__file__).resolve().parent / "assets"

# Folder of pages → its heading in the sidebar, in that order.
SECTIONS = {
    "home": "",
    "learn": N_("Learn"),
    "explore": N_("Explore"),
    "inside": N_("Look inside"),
    "train": N_("Train"),
}


@dataclass(frozen=True)
class Entry:
    """A page: its folder under `pages/`, its words (marked with N_), its Material icon's name."""

    folder: str
    title: str
    question: str
    symbol: str
    address: str | None = None  # where the URL is not as the folder is called
    own_title: bool = False  # drawn by the page; else the frame draws the question as its title

    @property
    def url(self) -> str:
        """The last part of the page's address; "" is the page at the bare one."""
        own = self.folder.rpartition("/")[2].replace("_", "-")
        return own if self.address is None else self.address

    @property
    def section(self) -> str:
        """The sidebar's heading above it."""
        return SECTIONS[self.folder.partition("/")[0]]

    @property
    def icon(self) -> str:
        """As Streamlit names it."""
        return f":material/{self.symbol}:"

    @property
    def path(self) -> Path:
        """The page's file, as `st.page_link` and `st.switch_page` take it."""
        return ROOT / "pages" / self.folder / "page.py"

    @property
    def state(self) -> "State":
        """What the page's address holds, as `STATE` in the file beside `page.py`."""
        module = import_module(f"pages.{self.folder.replace('/', '.')}.state")
        state: State = module.STATE
        return state


PAGES = (
    Entry("home", N_("Home"), N_("Where to begin?"), "home", address="", own_title=True),
    Entry(
        "learn/convolution", N_("Convolution"), N_("Where does this number come from?"), "grid_on"
    ),
    Entry(
        "learn/edge_kernel",
        N_("Learn an edge kernel"),
        N_("Can a kernel find the edge by itself?"),
        "trending_down",
    ),
    Entry(
        "learn/padding_stride",
        N_("Padding and stride"),
        N_("How large is the output, and what is never read?"),
        "padding",
    ),
    Entry(
        "learn/channels",
        N_("Channels and 1 × 1"),
        N_("How do several channels become one number?"),
        "layers",
    ),
    Entry(
        "learn/pooling",
        N_("Pooling"),
        N_("What does pooling forgive, and what does it lose?"),
        "compress",
    ),
    Entry(
        "learn/receptive_field",
        N_("Receptive field"),
        N_("How much of the picture does one unit see?"),
        "center_focus_strong",
    ),
    Entry(
        "learn/batch_norm",
        N_("Batch normalisation"),
        N_("What does batch normalisation do to a batch?"),
        "equalizer",
    ),
    Entry("learn/blocks", N_("Blocks"), N_("What are modern networks built from?"), "view_module"),
    Entry("learn/check", N_("Check yourself"), N_("Can you tell before the machine does?"), "quiz"),
    Entry(
        "explore/layers",
        N_("Layers"),
        N_("What happens to an image inside a network, layer by layer?"),
        "stacks",
        own_title=True,
    ),
    Entry("explore/data", N_("Data"), N_("What does a network learn from?"), "photo_library"),
    Entry("inside/feature_maps", N_("Feature maps"), N_("What does each layer see?"), "visibility"),
    Entry("inside/kernels", N_("Kernels"), N_("What does each layer look for?"), "blur_on"),
    Entry(
        "inside/feature_visualization",
        N_("What excites it"),
        N_("What does a channel answer to most?"),
        "bolt",
        address="excites",
    ),
    Entry(
        "inside/why",
        N_("Why this class?"),
        N_("What in the picture does the answer rest on?"),
        "psychology_alt",
    ),
    Entry(
        "inside/compare",
        N_("Compare"),
        N_("Which network answers better, and at what price?"),
        "compare",
    ),
    Entry(
        "train/new_run",
        N_("New run"),
        N_("What shall be trained, and what will it take?"),
        "rocket_launch",
    ),
    Entry("train/live", N_("Live"), N_("Is it learning?"), "monitoring", own_title=True),
    Entry("train/runs", N_("Runs"), N_("Which run did better, and why?"), "compare_arrows"),
)


def entry(url: str) -> Entry:
    """The page at this address, e.g. `entry("layers")`, to link to it.

    Raises:
        KeyError: no page has this address.
    """
    return {page.url: page for page in PAGES}[url]


def nearest(name: str) -> Entry | None:
    """The page whose address, folder or title (in the reader's language) is nearest to `name`."""
    spellings = {
        _plain(spelling): page
        for page in PAGES[1:]  # all are led to the first
        for spelling in (page.url, page.folder.rpartition("/")[2], page.title, _(page.title))
    }
    for part in reversed(name[:MOST_SIGNS].split("/")):
        if matches := difflib.get_close_matches(_plain(part), spellings, n=1):
            return spellings[matches[0]]
    return None


def _plain(spelling: str) -> str:
    return spelling.lower().replace("_", "-").replace(" ", "-")


@cache
def translated(code: str) -> Mapping[str, Sequence[st.Page]]:
    """The sidebar's sections and pages in the language `code`."""
    with language.served(code):
        return {
            _(name) if name else "": [_as_page(page) for page in PAGES if page.section == name]
            for name in SECTIONS.values()
        }


def _as_page(page: Entry) -> st.Page:
    return st.Page(
        page.path,
        title=_(page.title),
        icon=page.icon,
        url_path=page.url or None,
        default=not page.url,
        help=_(page.question),
    )
