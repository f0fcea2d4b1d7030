"""The page on channels: its charts and its table of costs."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.analysis.summary import Summary
from explorer.base.language import _
from explorer.base.units import count, exact, raised, size
from explorer.figures.charts import (
    BLUE,
    GREEN,
    LOGARITHMIC,
    ORANGE,
    VERMILION,
    Settings,
    Style,
    axis,
    frame,
    line,
)
from explorer.lessons import channels


def parameters_by_channels(c_in: int, c_out: int, kernel: int) -> go.Figure:
    """Parameters against output channels: with the inputs as they are, and growing alike."""
    upto = max(64, 2 * max(c_in, c_out))
    steps = sorted({max(1, round(upto * n / 64)) for n in range(65)} | {c_out})
    both = [channels.convolution(n, n, kernel, (1, 1)).parameters for n in steps]
    fixed = [channels.convolution(c_in, n, kernel, (1, 1)).parameters for n in steps]
    ones = [channels.convolution(n, n, 1, (1, 1)).parameters for n in steps]
    curves = [
        (_("inputs grow alike: quadratic"), both, (VERMILION, "dash", "")),
        (_("{n} inputs: linear").format(n=c_in), fixed, (BLUE, "solid", "")),
    ]
    if kernel > 1:
        curves.append((_("1 × 1, inputs grow alike"), ones, (GREEN, "dot", "")))
    figure = _frame(axis(_("output channels")), _("parameters"))
    _draw(figure, steps, curves, "%{x}")
    now = channels.convolution(c_in, c_out, kernel, (1, 1)).parameters
    _mark(figure, c_out, now, count(now))
    return figure


def weights_by_side(colours: int, outputs: int, kernel: int, side: int) -> go.Figure:
    """Weights of a fully connected layer and of a convolution against the picture's side."""
    steps = sorted({8, 16, 28, 64, 128, 224, 448, 1000, 2000, side})
    dense = [channels.fully_connected(colours * n * n, outputs).weights for n in steps]
    conv = [channels.convolution(colours, outputs, kernel, (n, n)).weights for n in steps]
    across = axis(
        _("side of the picture (pixels)"),
        type="log",
        tickvals=steps,
        ticktext=list(map(str, steps)),
    )
    figure = _frame(across, _("weights (logarithmic)"), **LOGARITHMIC)
    curves = [
        (_("fully connected"), dense, (VERMILION, "dash", "diamond")),
        (_("convolution {k} × {k}").format(k=kernel), conv, (BLUE, "solid", "circle")),
    ]
    _draw(figure, steps, curves, "%{x} × %{x}")
    for value in (dense[steps.index(side)], conv[steps.index(side)]):
        _mark(figure, side, value, count(value))
    return figure


def flow(summary: Summary) -> go.Figure:
    """Layer by layer: cells of a map, channels, numbers in all, and what one cell sees."""
    layers = [
        layer
        for layer in summary.layers
        if layer.operation.output_shape
        and len(layer.operation.output_shape) == 4
        and ("kernel" in layer.operation.settings or layer.operation.type == "cat")
    ]
    names = [_("picture"), *(layer.operation.name for layer in layers)]
    shapes = [summary.input, *(layer.operation.output_shape or () for layer in layers)]
    cells = [shape[2] * shape[3] for shape in shapes]
    sees = [1, *(layer.ungated.size[0] if layer.ungated else None for layer in layers)]
    curves = (
        (_("cells of one map"), cells, (BLUE, "solid", "circle")),
        (_("channels"), [shape[1] for shape in shapes], (VERMILION, "dash", "diamond")),
        (_("numbers in all"), [s[1] * n for s, n in zip(shapes, cells, strict=True)],
         (GREEN, "dot", "square")),
        (_("side of what one cell sees (pixels)"), sees, (ORANGE, "dashdot", "triangle-up")),
    )  # fmt: skip
    across = axis(
        _("layer, in running order"), type="category", tickangle=-45 if len(names) > 10 else 0
    )
    figure = _frame(across, _("count (logarithmic)"), **LOGARITHMIC)
    for name, values, style in curves:
        figure.add_trace(line(name, names, values, style))
    return figure


def _draw(
    figure: go.Figure, x: list[int], curves: Sequence[tuple[str, list[int], Style]], at: str
) -> None:
    """Curves over `x`, which say their values exactly when pointed `at`."""
    hover = f"{at}: %{{customdata}}<extra>%{{fullData.name}}</extra>"
    for name, values, style in curves:
        exactly = list(map(exact, values))
        figure.add_trace(line(name, x, values, style, customdata=exactly, hovertemplate=hover))


def _mark(figure: go.Figure, x: float, y: float, text: str) -> None:
    figure.add_scatter(
        x=[x], y=[y], mode="markers+text", text=[text], textposition="top center", cliponaxis=False,
        textfont={"size": 14}, showlegend=False, hoverinfo="skip",
        marker={"size": 14, "symbol": "circle-open", "line": {"width": 3}, "color": ORANGE},
    )  # fmt: skip


def _frame(x: Settings, y_title: str, **y: object) -> go.Figure:
    up = axis(y_title, rangemode="tozero", **y)
    return frame(350, x, up, legend={}, hoverlabel={"align": "left"})


def table_of_costs(named: Mapping[str, channels.Cost]) -> dict[str, list[str]]:
    """Costs as a table: exact numbers and how they read."""
    costs = named.values()
    return {
        _("layer"): list(named),
        _("weights"): [f"{exact(cost.weights)} ({count(cost.weights)})" for cost in costs],
        _("biases"): [exact(cost.biases) for cost in costs],
        _("weights in 32 bits"): [bytes_in_both(cost.weight_bytes) for cost in costs],
        _("MACs"): [f"{exact(cost.macs)} ({count(cost.macs)})" for cost in costs],
        _("outputs"): [exact(cost.outputs) for cost in costs],
    }


def tiny(number: float) -> str:
    """A difference near zero: "5 · 10⁻⁵"; "0" only if it is exactly that."""
    if not number:
        return "0"
    digit, power = f"{number:.0e}".split("e")
    return f"{digit} · 10{raised(int(power))}"


def bytes_in_both(number: int) -> str:
    """In powers of 1000, and of 1024 as memory is sold in: "3.07 GB = 2.86 GiB"."""
    power = min(max(number.bit_length() - 1, 0) // 10, 4)
    unit = ("B", "KiB", "MiB", "GiB", "TiB")[power]
    return f"{size(number)} = {number / 1024**power:.3g} {unit}"
