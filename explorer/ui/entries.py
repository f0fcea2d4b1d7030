"""Every page: its folder, its words, its icon, address and section.

To add a page, write its folder under `pages/` (`page.py` and `state.py`) and add its entry to
`PAGES`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import streamlit as st

from explorer.base import language
from explorer.base.language import N_, _
from explorer.base.storage import PROJECT

if TYPE_CHECKING:
    from explorer.ui.state import State

ROOT = PROJECT
ASSETS = Path(__file__).resolve().parent / "assets"

LEARN, EXPLORE, LOOK_INSIDE, TRAIN = N_("Learn"), N_("Explore"), N_("Look inside"), N_("Train")
SECTIONS = ("", LEARN, EXPLORE, LOOK_INSIDE, TRAIN)  # in the sidebar's order; "" has no heading


@dataclass(frozen=True)
class Entry:
    """A page: its folder under `pages/`, its words (marked with N_), its icon, URL, section."""

    folder: str
    title: str
    question: str
    icon: str
    url: str  # "" is the page at the bare address
    section: str = ""
    own_title: bool = False  # drawn by the page; else the frame draws the question as its title

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
    Entry("home", N_("Home"), N_("Where to begin?"), ":material/home:", "", own_title=True),
    Entry(
        "learn/convolution",
        N_("Convolution"),
        N_("Where does this number come from?"),
        ":material/grid_on:",
        "convolution",
        LEARN,
    ),
    Entry(
        "learn/edge_kernel",
        N_("Learn an edge kernel"),
        N_("Can a kernel find the edge by itself?"),
        ":material/trending_down:",
        "edge-kernel",
        LEARN,
    ),
    Entry(
        "learn/padding_stride",
        N_("Padding and stride"),
        N_("How large is the output, and what is never read?"),
        ":material/padding:",
        "padding-stride",
        LEARN,
    ),
    Entry(
        "learn/channels",
        N_("Channels and 1 × 1"),
        N_("How do several channels become one number?"),
        ":material/layers:",
        "channels",
        LEARN,
    ),
    Entry(
        "learn/pooling",
        N_("Pooling"),
        N_("What does pooling forgive, and what does it lose?"),
        ":material/compress:",
        "pooling",
        LEARN,
    ),
    Entry(
        "learn/receptive_field",
        N_("Receptive field"),
        N_("How much of the picture does one unit see?"),
        ":material/center_focus_strong:",
        "receptive-field",
        LEARN,
    ),
    Entry(
        "learn/batch_norm",
        N_("Batch normalisation"),
        N_("What does batch normalisation do to a batch?"),
        ":material/equalizer:",
        "batch-norm",
        LEARN,
    ),
    Entry(
        "learn/blocks",
        N_("Blocks"),
        N_("What are modern networks built from?"),
        ":material/view_module:",
        "blocks",
        LEARN,
    ),
    Entry(
        "learn/check",
        N_("Check yourself"),
        N_("Can you tell before the machine does?"),
        ":material/quiz:",
        "check",
        LEARN,
    ),
    Entry(
        "explore/layers",
        N_("Layers"),
        N_("What happens to an image inside a network, layer by layer?"),
        ":material/stacks:",
        "layers",
        EXPLORE,
        own_title=True,
    ),
    Entry(
        "explore/data",
        N_("Data"),
        N_("What does a network learn from?"),
        ":material/photo_library:",
        "data",
        EXPLORE,
    ),
    Entry(
        "inside/feature_maps",
        N_("Feature maps"),
        N_("What does each layer see?"),
        ":material/visibility:",
        "feature-maps",
        LOOK_INSIDE,
    ),
    Entry(
        "inside/kernels",
        N_("Kernels"),
        N_("What does each layer look for?"),
        ":material/blur_on:",
        "kernels",
        LOOK_INSIDE,
    ),
    Entry(
        "inside/feature_visualization",
        N_("What excites it"),
        N_("What does a channel answer to most?"),
        ":material/bolt:",
        "excites",
        LOOK_INSIDE,
    ),
    Entry(
        "inside/why",
        N_("Why this class?"),
        N_("What in the picture does the answer rest on?"),
        ":material/psychology_alt:",
        "why",
        LOOK_INSIDE,
    ),
    Entry(
        "inside/compare",
        N_("Compare"),
        N_("Which network answers better, and at what price?"),
        ":material/compare:",
        "compare",
        LOOK_INSIDE,
    ),
    Entry(
        "train/new_run",
        N_("New run"),
        N_("What shall be trained, and what will it take?"),
        ":material/rocket_launch:",
        "new-run",
        TRAIN,
    ),
    Entry(
        "train/live",
        N_("Live"),
        N_("Is it learning?"),
        ":material/monitoring:",
        "live",
        TRAIN,
        own_title=True,
    ),
    Entry(
        "train/runs",
        N_("Runs"),
        N_("Which run did better, and why?"),
        ":material/compare_arrows:",
        "runs",
        TRAIN,
    ),
)


def entry(url: str) -> Entry:
    """The page at this address, e.g. `entry("layers")`, to link to it.

    Raises:
        KeyError: no page has this address.
    """
    return {page.url: page for page in PAGES}[url]


def by_section() -> Iterator[tuple[str, list[Entry]]]:
    """Each section that has a page, in the sidebar's order, with its pages."""
    for section in SECTIONS:
        if pages := [page for page in PAGES if page.section == section]:
            yield section, pages


@cache
def translated(code: str) -> Mapping[str, Sequence[st.Page]]:
    """The sidebar's sections and pages in the language `code`."""
    with language.served(code):
        sections = {
            _(name) if name else "": tuple(map(_as_page, pages)) for name, pages in by_section()
        }
    return MappingProxyType(sections)


def _as_page(page: Entry) -> st.Page:
    return st.Page(
        page.path,
        title=_(page.title),
        icon=page.icon,
        url_path=page.url or None,
        default=not page.url,
        help=_(page.question),
    )
