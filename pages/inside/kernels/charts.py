"""Plotly figures of weights: how they are spread in one layer, and how large they are in each."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from explorer.base.language import _
from explorer.base.units import exact
from explorer.figures.charts import (
    BLUE,
    VERMILION,
    Settings,
    Style,
    axis,
    frame,
    layer_axis,
    legend,
    line,
)
from pages.inside.kernels.figures import BINS, Floats, Layer, Statistics

# The last side is the one that was picked, the first stands beside it.
STYLES = ((BLUE, "dash", "diamond"), (VERMILION, "solid", "circle"))


@dataclass(frozen=True, eq=False)
class Spread:
    """How often which weights occur: `counts` (BINS,) in equal bins from −most to most."""

    title: str
    counts: Floats
    statistics: Statistics


def histogram(sides: Sequence[Spread], most: float) -> go.Figure:
    """The share of weights in each bin, one line for each side."""
    width = 2 * most / BINS
    middles = [(place - BINS // 2) * width for place in range(BINS)]
    figure = _frame(axis(_("weight")), axis(_("share of the layer's weights (%)")))
    for side, (color, dash, _symbol) in zip(sides, _styles(len(sides)), strict=True):
        figure.add_scatter(
            x=middles,
            y=100 * side.counts / side.statistics.count,
            customdata=[exact(int(each)) for each in side.counts],
            name=side.title,
            line={"color": color, "dash": dash, "shape": "hvh", "width": 2},
            fill="tozeroy" if dash == "solid" else None,
            hovertemplate=_("%{{x:.3g}} ± {half}: %{{y:.2f}} % (%{{customdata}})").format(
                half=f"{width / 2:.2g}"
            ),
        )
    return figure


def sizes(
    layers: Sequence[Layer],
    sides: Sequence[tuple[str, Sequence[Statistics]]],
    measure: str,
    at: int,
) -> go.Figure:
    """One point for each layer; `measure` is "size" or "norm", layer number `at` is marked."""
    names = [layer.name for layer in layers]
    words = {"size": _("root mean square of the weights"), "norm": _("norm of all weights")}
    x = layer_axis(_("layer, from first to last"), len(names), level=8)
    figure = _frame(x, axis(words[measure], rangemode="tozero"))
    sized = [13 if place == at else 7 for place in range(len(names))]
    for (title, statistics), style in zip(sides, _styles(len(sides)), strict=True):
        values = [each.size if measure == "size" else each.norm for each in statistics]
        figure.add_trace(
            line(title, names, values, style, width=1.5, size=sized, hovertemplate="%{x}: %{y:.4g}")
        )
    return figure


def _styles(sides: int) -> Sequence[Style]:
    return STYLES[-sides:]


def _frame(x: Settings, y: Settings) -> go.Figure:
    more = {"showlegend": True, "hoverlabel": {"align": "left"}}
    return frame(300, x, y, 28, legend=legend(1.12), **more)
