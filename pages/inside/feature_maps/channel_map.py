"""One channel, large, and what one of its units sees of the picture (`channel_map.js`).

What comes back is `at` {"at": [row, column]}. The element to wait for in a test:
`[data-channel-painted="<of> <channel> <row>.<column>"]`.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from explorer.analysis import receptive_field
from explorer.analysis.operations import Graph
from explorer.base.language import _, ngettext
from explorer.base.units import times
from explorer.figures import maps as figures
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.figures.maps import Maps, Scale, Span
from explorer.inside.activations import Recording
from explorer.ui.boards.component import Component, sent
from explorer.ui.inside.sum_words import number
from pages.inside.feature_maps import selection
from pages.inside.feature_maps.map_mosaic import range_words
from pages.inside.feature_maps.selection import Place

CHANNEL = Component(Path(__file__).with_suffix(".js"), "maps-channel")
MOST_SLICES = 64  # of a kernel that are shown
Data = dict[str, Any]


def show(
    maps: Maps,
    span: Span,
    scale: Scale,
    *,
    key: str,
    of: str,
    layer: str,
    channel: int,
    at: Place,
    graph: Graph,
    picture: bytes,
    kernel: Data | None,
) -> None:
    """Draw one channel of (C, H, W) and the `picture` (PNG) that the network got."""
    height, width = maps.shape[1:]
    CHANNEL(
        key=key,
        data={
            "of": of,
            "channel": channel,
            "title": _title(layer, channel, maps),
            "size": [height, width],
            "values": numbers(maps[channel]),
            "low": float(span.low[channel]),
            "high": float(span.high[channel]),
            "signed": span.signed,
            "range": range_words(scale) if scale != "channel" else _("this channel's range"),
            "at": at,
            **_seen(graph, layer, at),
            "picture": pictures.address(picture),
            "picture_size": list(graph.input_shape[2:]),
            "kernel": kernel,
            "labels": _labels(),
        },
        on_at_change=partial(_pointed, key),
    )


def _pointed(key: str) -> None:
    at = sent(key, "at") or {}
    try:
        row, column = at["at"]
        selection.go(at=(int(row), int(column)))
    except (KeyError, TypeError, ValueError):
        return  # not sent by our board


def _title(layer: str, channel: int, maps: Maps) -> str:
    count, height, width = maps.shape
    if height * width == 1:
        return _("{layer}, number {n} of {count}").format(layer=layer, n=channel + 1, count=count)
    return _("{layer}, channel {n} of {count}, {size}").format(
        layer=layer, n=channel + 1, count=count, size=times((height, width))
    )


def _seen(graph: Graph, layer: str, at: Place) -> Data:
    """The exact field of the chosen unit, and how those of the others lie beside each other."""
    exact = receptive_field.field(graph, layer, at)
    found = receptive_field.sizes(graph).get(layer)
    axes = [[axis.start, axis.size, axis.jump] for axis in (found.y, found.x)] if found else None
    return {"field": [end for side in exact for end in side] if exact else None, "axes": axes}


def kernel(recording: Recording, layer: str, channel: int) -> Data | None:
    """The weights of a channel of `layer`, if that is a convolution: a slice for each input."""
    weights = _weights(recording, layer)
    if weights is None:
        return None
    slices = weights[channel].detach().float().numpy()
    shown = slices[:MOST_SLICES]
    most = float(np.abs(slices).max())
    png, size = figures.sheet(shown, most)
    words = ngettext(
        "one slice of {size}; weights up to ±{most}",
        "{count} slices of {size}, one for each channel that it reads; weights up to ±{most}",
        len(slices),
    )
    note = words.format(count=len(slices), size=times(slices.shape[1:]), most=number(most))
    if len(shown) < len(slices):
        note += " " + _("(the first {n} are shown)").format(n=len(shown))
    title = _("Its kernel in {layer}").format(layer=layer)
    return {"title": title, "note": note, "png": pictures.address(png), "size": size}


def _weights(recording: Recording, layer: str) -> Tensor | None:
    """(outputs, inputs, h, w) of a convolution, layer or function."""
    step = recording.steps.get(layer)
    if step is None or step.operation.type not in ("Conv2d", "conv2d"):
        return None
    given = step.kwargs.get("weight", next(iter(step.args[1:2]), None))
    found = given if step.module is None else step.module.weight
    return found if isinstance(found, Tensor) else None


def _labels() -> dict[str, str]:
    """The board's own words; {…} is filled in by the browser."""
    return {
        "map": _("This channel, large; arrow keys choose a unit"),
        "value": _("row {row}, column {column}: {value}"),
        "picture": _("what the network gets"),
        "sees": _(
            "The unit sees {high} × {wide} pixels: rows {top} to {bottom}, columns {left} to "
            "{right}."
        ),
        "no_field": _("No single box: it reads all places, in ways that no box describes."),
    }
