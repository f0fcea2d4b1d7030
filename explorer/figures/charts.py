"""The house style of Plotly's charts: colours, signs, frames, lines; pages say what is drawn.

All of the layout is handed over with the figure: what is updated later costs Plotly ten times as
much.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

# Okabe & Ito's colours, told apart by the colour-blind; the same families as in the picture.
BLUE, ORANGE, GREEN, PINK, SKY, VERMILION, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A8F98",
)  # fmt: skip
FAMILY_COLORS = {
    "convolution": BLUE,
    "linear": PINK,
    "attention": VERMILION,
    "pooling": GREEN,
    "normalisation": SKY,
    "activation": ORANGE,
}

TOOL_BAR = 30  # pixels of its height
NAMED = 30  # up to so many layers, each has its name under it

LOGARITHMIC = {"type": "log", "dtick": 1, "tickformat": "~s"}  # powers of ten: 1, 10, 100, 1k

Settings = Mapping[str, Any]  # as Plotly names them
Style = tuple[str, str, str]  # a line's colour, dash and mark; no mark: a line without points


def frame(
    height: int, x: Settings, y: Settings, legend: Settings | None = None, **layout: Any
) -> go.Figure:
    """An empty figure of two axes. Above them Plotly's tool bar has a row of its own, and below
    that the `legend`, in as many lines as it takes: neither lies over what is drawn."""
    margin = {"l": 8, "r": 8, "t": TOOL_BAR, "b": 8}
    if legend is not None:
        below = {"yref": "container", "y": 1 - TOOL_BAR / height, "yanchor": "top"}
        layout["legend"] = {"orientation": "h", "x": 0, **below, **legend}
    return go.Figure(layout={"height": height, "margin": margin, "xaxis": x, "yaxis": y, **layout})


def axis(title: str = "", **settings: Any) -> dict[str, Any]:
    """An axis that makes room for what is written at it."""
    named = {"title": {"text": title}} if title else {}
    return {**named, "automargin": True, **settings}


def layer_axis(title: str, layers: int, level: int = 12, **settings: Any) -> dict[str, Any]:
    """An axis with a place for each layer; up to `level` of them have their names level."""
    return axis(
        title,
        type="category",
        tickangle=-45 if layers > level else 0,
        showticklabels=layers <= NAMED,
        **settings,
    )


def line(
    name: str, x: Sequence[Any], y: Sequence[Any], style: Style,
    *, width: float | None = None, size: int | Sequence[int] = 7, **settings: Any,
) -> go.Scatter:  # fmt: skip
    """A line, and points of `size` pixels on it where its style has a mark."""
    color, dash, symbol = style
    drawn: dict[str, Any] = {"color": color, "dash": dash}
    if width is not None:
        drawn["width"] = width
    marks = {"marker": {"symbol": symbol, "size": size}} if symbol else {}
    mode = "lines+markers" if symbol else "lines"
    return go.Scatter(x=x, y=y, name=name, mode=mode, line=drawn, **marks, **settings)


def bar(**settings: Any) -> go.Bar:
    """Bars with their texts behind their ends."""
    return go.Bar(textposition="outside", cliponaxis=False, **settings)
