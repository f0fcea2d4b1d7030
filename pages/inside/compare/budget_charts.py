"""Where networks spend their parameters and MACs: a bar for each, layer after layer."""

from collections.abc import Callable, Sequence
from typing import Literal

import plotly.graph_objects as go

from explorer.analysis.operations import family
from explorer.analysis.summary import Layer, Summary
from explorer.base.language import _
from explorer.base.units import count, exact
from explorer.figures.charts import FAMILY_COLORS, GREY, axis, frame

Quantity = Literal["parameters", "macs"]
NAMED = 0.09  # of the axis: wider layers have their name written on them
ROOM = 1.16  # of the longest bar: its total stands behind it
OTHER = "other"

VALUES: dict[Quantity, Callable[[Layer], int]] = {
    "parameters": lambda layer: layer.operation.parameters,
    "macs": lambda layer: layer.macs,
}


def families() -> dict[str, str]:
    """Name of each kind of layer that has a colour → its word."""
    return {
        "convolution": _("convolution"),
        "linear": _("linear"),
        "attention": _("attention"),
        "pooling": _("pooling"),
        "normalisation": _("normalisation"),
        "activation": _("activation"),
        OTHER: _("others"),
    }


def slices(summary: Summary, quantity: Quantity) -> list[tuple[Layer, int, int]]:
    """Each layer that has any, in running order: the layer, where it begins, and how much."""
    parts, at = [], 0
    for layer in summary.layers:
        if much := VALUES[quantity](layer):
            parts.append((layer, at, much))
            at += much
    return parts


def budgets(
    networks: Sequence[tuple[str, Summary]], quantity: Quantity, *, shares: bool
) -> go.Figure:
    """One bar for each (label, summary), the first on top, on one scale.

    With `shares` every bar is as long, and a layer's part of it is its share.
    """
    parts = [slices(summary, quantity) for _label, summary in networks]
    totals = [sum(much for _layer, _at, much in each) or 1 for each in parts]
    longest = 1.0 if shares else float(max(totals))
    labels = [label for label, _summary in networks]
    figure = _frame(labels, quantity, shares=shares, longest=longest)
    for name, word in families().items():
        x, base, y, text, hover = [], [], [], [], []
        for (label, _summary), each, total in zip(networks, parts, totals, strict=True):
            scale = total if shares else 1
            for layer, at, much in each:
                own = family(layer.operation.type)
                if name != (own if own in FAMILY_COLORS else OTHER):
                    continue
                x.append(much / scale)
                base.append(at / scale)
                y.append(label)
                text.append(layer.operation.name if much / scale > NAMED * longest else "")
                hover.append((layer.operation.name, exact(much), 100 * much / total))
        if x:
            figure.add_bar(
                x=x, base=base, y=y, orientation="h", name=word, text=text, customdata=hover,
                textposition="inside", insidetextanchor="middle", constraintext="inside",
                marker={
                    "color": FAMILY_COLORS.get(name, GREY),
                    "line": {"width": 0.6, "color": "#ffffff"},
                },
                hovertemplate="%{y} · %{customdata[0]}<br>%{customdata[1]} "
                "(%{customdata[2]:.1f} %)<extra></extra>",
            )  # fmt: skip
    figure.add_scatter(
        x=[1.0] * len(labels) if shares else totals,
        y=labels,
        mode="text",
        text=[f" {count(total)}" for total in totals],
        textposition="middle right",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )
    return figure


def _frame(labels: Sequence[str], quantity: Quantity, *, shares: bool, longest: float) -> go.Figure:
    titles: dict[Quantity, tuple[str, str]] = {
        "parameters": (_("parameters"), _("share of the parameters")),
        "macs": (_("MACs for one picture"), _("share of the MACs")),
    }
    return frame(
        140 + 42 * len(labels),
        axis(
            titles[quantity][shares],
            tickformat=".0%" if shares else "~s",
            range=[0, ROOM * longest],
        ),
        axis(
            type="category",
            categoryorder="array",
            categoryarray=list(labels),
            range=[len(labels) - 0.5, -0.5],
        ),
        barmode="overlay",
        legend={},
        bargap=0.28,
        hoverlabel={"align": "left"},
        uniformtext={"minsize": 10, "mode": "hide"},
    )
