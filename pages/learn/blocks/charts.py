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


def _inside(color: str, hatch: str) -> dict[str, object]:
    """A bar with its figures inside, in an ink that can be read on it (4.5 : 1)."""
    ink = "white" if color == BLUE else "#17202b"
    return {
        "marker_color": color, "marker_pattern": _hatch(hatch), "textposition": "inside",
        "insidetextanchor": "middle", "insidetextfont": {"color": ink, "size": 14}, "textangle": 0,
    }  # fmt: skip


def path_widths(blocks: Mapping[str, Savings]) -> go.Figure:
    """Each block's output channels, path by path."""
    figure = _lying(_("output channels"), 420, barmode="stack")
    figure.update_yaxes(title=_("block"))
    for n, name in enumerate((_("1 × 1"), _("3 × 3"), _("5 × 5"), _("pooling"))):
        widths = [each.widths.paths[n] for each in blocks.values()]
        figure.add_bar(
            y=list(blocks), x=widths, name=name, orientation="h", text=widths,
            hovertemplate="%{y}, %{fullData.name}: %{x}<extra></extra>",
            **_inside(PATHS[n], HATCHES[n]),
        )  # fmt: skip
    return figure


def weight_bars(saving: Savings) -> go.Figure:
    """Kernel weights with the reductions, without them, and of plain convolutions."""
    bars = {
        _("with 1 × 1 reductions"): saving.block,
        _("without reductions"): saving.unreduced,
        _("one plain 3 × 3"): saving.plain3,
        _("one plain 5 × 5"): saving.plain5,
    }
    most = 1.5 * saving.plain5.weights
    figure = _lying(_("kernel weights (biases left out)"), 230, most)
    return figure.add_trace(
        bar(
            y=list(bars), x=[each.weights for each in bars.values()], orientation="h",
            marker_color=[BLUE, ORANGE, GREY, GREY],
            text=[f"{count(e.weights)} · ×{saving.times_fewer(e):.2f}" for e in bars.values()],
            customdata=[exact(each.weights) for each in bars.values()],
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )  # fmt: skip


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
            text=[part] * len(rows), marker_line={"width": 1, "color": "white"},
            hovertemplate="%{y}: %{x} · %{fullData.name}<extra></extra>",
            **_inside(colors[n % len(colors)], HATCHES[n % len(HATCHES)]),
        )  # fmt: skip
    for step, total in zip(steps, growth.channels, strict=True):
        figure.add_annotation(
            x=total, y=step, text=f"<b>{total}</b>", showarrow=False, xanchor="left", xshift=6
        )
    return figure


def channel_track(parts: Sequence[tuple[str, int, int]]) -> go.Figure:
    """DenseNet's channels: blocks add, transitions halve; the sides of the maps below."""
    names, channels, sides = zip(*parts, strict=True)
    looks = {"block": (BLUE, ""), "trans": (ORANGE, "/"), "stem": (GREY, ".")}
    colors, hatches = zip(*(looks[name.rstrip("0123456789")[:5]] for name in names), strict=True)
    order = _("part of the network, in running order; side of its maps")
    figure = _frame(axis(order), axis(_("channels")), 300)
    return figure.add_trace(
        bar(
            x=[f"{name}<br>{side} × {side}" for name, side in zip(names, sides, strict=True)],
            y=channels, text=channels, marker_color=colors, marker_pattern=_hatch(list(hatches)),
            hovertemplate="%{x}: %{y}<extra></extra>",
        )
    )  # fmt: skip


def _lying(x_title: str, height: int, most: float | None = None, **layout: str) -> go.Figure:
    """A frame for bars that lie, the first on top."""
    x = axis(x_title) if most is None else axis(x_title, range=[0, most])
    return _frame(x, axis(autorange="reversed", type="category"), height, **layout)


def _frame(x: Settings, y: Settings, height: int, **layout: str) -> go.Figure:
    return frame(
        height, x, y, legend={"traceorder": "normal"}, bargap=0.25,
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
