"""One channel, large, and what one of its units sees of the picture (`channel_map.js`).

What comes back is `at` {"at": [row, column]}. The element to wait for in a test:
`[data-channel-painted="<of> <channel> <row>.<column>"]`.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from explorer.analysis import receptive_field
from explorer.base.language import _, ngettext
from explorer.base.units import times
from explorer.figures import maps as figures
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.figures.maps import Scale, Span
from explorer.inside.activations import Recording
from explorer.ui import link_warnings, selection
from explorer.ui.boards.component import Component, sent
from explorer.ui.inside.sum_words import number
from pages.inside.feature_maps.layer_view import Layer, Place
from pages.inside.feature_maps.map_mosaic import range_words
from pages.inside.feature_maps.state import STATE

CHANNEL = Component(Path(__file__).with_suffix(".js"), "maps-channel")
MOST_SLICES = 64  # of a kernel that are shown
Data = dict[str, Any]


def unit(layer: Layer, channel: int) -> Place:
    """The unit that was chosen in a layer's maps, else that of the number farthest from zero."""
    height, width = layer.maps.shape[1:]
    default, said = layer.peak(channel), selection.said(STATE, "at")
    form = re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", said)
    place = (int(form[1]), int(form[2])) if form else default
    if place[0] >= height or place[1] >= width or (said and not form):
        last = spelled((height - 1, width - 1))
        there = _("{places} (row.column)").format(places=link_warnings.between("0.0", last))
        selection.refuse(STATE, "at", there, spelled(default))
        place = default
    STATE.put("at", spelled(place), spelled(default))
    return place


def spelled(place: Place) -> str:
    """As the address says it."""
    return f"{place[0]}.{place[1]}"


def show(layer: Layer, span: Span, scale: Scale, *, key: str, channel: int, at: Place) -> None:
    """Draw one channel, and what the network got."""
    CHANNEL(
        key=key,
        data={
            "of": layer.of,
            "channel": channel,
            "title": _title(layer, channel),
            "size": layer.maps.shape[1:],
            "values": numbers(layer.maps[channel]),
            "low": float(span.low[channel]),
            "high": float(span.high[channel]),
            "signed": span.signed,
            "range": range_words(scale, _("this channel's range")),
            "at": at,
            **_seen(layer, at),
            "picture": pictures.address(layer.subject.png),
            "picture_size": list(layer.graph.input_shape[2:]),
            "kernel": _kernel(layer, channel),
            "labels": {
                "map": _("This channel, large; arrow keys choose a unit"),
                "value": _("row {row}, column {column}: {value}"),
                "picture": _("what the network gets"),
                "sees": _(
                    "The unit sees {high} × {wide} pixels: rows {top} to {bottom}, columns {left} "
                    "to {right}."
                ),
                "no_field": _("No single box: it reads all places, in ways that no box describes."),
            },
        },
        on_at_change=partial(_pointed, key),
    )


def _pointed(key: str) -> None:
    at = sent(key, "at") or {}
    try:
        row, column = at["at"]
        selection.go(STATE, at=spelled((int(row), int(column))))
    except (KeyError, TypeError, ValueError):
        return  # not sent by our board


def _title(layer: Layer, channel: int) -> str:
    count, height, width = layer.maps.shape
    words = (
        _("{layer}, number {n} of {count}")
        if height * width == 1
        else _("{layer}, channel {n} of {count}, {size}")
    )
    return words.format(layer=layer.name, n=channel + 1, count=count, size=times((height, width)))


def _seen(layer: Layer, at: Place) -> Data:
    """The exact field of the chosen unit, and how those of the others lie beside each other."""
    exact = receptive_field.field(layer.graph, layer.name, at)
    field = receptive_field.sizes(layer.graph).get(layer.name)
    axes = [[axis.start, axis.size, axis.jump] for axis in (field.y, field.x)] if field else None
    return {"field": [end for side in exact for end in side] if exact else None, "axes": axes}


def _kernel(layer: Layer, channel: int) -> Data | None:
    """The weights that made a channel, if a convolution did: a slice for each input."""
    maker = next(iter(layer.chain), "")
    weights = _weights(layer.recording, maker)
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
    title = _("Its kernel in {layer}").format(layer=maker)
    return {"title": title, "note": note, "png": pictures.address(png), "size": size}


def _weights(recording: Recording, layer: str) -> Tensor | None:
    """(outputs, inputs, h, w) of a convolution, layer or function."""
    step = recording.steps.get(layer)
    if step is None or step.operation.type not in ("Conv2d", "conv2d"):
        return None
    argument = step.kwargs.get("weight", next(iter(step.args[1:2]), None))
    weights = argument if step.module is None else step.module.weight
    return weights if isinstance(weights, Tensor) else None
