"""The page on blocks: its charts and its table."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.analysis import wording
from explorer.base.language import _
from explorer.base.units import count, exact
from explorer.figures.charts import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    Settings,
    axis,
    bar,
    frame,
    legend,
)
from explorer.lessons.blocks import Growth, Savings

PATHS = (BLUE, ORANGE, GREEN, PINK)
HATCHES = ("", "/", "x", ".")


def _hatch(shape: str | list[str]) -> dict[str, object]:
    """A second sign over a bar's colour."""
    return {
        "shape": shape, "fillmode": "overlay", "fgcolor": "white", "fgopacity": 0.3, "size": 9,
        "solidity": 0.18,
    }  # fmt: skip


def _on(color: str) -> str:
    """The colour of figures on a bar that can be read there (4.5 : 1)."""
    return "white" if color == BLUE else "#17202b"


def path_names() -> tuple[str, str, str, str]:
    """Inception's paths, in the order of its output's channels."""
    return _("1 × 1"), _("3 × 3"), _("5 × 5"), _("pooling")


def path_widths(blocks: Mapping[str, Savings]) -> go.Figure:
    """Each block's output channels, path by path."""
    figure = _lying(_("output channels"), 420, barmode="stack")
    figure.update_yaxes(title=_("block"))
    for n, name in enumerate(path_names()):
        widths = [each.widths.paths[n] for each in blocks.values()]
        figure.add_bar(
            y=list(blocks), x=widths, name=name, orientation="h", text=widths,
            textposition="inside", insidetextanchor="middle", textangle=0,
            marker={"color": PATHS[n], "pattern": _hatch(HATCHES[n])},
            insidetextfont={"color": _on(PATHS[n]), "size": 14},
            hovertemplate="%{y}, %{fullData.name}: %{x}<extra></extra>",
        )  # fmt: skip
    return figure


def weight_bars(saving: Savings) -> go.Figure:
    """Kernel weights with the reductions, without them, and of plain convolutions."""
    bars = (
        (_("with 1 × 1 reductions"), saving.block, BLUE),
        (_("without reductions"), saving.unreduced, ORANGE),
        (_("one plain 3 × 3"), saving.plain3, GREY),
        (_("one plain 5 × 5"), saving.plain5, GREY),
    )
    texts = [
        f"{count(block.weights)} · ×{saving.times_fewer(block):.2f}" for _name, block, _c in bars
    ]
    most = 1.5 * saving.plain5.weights
    figure = _lying(_("kernel weights (biases left out)"), 230, most)
    return figure.add_trace(
        bar(
            y=[name for name, _block, _color in bars],
            x=[block.weights for _name, block, _color in bars],
            orientation="h",
            marker_color=[color for _name, _block, color in bars],
            text=texts,
            customdata=[exact(block.weights) for _name, block, _color in bars],
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )


def accumulation(growth: Growth) -> go.Figure:
    """The channels of a dense block: the input stays, and every layer adds its own."""
    first, *others = growth.channels
    steps = [_("input"), *(_("layer {n}").format(n=n + 1) for n in range(len(others)))]
    parts = [first, *(b - a for a, b in zip(growth.channels, others, strict=False))]
    colors = (GREY, BLUE, ORANGE, GREEN, PINK, SKY, VERMILION)
    most, height = 1.08 * growth.channels[-1], 110 + 36 * len(steps)
    figure = _lying(_("channels after each layer"), height, most, barmode="stack")
    for n, part in enumerate(parts):
        rows = steps[n:]
        figure.add_bar(
            y=rows, x=[part] * len(rows), orientation="h", name=steps[n],
            text=[part] * len(rows), textposition="inside", insidetextanchor="middle", textangle=0,
            marker={
                "color": colors[n % len(colors)],
                "pattern": _hatch(HATCHES[n % len(HATCHES)]),
                "line": {"width": 1, "color": "white"},
            },
            insidetextfont={"color": _on(colors[n % len(colors)]), "size": 14},
            hovertemplate="%{y}: %{x} · %{fullData.name}<extra></extra>",
        )  # fmt: skip
    for step, total in zip(steps, growth.channels, strict=True):
        figure.add_annotation(
            x=total, y=step, text=f"<b>{total}</b>", showarrow=False, xanchor="left", xshift=6
        )
    return figure


def channel_track(parts: Sequence[tuple[str, int, int]]) -> go.Figure:
    """DenseNet's channels: blocks add, transitions halve; the sides of the maps below."""
    names = [f"{name}<br>{side} × {side}" for name, _channels, side in parts]
    kinds = {"block": BLUE, "trans": ORANGE, "stem": GREY}
    shapes = {"block": "", "trans": "/", "stem": "."}
    order = _("part of the network, in running order; side of its maps")
    figure = _frame(axis(order), axis(_("channels")), 300)
    return figure.add_trace(
        bar(
            x=names,
            y=[channels for _name, channels, _side in parts],
            text=[channels for _name, channels, _side in parts],
            marker={
                "color": [kinds[name.rstrip("0123456789")[:5]] for name, *_rest in parts],
                "pattern": _hatch(
                    [shapes[name.rstrip("0123456789")[:5]] for name, *_rest in parts]
                ),
            },
            hovertemplate="%{x}: %{y}<extra></extra>",
        )
    )


def _lying(x_title: str, height: int, most: float | None = None, **layout: str) -> go.Figure:
    """A frame for bars that lie, the first on top."""
    x = axis(x_title) if most is None else axis(x_title, range=[0, most])
    return _frame(x, axis(autorange="reversed", type="category"), height, **layout)


def _frame(x: Settings, y: Settings, height: int, **layout: str) -> go.Figure:
    return frame(
        height, x, y, 36, legend=legend(1.02, yanchor="bottom", traceorder="normal"), bargap=0.25,
        font={"size": 13}, uniformtext={"minsize": 10, "mode": "hide"}, **layout,
    )  # fmt: skip


def savings_table(blocks: Mapping[str, Savings]) -> list[dict[str, str]]:
    """GoogLeNet's blocks: shapes, paths, costs, and what the reductions save."""
    return [
        {
            _("block"): name,
            _("in"): wording.shape(each.block.input),
            _("paths"): " + ".join(map(str, each.widths.paths)),
            _("out"): str(each.widths.out_channels),
            _("parameters"): exact(each.block.parameters),
            _("MACs"): count(each.block.macs),
            _("without reductions"): f"× {each.times_fewer(each.unreduced):.2f}",
            _("plain 3 × 3"): f"× {each.times_fewer(each.plain3):.2f}",
            _("plain 5 × 5"): f"× {each.times_fewer(each.plain5):.2f}",
        }
        for name, each in blocks.items()
    ]
