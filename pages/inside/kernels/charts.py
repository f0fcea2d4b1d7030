"""Plotly figures of weights: how they are spread in one layer, and how large they are in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from explorer.base.language import _
from explorer.base.units import exact
from pages.inside.kernels.figures import BINS, Floats, Layer, Summary

# Okabe & Ito's; the last side is the one that was picked, the first stands beside it.
STYLES = (("#0072B2", "dash", "diamond"), ("#D55E00", "solid", "circle"))
NAMED = 30  # up to so many layers, each has its name under it


@dataclass(frozen=True, eq=False)
class Spread:
    """How often which weights occur: `counts` (BINS,) in equal bins from −most to most."""

    title: str
    counts: Floats
    summary: Summary


def histogram(sides: Sequence[Spread], most: float) -> go.Figure:
    """The share of weights in each bin, one line for each side."""
    width = 2 * most / BINS
    middles = [(place - BINS // 2) * width for place in range(BINS)]
    titles = _("weight"), _("share of the layer's weights (%)")
    figure = go.Figure(layout=_layout(*titles))
    for side, (color, dash, _symbol) in zip(sides, _styles(len(sides)), strict=True):
        figure.add_scatter(
            x=middles,
            y=100 * side.counts / side.summary.count,
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
    layers: Sequence[Layer], sides: Sequence[tuple[str, Sequence[Summary]]], measure: str, at: int
) -> go.Figure:
    """One point for each layer; `measure` is "size" or "norm", layer number `at` is marked."""
    names = [layer.name for layer in layers]
    words = {"size": _("root mean square of the weights"), "norm": _("norm of all weights")}
    across = {
        "type": "category",
        "showticklabels": len(names) <= NAMED,
        "tickangle": -45 if len(names) > 8 else 0,
    }
    titles = _("layer, from first to last"), words[measure]
    figure = go.Figure(layout=_layout(*titles, across, {"rangemode": "tozero"}))
    for (title, summaries), (color, dash, symbol) in zip(sides, _styles(len(sides)), strict=True):
        figure.add_scatter(
            x=names,
            y=[each.size if measure == "size" else each.norm for each in summaries],
            name=title,
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 1.5},
            marker={
                "symbol": symbol,
                "size": [13 if place == at else 7 for place in range(len(names))],
            },
            hovertemplate="%{x}: %{y:.4g}",
        )
    return figure


def _styles(sides: int) -> Sequence[tuple[str, str, str]]:
    return STYLES[-sides:]


def _layout(
    x_title: str,
    y_title: str,
    across: Mapping[str, object] | None = None,
    up: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Handed over with the figure: what is updated later costs plotly ten times as much."""
    return {
        "height": 300,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
        "legend": {"orientation": "h", "y": 1.12, "x": 0},
        "showlegend": True,
        "hoverlabel": {"align": "left"},
        "xaxis": {"title": x_title, "automargin": True, **(across or {})},
        "yaxis": {"title": y_title, "automargin": True, **(up or {})},
    }
