"""How many pictures each class has, to train on and to test with: a chart and a table."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.figures.charts import BLUE, ORANGE, axis, frame, legend

Counts = Sequence[tuple[str, int, int]]  # class, pictures to train on, pictures to test with

BAR = 15  # pixels


def chart(counts: Counts) -> go.Figure:
    """Two bars for each class, the first class on top."""
    # Plotly reads some HTML in its texts, and these are the names of somebody's folders.
    names = [html.escape(name, quote=False) for name, _train, _test in counts]
    parts = (
        (_("to train on"), [train for _name, train, _test in counts], BLUE, ""),
        (_("to test with"), [test for _name, _train, test in counts], ORANGE, "/"),
    )
    figure = frame(
        90 + 2 * BAR * len(names),
        axis(_("pictures"), rangemode="tozero"),
        axis(autorange="reversed", type="category"),
        bargap=0.25,
        separators=". ",
        legend=legend(1.0, yanchor="bottom", traceorder="normal"),
    )
    for title, numbers, color, shape in parts:
        figure.add_bar(
            y=names,
            x=numbers,
            name=title,
            orientation="h",
            marker={"color": color, "pattern": {"shape": shape, "fillmode": "overlay"}},
            hovertemplate="%{y}: %{x:,}<extra>%{fullData.name}</extra>",
        )
    return figure


def csv(counts: Counts) -> str:
    """A line for each class; the header is the same in every language."""
    return spreadsheet.text([["class", "train", "test"], *counts])
