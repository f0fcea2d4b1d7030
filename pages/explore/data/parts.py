"""The parts of the page on data: which set, ten pictures of each class, what is known about it."""

import html
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.base import access
from explorer.base.language import _
from explorer.base.units import count, exact, percent, size, times
from explorer.data import datasets
from explorer.data.datasets import own
from explorer.data.datasets.averages import averages, most_frequent_share, nearest_average_accuracy
from explorer.data.datasets.records import Data, DataSet, Split
from explorer.figures import pictures
from explorer.ui import link_warnings
from explorer.ui.charts import show_chart
from explorer.ui.save_buttons import save_button
from pages.explore.data import class_counts, getting
from pages.explore.data.class_counts import Counts
from pages.explore.data.state import STATE

STYLE = Path(__file__).with_name("page.css")
SAMPLES = 10  # of each class
MOST_SIDE = 2_400  # pixels of a sheet's height: a hundred classes get smaller pictures


@dataclass(frozen=True)
class Shown:
    """Which pictures: of which part, and how many tens of each class come before them."""

    part: str
    turn: int

    def split(self, data: Data) -> Split:
        """The part that is meant."""
        return data.train if self.part == "train" else data.test


# -- which data set ---------------------------------------------------------------------------


def pick() -> str:
    """One of the five names; the last is for people's own pictures."""
    words = {name: _(each.title) for name, each in datasets.DATASETS.items()}
    return STATE.pick_one("data", _("Data set"), words)


def known(name: str) -> DataSet:
    """The facts; for own pictures, of the set chosen among those kept, if there is any."""
    kept = own.names()
    if name != "images" or not kept:
        _drop_own()
        return datasets.get(name)
    if STATE.takes_query("own") or STATE["own"] not in kept:
        STATE["own"] = STATE.heed("own", kept)
    STATE.know()
    chosen = st.selectbox(
        _("Kept here"),
        kept,
        key=STATE.key("own"),
        format_func=lambda each: each.removeprefix(own.PREFIX),
        label_visibility="collapsed",
        width=300,
    )
    STATE.put("own", chosen)
    try:
        return datasets.get(chosen)
    except ValueError as error:  # damaged
        st.error(str(error), icon=":material/broken_image:")
        getting.deletion_button(_("Delete it"), chosen)
        return datasets.get(name)


def _drop_own() -> None:
    """Where no set of people's own is shown, the address names none; a link that does is told."""
    link_warnings.know(STATE.fields.keys() - {"own"})
    STATE.put("own", "")


def are_own(facts: DataSet) -> bool:
    """Whether these are people's own pictures, or are to become such."""
    return facts.name.partition("/")[0] == "images"


# -- ten pictures of each class ---------------------------------------------------------------


def _turn(by: int) -> None:
    STATE["turn"] += by


