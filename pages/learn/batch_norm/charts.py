"""Numbers, names and the chart of moving averages of the page on batch normalisation."""

import plotly.graph_objects as go
from torch import Tensor

from explorer.base.language import _
from explorer.figures.charts import GREY, axis, frame, legend, line
from explorer.lessons.normalisation import Moving

BLUE, ORANGE = "#3797D3", "#D55E00"  # for both themes


def short(value: float) -> str:
    """1.2345 → "1.23", −4 → "−4.00", 4742.1 → "4742", with a real minus sign."""
    digits = 2 if abs(value) < 100 else 0
    text = f"{value:.{digits}f}" if abs(value) < 1e6 else f"{value:.2e}"
    return text.replace("-0.00", "0.00").replace("-", "−")


def names(x: Tensor) -> list[str]:
    """What the features (N, C) or channels (N, C, H, W) are called: feature 1, …"""
    word = _("channel {n}") if x.dim() == 4 else _("feature {n}")
    return [word.format(n=number + 1) for number in range(x.shape[1])]


def moving(course: Moving, swapped: Moving, channel: int, quantity: str, seen: int) -> go.Figure:
    """The run of one channel's `quantity` ("mean" or "variance") over the batches.

    `course` weighs the old value by the momentum, `swapped` the new one; `seen` is marked.
    """
    own = course.batch_mean if quantity == "mean" else course.batch_var
    figure = frame(
        320,
        axis(_("training batches seen")),
        axis(_("mean") if quantity == "mean" else _("variance")),
        legend=legend(1.16),
        hovermode="x unified",
    )
    figure.add_scatter(
        x=list(range(1, len(own) + 1)),
        y=own[:, channel].tolist(),
        name=_("of the batch itself"),
        mode="markers",
        marker={"color": GREY, "size": 6, "symbol": "circle-open"},
    )
    for name, run, style in (
        (_("momentum weighs the old value (course)"), course, (BLUE, "solid", "")),
        (_("the same number weighs the new value (torch)"), swapped, (ORANGE, "dash", "")),
    ):
        values = (run.mean if quantity == "mean" else run.var)[:, channel].tolist()
        figure.add_trace(line(name, list(range(len(values))), values, style, width=2.5))
    figure.add_vline(x=seen, line={"color": GREY, "dash": "dot", "width": 1.5})
    return figure
