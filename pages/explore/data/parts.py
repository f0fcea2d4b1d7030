"""The parts of the page on data: which set, which of its pictures, what is known about it."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from torch import Tensor

from explorer.base import access
from explorer.base.cache import shared
from explorer.base.language import _
from explorer.base.units import count, exact, percent, size, times
from explorer.data import datasets
from explorer.data.datasets import own
from explorer.data.datasets.averages import (
    mean_and_spread,
    most_frequent_share,
    nearest_average_accuracy,
)
from explorer.data.datasets.records import Data, DataSet
from explorer.figures.charts import BLUE, ORANGE, axis, frame
from explorer.ui import complaint, link_warnings, page_address, selection
from explorer.ui.charts import show_chart
from explorer.ui.entries import entry
from explorer.ui.save_buttons import save_button
from pages.explore.data import getting
from pages.explore.data.sheets import SAMPLES
from pages.explore.data.state import STATE

Counts = Sequence[Mapping[str, Any]]  # "class"; its pictures to "train" on and to "test" with

BAR = 15  # pixels
_CHOSEN_OF = "data set and part of the chosen picture"


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


# -- which of its pictures --------------------------------------------------------------------


def choose(data: Data) -> tuple[str, int]:
    """The row above the sheet: which part, and how many tens of each class come before."""
    selection.arrive(STATE, "turn", "picture")
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


def picture_number(data: Data, part: str) -> int:
    """The number of the picture that is looked at, in its part; −1: none."""
    of = f"{data.name} {part}"
    if st.session_state.setdefault(_CHOSEN_OF, of) != of and not page_address.came_back():
        STATE["picture"] = ""  # it was another's
    st.session_state[_CHOSEN_OF] = of
    return selection.index(STATE, "picture", len(data.part(part)), -1)


# -- what is known about it -------------------------------------------------------------------


@shared(64)
def _brightness(name: str) -> list[str]:
    """Mean and spread, of each channel."""
    both = mean_and_spread(datasets.load(name).train)
    return [", ".join(f"{each:.3f}" for each in channels) for channels in both]


def answer(data: Data) -> None:
    """What a network learns from, in this data set's numbers; and a way to have one learn it."""
    mean, spread = _brightness(data.name)
    each = data.train.labels.bincount(minlength=len(data.classes)).tolist()
    words = _(
        "**From {train} pictures and the name of each one's class; nothing else.** To a network a "
        "picture is {numbers} numbers from 0 to 1, {mean} on average, with a spread of {spread}. "
    ).format(
        train=exact(len(data.train)), numbers=exact(math.prod(data.shape)), mean=mean, spread=spread
    )
    if min(each) == max(each):
        words += _("Each of {classes} classes comes {n} times.").format(
            classes=len(each), n=exact(each[0])
        )
    else:
        words += _("Each of {classes} classes comes {least} to {most} times.").format(
            classes=len(each), least=exact(min(each)), most=exact(max(each))
        )
    st.markdown(words)
    page = entry("new-run")
    label, query = _("Train a network on these"), {"dataset": data.name}
    st.page_link(page.path, label=label, icon=page.icon, query_params=query, help="")


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
    """A chart of them, and a file."""
    rows = _counts(data)
    show_chart(counts_chart(rows), STATE.key("counts"))
    save_button(_("Counts (CSV)"), rows, f"{data.name.replace('/', '-')}-counts.csv")


def counts_chart(counts: Counts) -> go.Figure:
    """Two bars for each class, the first class on top."""
    # Plotly reads some HTML in its texts, and these are the names of somebody's folders.
    names = [html.escape(each["class"], quote=False) for each in counts]
    parts = (("train", _("to train on"), BLUE, ""), ("test", _("to test with"), ORANGE, "/"))
    figure = frame(
        120 + 2 * BAR * len(names),
        axis(_("pictures"), rangemode="tozero"),
        axis(autorange="reversed", type="category"),
        bargap=0.25,
        separators=". ",
        legend={"traceorder": "normal"},
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