def choose(data: Data) -> Shown:
    """The row above the sheet: which part, and which ten of each class."""
    if STATE.takes_query("turn"):
        given = STATE.query("turn")
        STATE["turn"] = int(given) if given.isdecimal() and len(given) < 6 else 0
    with st.container(horizontal=True, vertical_alignment="center", key="data_which"):
        words = {"train": _("To train on"), "test": _("To test with")}
        part = STATE.pick_one("part", _("Part"), words)
        for key, by, icon, label in (
            ("back", -1, ":material/chevron_left:", _("Ten before")),
            ("forth", 1, ":material/chevron_right:", _("Ten more")),
        ):
            st.button(label, key=STATE.key(key), icon=icon, on_click=_turn, args=(by,))
        most = int(Shown(part, 0).split(data).labels.bincount().max())
        turn = STATE["turn"] % -(-most // SAMPLES)  # after the last come the first
        STATE["turn"] = turn
        STATE.put("turn", turn, 0)
        first = turn * SAMPLES + 1
        words_of_place = _("Pictures {first} to {last} of each class").format(
            first=exact(first), last=exact(first + SAMPLES - 1)
        )
        st.caption(words_of_place, width="content")
    return Shown(part, turn)


@st.cache_data(max_entries=64, show_spinner=False)
def _sheet(_data: Data, name: str, part: str, turn: int) -> bytes:
    """A row for each class: its average, then ten pictures."""
    split, rows = Shown(part, turn).split(_data), []
    for label in range(len(_data.classes)):
        places = (split.labels == label).nonzero().flatten()
        rows.append(split.pictures[places[turn * SAMPLES : (turn + 1) * SAMPLES]].numpy())
    average = averages(_data.train, len(_data.classes)).round().byte().numpy()
    side = min(pictures.TILE, MOST_SIDE // len(rows) - pictures.GAP)
    left, right = pictures.sheet(list(average[:, None]), side), pictures.sheet(rows, side)
    between = np.zeros((len(left), 3 * pictures.GAP, 4), np.uint8)
    return pictures.png(np.concatenate([left, between, right], axis=1))


def sheet(data: Data, shown: Shown) -> None:
    """The classes' names, and beside each its average and ten of its pictures."""
    png = _sheet(data, data.name, shown.part, shown.turn)
    names = "".join(f"<span>{html.escape(each)}</span>" for each in data.classes)
    words = _("One row for each class: the average of its training pictures, then ten pictures.")
    st.html(STYLE)
    st.html(
        f'<div class="sheet"><div class="names">{names}</div>'
        f'<img alt="{html.escape(words)}" src="{pictures.address(png)}"></div>'
    )
    st.caption(words)


def downloads(data: Data, shown: Shown) -> None:
    """The sheet as PNG, the counts as CSV."""
    name = data.name.replace("/", "-")
    png = _sheet(data, data.name, shown.part, shown.turn)
    with st.container(horizontal=True):
        save_button(_("Pictures (PNG)"), png, f"{name}-{shown.part}-{shown.turn}.png")
        save_button(_("Counts (CSV)"), class_counts.csv(_counts(data)), f"{name}-counts.csv")


# -- what is known about it -------------------------------------------------------------------


def about(facts: DataSet) -> None:
    """What it is, how large it is, where it comes from and where it lies."""
    st.markdown(_(facts.about))
    if facts.train_count:
        pictures_in_all = facts.train_count + facts.test_count
        st.markdown(
            _(
                "**{train}** pictures to train on, **{test}** to test with, {classes} classes. "
                "Each is **{shape}** whole numbers from 0 to 255 (channels × height × width): "
                "{size} in all."
            ).format(
                train=exact(facts.train_count),
                test=exact(facts.test_count),
                classes=count(len(facts.classes)),
                shape=times(facts.shape).replace(" ", "\u00a0"),
                size=size(pictures_in_all * math.prod(facts.shape)),
            )
        )
    lines = []
    if facts.source:
        lines.append(f"[{facts.source}]({facts.url})")
        lines.append(_("Licence: {licence}").format(licence=_(facts.licence)))
    # A visitor of a class has no use for the server's folders.
    if not access.rules().shared and (place := datasets.where(facts.name)):
        lines.append(_("Found in {place}").format(place=f"`{place}`"))
    st.caption("  \n".join(lines))


@st.cache_data(max_entries=64, show_spinner=False)
def _shares(_data: Data, name: str) -> tuple[float, float]:
    return nearest_average_accuracy(_data), most_frequent_share(_data)


def baseline(data: Data) -> None:
    """What a network has to beat."""
    nearest, commonest = _shares(data, data.name)
    st.markdown(
        _(
            "**What has to be beaten?** Always the commonest class: {commonest} of the test "
            "pictures right. The class whose average picture is nearest, cell by cell: "
            "**{nearest}**. A network earns its parameters only above that."
        ).format(commonest=percent(commonest), nearest=percent(nearest))
    )


def _counts(data: Data) -> Counts:
    parts = (data.train, data.test)
    each = [part.labels.bincount(minlength=len(data.classes)).tolist() for part in parts]
    return list(zip(data.classes, *each, strict=True))


def counts(data: Data) -> None:
    """How many pictures of each class."""
    show_chart(class_counts.chart(_counts(data)), STATE.key("counts"))
