"""The parts of the page on data: which set, ten pictures of each class, what is known about it."""

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from torch import Tensor

from explorer.base import access
from explorer.base.cache import shared
from explorer.base.language import _
from explorer.base.units import count, exact, percent, size, times
from explorer.data import datasets
from explorer.data.datasets import own
from explorer.data.datasets.averages import averages, most_frequent_share, nearest_average_accuracy
from explorer.data.datasets.records import Data, DataSet
from explorer.figures import pictures
from explorer.figures.charts import BLUE, ORANGE, axis, frame, legend
from explorer.ui import complaint, link_warnings, selection
from explorer.ui.charts import show_chart
from explorer.ui.save_buttons import save_button
from pages.explore.data import getting
from pages.explore.data.state import STATE

STYLE = Path(__file__).with_name("page.css")
Counts = Sequence[Mapping[str, Any]]  # "class"; its pictures to "train" on and to "test" with

BAR = 15  # pixels
SAMPLES = 10  # of each class
MOST_SIDE = 2_400  # pixels of a sheet's height: a hundred classes get smaller pictures


# -- which data set ---------------------------------------------------------------------------


def pick() -> str:
    """One of the five names; the last is for people's own pictures."""
    words = {name: _(each.title) for name, each in datasets.DATASETS.items()}
    return STATE.pick_one("data", _("Data set"), words)


def facts_of(name: str) -> DataSet:
    """What is known of it; for own pictures, of the set chosen among those kept, if any are."""
    sets = own.names()
    if name != "images" or not sets:
        link_warnings.know(STATE.fields.keys() - {"own"})  # no set of people's own is shown
        STATE.put("own", "")
        return datasets.get(name)
    STATE.take("own", sets)
    STATE.know()
    choice = st.selectbox(
        _("Kept here"),
        sets,
        key=STATE.key("own"),
        format_func=lambda each: each.removeprefix(own.PREFIX),
        label_visibility="collapsed",
        width=300,
    )
    STATE.put("own", choice)
    try:
        return datasets.get(choice)
    except ValueError as error:  # damaged
        complaint.show(error, "broken_image")
        getting.deletion_button(_("Delete it"), choice)
        return datasets.get(name)


# -- ten pictures of each class ---------------------------------------------------------------


def choose(data: Data) -> tuple[str, int]:
    """The row above the sheet: which part, and how many tens of each class come before."""
    selection.arrive(STATE, "turn")
    with st.container(horizontal=True, vertical_alignment="center", key="data_which"):
        part = STATE.pick_one("part", _("Part"))
        turns = -(-int(data.part(part).labels.bincount().max()) // SAMPLES)
        turn = selection.index(STATE, "turn", turns)

        def leaf(by: int) -> None:
            STATE["turn"] = (turn + by) % turns  # after the last come the first

        for key, by, icon, label in (
            ("back", -1, ":material/chevron_left:", _("Ten before")),
            ("forth", 1, ":material/chevron_right:", _("Ten more")),
        ):
            st.button(label, key=STATE.key(key), icon=icon, on_click=leaf, args=(by,))
        first = turn * SAMPLES + 1
        st.caption(_pictures_in_words(data.part(part).labels, first), width="content")
    return part, turn


def _pictures_in_words(labels: Tensor, first: int) -> str:
    """Which pictures of each class the sheet shows, where classes run out of them too."""
    counts = labels.bincount().tolist()
    least, most = min(counts), max(counts)
    last = min(first + SAMPLES - 1, most)
    words = _("Pictures {first} to {last} of each class")
    if least < last:
        words = _(
            "Pictures {first} to {last} of each class, where there are so many: classes have "
            "{least} to {most}"
        )
    return words.format(first=exact(first), last=exact(last), least=exact(least), most=exact(most))


@shared(64)
def _sheet(name: str, part: str, turn: int) -> bytes:
    """A row for each class: its average, then ten pictures."""
    data, rows = datasets.load(name), []
    split = data.part(part)
    for label in range(len(data.classes)):
        places = (split.labels == label).nonzero().flatten()
        rows.append(split.pictures[places[turn * SAMPLES : (turn + 1) * SAMPLES]].numpy())
    average = averages(data.train, len(data.classes)).round().byte().numpy()
    side = min(pictures.TILE, MOST_SIDE // len(rows) - pictures.GAP)
    left, right = pictures.sheet(list(average[:, None]), side), pictures.sheet(rows, side)
    between = np.zeros((len(left), 3 * pictures.GAP, 4), np.uint8)
    return pictures.png(np.concatenate([left, between, right], axis=1))


def sheet(data: Data, part: str, turn: int) -> None:
    """The classes' names, and beside each its average and ten of its pictures; files of both."""
    png = _sheet(data.name, part, turn)
    names = "".join(f"<span>{html.escape(each)}</span>" for each in data.classes)
    words = _("One row for each class: the average of its training pictures, then ten pictures.")
    st.html(STYLE)
    st.html(
        f'<div class="sheet"><div class="names">{names}</div>'
        f'<img alt="{html.escape(words)}" src="{pictures.address(png)}"></div>'
    )
    st.caption(words)
    stem = data.name.replace("/", "-")
    with st.container(horizontal=True):
        save_button(_("Pictures (PNG)"), png, f"{stem}-{part}-{turn}.png")
        save_button(_("Counts (CSV)"), _counts(data), f"{stem}-counts.csv")


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


@shared(64)
def _shares(name: str) -> tuple[float, float]:
    data = datasets.load(name)
    return nearest_average_accuracy(data), most_frequent_share(data)


def baseline(data: Data) -> None:
    """What a network has to beat."""
    nearest, commonest = _shares(data.name)
    st.markdown(
        _(
            "**What has to be beaten?** Always the commonest class: {commonest} of the test "
            "pictures right. The class whose average picture is nearest, cell by cell: "
            "**{nearest}**. A network earns its parameters only above that."
        ).format(commonest=percent(commonest), nearest=percent(nearest))
    )


# -- how many pictures of each class ----------------------------------------------------------


def _counts(data: Data) -> Counts:
    parts = (data.train, data.test)
    each = [part.labels.bincount(minlength=len(data.classes)).tolist() for part in parts]
    rows = zip(data.classes, *each, strict=True)
    return [dict(zip(("class", "train", "test"), row, strict=True)) for row in rows]


def counts(data: Data) -> None:
    """A chart of them."""
    show_chart(counts_chart(_counts(data)), STATE.key("counts"))


def counts_chart(counts: Counts) -> go.Figure:
    """Two bars for each class, the first class on top."""
    # Plotly reads some HTML in its texts, and these are the names of somebody's folders.
    names = [html.escape(each["class"], quote=False) for each in counts]
    parts = (("train", _("to train on"), BLUE, ""), ("test", _("to test with"), ORANGE, "/"))
    figure = frame(
        90 + 2 * BAR * len(names),
        axis(_("pictures"), rangemode="tozero"),
        axis(autorange="reversed", type="category"),
        bargap=0.25,
        separators=". ",
        legend=legend(1.0, yanchor="bottom", traceorder="normal"),
    )
    for part, title, color, shape in parts:
        figure.add_bar(
            y=names,
            x=[each[part] for each in counts],
            name=title,
            orientation="h",
            marker={"color": color, "pattern": {"shape": shape, "fillmode": "overlay"}},
            hovertemplate="%{y}: %{x:,}<extra>%{fullData.name}</extra>",
        )
    return figure
