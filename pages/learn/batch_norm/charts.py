"""Pictures of batch normalisation: a batch at each step of the formula, and moving averages."""

from typing import TypedDict

import plotly.graph_objects as go
from torch import Tensor

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.figures.charts import axis, frame, legend, line
from explorer.lessons.normalisation import Moving, Steps, per_channel

BLUE, ORANGE, GREY = "#3797D3", "#D55E00", "#8A8F98"  # Okabe–Ito, both themes
DIGITS = 6  # significant ones that the browser gets


class Feature(TypedDict):
    """One feature or channel at the four stages; `stages` is 4 × m."""

    name: str
    stages: list[list[float]]
    mean: float  # those in use: the batch's or the moving ones
    variance: float
    gamma: float
    beta: float
    means: list[float]  # of the dots, at each stage
    spreads: list[float]  # their standard deviations
    figures: list[str]  # both in words


class Board(TypedDict):
    """What `batch_norm_board.js` draws; `key` says which picture it is."""

    key: str
    own: bool
    count: int
    eps: str
    chosen: int
    features: list[Feature]
    labels: dict[str, str | list[str]]


def short(value: float) -> str:
    """1.2345 → "1.23", −4 → "−4.00", 4742.1 → "4742", with a real minus sign."""
    digits = 2 if abs(value) < 100 else 0
    text = f"{value:.{digits}f}" if abs(value) < 1e6 else f"{value:.2e}"
    return text.replace("-0.00", "0.00").replace("-", "−")


def names(count: int, convolution: bool) -> list[str]:
    """What the rows are called: feature 1, … or channel 1, …"""
    word = _("channel {n}") if convolution else _("feature {n}")
    return [word.format(n=number + 1) for number in range(count)]


def _rounded(values: Tensor) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values.flatten().tolist()]


def board(given: Steps, chosen: int, key: str, used: str) -> Board:
    """The batch of `given` for the browser; `used` says in words which statistics are in use."""
    stages = [per_channel(stage) for stage in given.stages]  # 4 of (C, m)
    features = [
        _feature(given, stages, index, name)
        for index, name in enumerate(names(given.raw.shape[1], given.raw.dim() == 4))
    ]
    return Board(
        key=key,
        own=given.own,
        count=given.count,
        eps=f"{given.eps:f}".rstrip("0").rstrip("."),
        chosen=chosen,
        features=features,
        labels=_labels(used),
    )


def _feature(given: Steps, stages: list[Tensor], index: int, name: str) -> Feature:
    values = [stage[index] for stage in stages]
    means = [float(each.mean()) for each in values]
    spreads = [float(each.std(correction=0)) for each in values]
    told = _("mean {mean}, std {std}")
    return Feature(
        name=name,
        stages=[_rounded(each) for each in values],
        mean=float(given.mean[index]),
        variance=float(given.var[index]),
        gamma=float(given.gamma[index]),
        beta=float(given.beta[index]),
        means=means,
        spreads=spreads,
        figures=[
            told.format(mean=short(mean), std=short(std))
            for mean, std in zip(means, spreads, strict=True)
        ],
    )


def _labels(used: str) -> dict[str, str | list[str]]:
    return {
        "stages": [
            _("0  The batch as it arrives"),
            _("1  Centre: minus the mean"),
            _("2  Scale: divided by the spread"),
            _("3  Then γ and β, which are learned"),
        ],
        "used": used,
        "nth": _("(value {n} of {m})"),
        "moving": _("(moving average)"),
        "play": _("Play the steps"),
        "pause": _("Pause"),
        "back": _("One step back"),
        "next": _("One step on"),
        "progress": _("Step of the formula"),
        "legend": _(
            "Faint dots: how the values arrive. Full dots: where they are now. ▲ is their mean, "
            "the bar their standard deviation each way; the grey band goes from −1 to 1. "
            "Point at a dot for its numbers, click a row to choose its feature."
        ),
        "picture": _(
            "Every feature has two rows of dots on one axis: above how its values arrive, below "
            "where the formula has moved them. Left and right arrow choose another value."
        ),
    }


def csv(given: Steps) -> str:
    """Every value of the batch at every stage, one per line."""
    lines: list[list[object]] = [
        ["channel", "value", "x", "x - mean", "x_hat", "y", "mean", "variance"]
    ]
    stages = [per_channel(stage).tolist() for stage in given.stages]
    for channel, values in enumerate(zip(*stages, strict=True)):
        moments = [float(given.mean[channel]), float(given.var[channel])]
        for number, at in enumerate(zip(*values, strict=True)):
            row = [f"{each:.7g}" for each in (*at, *moments)]
            lines.append([channel + 1, number + 1, *row])
    return spreadsheet.text(lines)


# -- moving averages --------------------------------------------------------------------------


def moving(course: Moving, swapped: Moving, channel: int, quantity: str, seen: int) -> go.Figure:
    """The run of one channel's `quantity` ("mean" or "variance") over the batches.

    `course` weighs the old value by the momentum, `swapped` the new one; `seen` is marked.
    """
    lines = [
        (_("momentum weighs the old value (course)"), course, (BLUE, "solid", "")),
        (_("the same number weighs the new value (torch)"), swapped, (ORANGE, "dash", "")),
    ]
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
    for name, run, style in lines:
        values = (run.mean if quantity == "mean" else run.var)[:, channel].tolist()
        figure.add_trace(line(name, list(range(len(values))), values, style, width=2.5))
    figure.add_vline(x=seen, line={"color": GREY, "dash": "dot", "width": 1.5})
    return figure
