"""The arithmetic of one number of a feature map, drawn (`arithmetic.js`).

The browser draws patches, kernels and products, and writes the lines that it gets. What comes back
is `go` {"of", "to": [layer, channel, row, column]}: the unit that a number came from was clicked.
The element to wait for in a test: `[data-sum-painted="<of>"]`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.analysis.operations import INPUT
from explorer.base.language import _
from explorer.figures.pictures import numbers
from explorer.inside.unit_arithmetic import Sum, Unit, WeightedSum, Window
from explorer.ui import selection
from explorer.ui.boards.component import Component, sent
from explorer.ui.inside import sum_words
from pages.inside.feature_maps.channels import spelled
from pages.inside.feature_maps.state import STATE

SUM = Component(Path(__file__).with_suffix(".js"), "maps-sum")
MOST_SENT = 32  # channels whose patches are sent: those that weigh most
MOST_CELLS = 120_000


def show(sums: Sequence[Sum], layer: str, *, key: str, of: str) -> None:
    """Draw the first of `sums`, which follow from each other; that of `layer` is marked."""
    first = sums[0]
    looked_at = next(each for each in sums if each.operation.name == layer)
    linear = first.operation.type.lower() == "linear"
    steps = [{"chosen": each is looked_at, "lines": sum_words.lines(each)} for each in sums]
    SUM(
        key=key,
        data={
            "of": of,
            "head": sum_words.place(
                layer, looked_at.unit, lone=sum_words.is_lone(looked_at.operation)
            ),
            "steps": steps,
            "check": _check(looked_at),
            **_drawn(first),
            "labels": {  # {…} is filled in by the browser
                "head": _("How this number came about: {place}"),
                "patch": _("what it reads"),
                "kernel": _("weights") if linear else _("kernel"),
                "products": _("products"),
                "channel": _("channel {n} of {name}"),
                "unit": _("{name}, number {n}"),
                "strongest": _("The {shown} of {count} channels that weigh most, largest first."),
                "more": _("Show more"),
                "cell": _("row {row}, column {column}: {x} · {w} = {product}"),
                "reads": _("row {row}, column {column}: {x}"),
                "padding": _("row {row}, column {column}: padding, 0"),
                "go": _("Go there"),
                "window": _("what it reads of {name}, channel {n}"),
            },
        },
        on_go_change=partial(_went, key, of),
    )


def _went(key: str, of: str) -> None:
    goal = sent(key, "go", of) or {}
    try:
        layer, channel, row, column = goal["to"]
        place = spelled((int(row), int(column)))
        selection.go(STATE, str(layer), channel=str(int(channel)), at=place)
    except (KeyError, TypeError, ValueError):
        return  # not sent by our board


def _check(arithmetic: Sum) -> str:
    return (
        _("In the network's tensor: {value}; from the numbers above: {total}")
        .format(value=f"{arithmetic.value:.7g}", total=f"{arithmetic.total:.7g}")
        .replace("-", "−")
    )


def _drawn(arithmetic: Sum) -> dict[str, Any]:
    """The numbers of a sum over a window, and where they lie."""
    if not isinstance(arithmetic, WeightedSum | Window):
        return {}
    window = {
        "size": arithmetic.patch.shape[-2:],
        "inside": arithmetic.inside.flatten().tolist(),
        "rows": arithmetic.rows,
        "columns": arithmetic.columns,
        "name": _("input") if arithmetic.source == INPUT else arithmetic.source,
        "signed": bool((arithmetic.patch < 0).any()),
    }
    if isinstance(arithmetic, WeightedSum):
        return {"weighted": {**window, **_weighted(arithmetic)}}
    winner = arithmetic.winner if arithmetic.kind == "max" else None
    patch, most = numbers(arithmetic.patch), float(arithmetic.patch.abs().max())
    return {"window": {**window, "winner": winner, "patch": patch, "most": most,
                       "channel": arithmetic.channel}}  # fmt: skip


def _weighted(dot: WeightedSum) -> dict[str, Any]:
    cells = dot.patch[0].numel()
    strongest = sum_words.strongest(dot.subtotals, max(1, min(MOST_SENT, MOST_CELLS // cells)))
    return {
        "count": len(dot.patch),
        "channels": [dot.channels[each] for each in strongest],
        "patches": numbers(dot.patch[strongest]),
        "kernels": numbers(dot.kernel[strongest]),
        "subtotals": numbers(dot.subtotals[strongest]),
        "goals": [(dot.source, *_origin(dot, each)) for each in strongest],
        "most": [float(each.abs().max()) for each in (dot.patch, dot.kernel, dot.products)],
    }


def _origin(dot: WeightedSum, n: int) -> Unit:
    """A unit of the source in the middle of what is read of its nth channel."""
    channel = dot.channels[n]
    if dot.operation.type.lower() != "linear":
        row, column = (max(0, places[len(places) // 2]) for places in (dot.rows, dot.columns))
        return channel, row, column
    cells = len(dot.rows) * len(dot.columns)
    if cells > 1:  # a flattened map
        return channel * cells + cells // 2, 0, 0
    return channel, *dot.unit[1:]
