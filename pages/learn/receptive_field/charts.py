"""Plotly figures of receptive fields: the effective field, and the fields of a network's layers."""

import plotly.graph_objects as go
import torch

from explorer.analysis.summary import Layer, Summary
from explorer.base.language import _
from explorer.figures import maps
from explorer.figures.charts import BLUE, GREEN, GREY, NAMED, axis, bar, frame, layer_axis
from explorer.lessons.field_stack import Effective

BOX = "#e69f00"


def effective(field: Effective, *, measured: bool) -> go.Figure:
    """How much each pixel counts for the centre unit: as measured, or all of the box alike.

    Both are drawn on one scale, in percent of all gradient, with the box and its centre quarter.
    """
    strength = field.strength
    if not measured:
        first, last = field.box
        strength = torch.zeros_like(field.strength)
        strength[first : last + 1, first : last + 1] = 1 / (last - first + 1) ** 2
    plain = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    figure = frame(360, plain, {**plain, "autorange": "reversed", "scaleanchor": "x"})
    figure.add_heatmap(
        z=(100 * strength).tolist(),
        zmin=0,
        zmax=100 * float(field.strength.max()),
        colorscale=maps.SEQUENTIAL,
        showscale=measured,
        colorbar={"title": {"text": _("% of all<br>gradient")}, "thickness": 14},
        hovertemplate=_("row %{y}, column %{x}: %{z:.3g} %<extra></extra>"),
        x0=1,
        y0=1,
    )
    box, inner = {"color": BOX, "width": 3}, {"color": "#ffffff", "width": 2, "dash": "dash"}
    figure.add_shape(**_square(field.box[0], field.box[1] + 1), line=box)
    figure.add_shape(**_square(*field.inner), line=inner)
    return figure


def _square(first: float, end: float) -> dict[str, float | str]:
    """From edge to edge, where pixel 1 reaches from 0.5 to 1.5."""
    return {"type": "rect", "x0": first + 0.5, "x1": end + 0.5, "y0": first + 0.5, "y1": end + 0.5}


def windows(summary: Summary) -> list[Layer]:
    """The layers that look through a window and whose units still have places of their own."""
    return [
        layer
        for layer in summary.layers
        if layer.operation.settings.get("kernel") and layer.ungated and layer.ungated.is_map
    ]


def growth(summary: Summary) -> go.Figure:
    """One bar for each layer with a window: the field's side, against the picture's."""
    layers = windows(summary)
    sides = [max(layer.ungated.size) for layer in layers if layer.ungated]
    names = [layer.operation.name for layer in layers]
    pools = ["Pool" in layer.operation.type or "pool" in layer.operation.type for layer in layers]
    x = layer_axis(
        _("layer, in running order"), len(layers), categoryorder="array", categoryarray=names
    )
    figure = frame(
        380,
        x,
        axis(_("side of the field (pixels)")),
        legend={},
        barmode="overlay",
        bargap=0.25,
    )
    for name, pooling, color, pattern in (
        (_("convolution"), False, BLUE, ""),
        (_("pooling"), True, GREEN, "/"),
    ):
        figure.add_trace(
            bar(
                x=names,
                y=[
                    side if pool == pooling else None
                    for side, pool in zip(sides, pools, strict=True)
                ],
                name=name,
                marker={"color": color, "pattern": {"shape": pattern}},
                text=[str(side) for side in sides] if len(layers) <= NAMED else None,
                hovertemplate=_("%{x}: sees %{y} × %{y} pixels<extra></extra>"),
            )
        )
    side = max(summary.input[-2:])
    figure.add_hline(
        y=side,
        line={"dash": "dash", "width": 2, "color": GREY},
        annotation={"text": _("the picture: {n}").format(n=side), "xanchor": "left", "x": 0},
    )
    return figure
