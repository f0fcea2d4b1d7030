"""Plotly figures of a summary: where the costs sit, and how maps change through the network."""

from collections.abc import Callable

import plotly.graph_objects as go

from explorer.analysis.operations import family
from explorer.analysis.summary import Layer, Summary
from explorer.base.language import _
from explorer.base.units import count, exact, size
from explorer.figures.charts import (
    BLUE,
    FAMILY_COLORS,
    GREY,
    LOGARITHMIC,
    NAMED,
    SKY,
    VERMILION,
    Style,
    axis,
    bar,
    frame,
    layer_axis,
    line,
)  # fmt: skip

Quantity = tuple[Callable[[Layer], int], Callable[[float], str]]
QUANTITIES: dict[str, Quantity] = {
    "parameters": (lambda layer: layer.parameters, count),
    "MACs": (lambda layer: layer.macs, count),
    "memory": (lambda layer: layer.activation_bytes, size),
}


def label(quantity: str) -> str:
    """The axis title of one of `QUANTITIES`, with its unit."""
    return {
        "parameters": _("parameters"),
        "MACs": _("MACs per picture"),
        "memory": _("activation memory of the batch (bytes)"),
    }[quantity]


def costs(summary: Summary, quantity: str) -> go.Figure:
    """One bar for each layer that has any of `quantity`, in running order."""
    value, text = QUANTITIES[quantity]
    layers = [layer for layer in summary.layers if value(layer)]
    total = sum(map(value, layers)) or 1
    names = [layer.operation.name for layer in layers]
    figure = _frame(label(quantity), len(layers))
    return figure.add_trace(
        bar(
            x=names,
            y=[value(layer) for layer in layers],
            marker_color=[
                FAMILY_COLORS.get(family(layer.operation.type), GREY) for layer in layers
            ],
            text=[text(value(layer)) for layer in layers] if len(layers) <= NAMED else None,
            customdata=[
                (layer.operation.type, exact(value(layer)), 100 * value(layer) / total)
                for layer in layers
            ],
            hovertemplate="%{x} · %{customdata[0]}<br>%{customdata[1]} (%{customdata[2]:.1f} %)"
            "<extra></extra>",
        )
    )


def concentration(summary: Summary, quantity: str, enough: float = 0.9) -> str:
    """Where most of it sits, e.g. "92 % sit in 2 of 8 layers: fc1, fc2"."""
    value, _text = QUANTITIES[quantity]
    ranked = sorted((layer for layer in summary.layers if value(layer)), key=value, reverse=True)
    total = sum(map(value, ranked))
    held, largest = 0, []
    for layer in ranked:
        if held >= enough * total:
            break
        held += value(layer)
        largest.append(layer.operation.name)
    if not largest:
        return ""
    listed = ", ".join(largest[:4]) + (" …" if len(largest) > 4 else "")
    return _("{share} % sit in {some} of {all} layers: {names}").format(
        share=round(100 * held / total), some=len(largest), all=len(ranked), names=listed
    )


def shapes(summary: Summary) -> go.Figure:
    """Side of the maps and number of channels through the network, on one logarithmic axis."""
    layers = [layer for layer in summary.layers if layer.operation.output_shape]
    names = [layer.operation.name for layer in layers]
    maps = [_map(layer) for layer in layers]
    square = all(one is None or one[1] == one[2] for one in maps)
    lines: list[tuple[str, int, Style]] = [
        (_("height and width") if square else _("height"), 1, (BLUE, "solid", "circle")),
        (_("channels or features"), 0, (VERMILION, "dash", "diamond")),
    ]
    if not square:
        lines.insert(1, (_("width"), 2, (SKY, "dot", "square")))
    figure = _frame(_("cells, channels (logarithmic)"), len(layers), **LOGARITHMIC)
    for name, index, style in lines:
        figure.add_trace(line(name, names, [one[index] if one else None for one in maps], style))
    return figure


def _map(layer: Layer) -> tuple[int, int, int] | None:
    """(channels, height, width); a vector is one cell with many channels; tokens are no map."""
    shape = layer.operation.output_shape or ()
    return (shape[1], 1, 1) if len(shape) == 2 else layer.map_shape


def _frame(y_title: str, layers: int, **y: object) -> go.Figure:
    order = _("layer, in running order")
    if layers > NAMED:
        order = _("{order} (point at one for its name)").format(order=order)
    return frame(
        360, layer_axis(order, layers), axis(y_title, **y), legend={}, bargap=0.25,
        hoverlabel={"align": "left"},
    )  # fmt: skip
