"""Heat maps and deletion curves, as the page "Why this class?" draws and saves them."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TypedDict

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.figures.charts import BLUE, GREEN, GREY, ORANGE, PINK, Style, axis, frame, line
from explorer.figures.maps import Maps, shrunk
from explorer.inside import attribution
from explorer.inside.attribution import Deletion

MOST_SIDE = 112  # numbers of a heat map that are sent, each way; a screen shows no more
CUT = 0.01  # of a map's numbers: the brightest of them share one colour

BAND = "rgba(128, 138, 150, 0.28)"  # of random orders; seen on both themes

# Colour, dash and mark of each method's curve; what comes later takes them again.
LINES = (
    (BLUE, "solid", "circle"),
    (ORANGE, "dash", "square"),
    (GREEN, "dot", "diamond"),
    (PINK, "dashdot", "triangle-up"),
)


class Drawn(TypedDict):
    """A heat map as the browser paints it."""

    values: Maps  # (1, h, w): as it is, or averaged over blocks
    block: int  # pixels of a block, each way
    low: float  # the ends of the colour map: symmetric where signed, else from zero up
    high: float
    cut: bool  # whether numbers beyond an end have the colour of the end


def drawn(heat: Tensor, *, signed: bool) -> Drawn:
    """A heat map (H, W), small enough to be sent.

    The colour map spans all but the `CUT` largest part of its numbers: a few bright pixels would
    leave all others dark.
    """
    values = shrunk(heat.float().numpy()[None], MOST_SIDE)
    sizes = np.abs(values)
    end = float(np.quantile(sizes, 1 - CUT)) or float(sizes.max())
    return Drawn(
        values=values,
        block=ceil(max(heat.shape) / MOST_SIDE),
        low=-end if signed else 0.0,
        high=end,
        cut=end < float(sizes.max()),
    )


def deletion(curves: Mapping[str, Deletion], chance: Sequence[Deletion], class_: str) -> go.Figure:
    """The probability of `class_` while pixels go: one curve per map, and a band of random orders:
    from the lowest to the highest of them, with their mean."""
    every = (*curves.values(), *chance)
    tops = [float(curve.probability.max()) for curve in every]
    y = axis(range=[0, min(1.02, 1.15 * max(tops, default=1))], tickformat="~%")
    y["title"] = {"text": _("probability: {name}").format(name=class_), "font": {"size": 12}}
    x = axis(tickformat=".0%")
    x["title"] = {"text": _("pixels taken away"), "font": {"size": 12}}
    # No legend: each map on the page shows its line.
    figure = frame(220, x, y, showlegend=False, hovermode="x unified")
    if chance:
        _add_band(figure, chance)
        mean = attribution.mean(chance)
        figure.add_trace(_curve(_("mean of random orders"), mean, (GREY, "solid", "x"), 3))
        middle = len(mean.fraction) // 2
        figure.add_annotation(
            x=float(mean.fraction[middle]),
            y=float(mean.probability[middle]),
            text=_("{n} random orders").format(n=len(chance)),
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
        )
    for number, (name, curve) in enumerate(curves.items()):
        figure.add_trace(_curve(name, curve, LINES[number % len(LINES)], 2.4))
    return figure


def _add_band(figure: go.Figure, chance: Sequence[Deletion]) -> None:
    together = torch.stack([each.probability for each in chance])
    for edge, fill in ((together.amin(0), None), (together.amax(0), "tonexty")):
        figure.add_scatter(
            x=chance[0].fraction.tolist(), y=edge.tolist(), mode="lines", line={"width": 0},
            fill=fill, fillcolor=BAND, hoverinfo="skip",
        )  # fmt: skip


def _curve(name: str, curve: Deletion, style: Style, width: float) -> go.Scatter:
    across, up = curve.fraction.tolist(), curve.probability.tolist()
    return line(name, across, up, style, width=width, size=6, hovertemplate="%{y:.3f}")


def maps_csv(heats: Mapping[str, Tensor]) -> str:
    """One line for each pixel: row, column, and its number in every map (all of one size)."""
    height, width = next(iter(heats.values())).shape
    places = [(row, column) for row in range(height) for column in range(width)]
    columns = [heat.flatten().tolist() for heat in heats.values()]
    lines = [(*place, *numbers) for place, *numbers in zip(places, *columns, strict=True)]
    return _csv(["row", "column", *heats], lines)


def curves_csv(curves: Mapping[str, Deletion]) -> str:
    """One line for each step: the share of the pixels that are gone, and every curve there."""
    fractions = next(iter(curves.values())).fraction.tolist()
    columns = [curve.probability.tolist() for curve in curves.values()]
    return _csv(["fraction", *curves], list(zip(fractions, *columns, strict=True)))


def _csv(head: list[str], lines: list[tuple[float, ...]]) -> str:
    return spreadsheet.text([head, *([f"{each:.9g}" for each in line] for line in lines)])
