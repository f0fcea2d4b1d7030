"""A layer's channels: one of them, large, with what one of its units sees (`channel_map.js`), and
all of them, to choose one (`ui/boards/channel_mosaic`).

What comes back is `at` {"at": [row, column]}. The element to wait for in a test:
`[data-channel-painted="<of> <channel> <row>.<column>"]`.
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from explorer.analysis import receptive_field
from explorer.base.cache import SizedCache
from explorer.base.language import _, current, ngettext
from explorer.base.units import times
from explorer.figures import maps as figures
from explorer.figures import pictures
from explorer.figures.maps import Scale, Span
from explorer.inside.unit_arithmetic import Sum
from explorer.inside.unit_arithmetic.sums import arguments
from explorer.ui import page_address, selection
from explorer.ui.boards import channel_mosaic
from explorer.ui.boards.channel_mosaic import Data
from explorer.ui.boards.component import Component, sent
from explorer.ui.inside import range_words, sum_words
from explorer.ui.inside.sum_words import number
from pages.inside.feature_maps import layer_view
from pages.inside.feature_maps.layer_view import Layer, Position
from pages.inside.feature_maps.state import STATE

CHANNEL = Component(Path(__file__).with_name("channel_map.js"), "maps-channel")
MOST_SLICES = 64  # of a kernel that are shown


def unit(layer: Layer, channel: int) -> Position:
    """The unit that was chosen in a layer's maps, else that of the number farthest from zero."""
    height, width = layer.maps.shape[1:]
    default, text = layer.peak(channel), selection.choice(STATE, "at")
    form = re.fullmatch(r"([0-9]{1,5})\.([0-9]{1,5})", text)
    place = (int(form[1]), int(form[2])) if form else default
    if place[0] >= height or place[1] >= width or (text and not form):
        last = spelled((height - 1, width - 1))
        choices = _("{places} (row.column)").format(places=page_address.between("0.0", last))
        selection.refuse(STATE, "at", choices, spelled(default))
        place = default
    STATE.put("at", spelled(place), spelled(default))
    return place


def spelled(place: Position) -> str:
    """As the address says it."""
    return f"{place[0]}.{place[1]}"


def show_one(
    layer: Layer,
    span: Span,
    scale: Scale,
    *,
    key: str,
    channel: int,
    at: Position,
    sums: Sequence[Sum],
) -> None:
    """Draw one channel, and what the network got; in short the `sums` that made the unit `at`."""
    CHANNEL(
        key=key,
        data={
            "of": layer.of,
            "channel": channel,
            "title": _title(layer, channel),
            "sum": [line for each in sums for line in sum_words.short(each)],
            "size": layer.maps.shape[1:],
            "values": pictures.numbers(layer.maps[channel]),
            "low": float(span.low[channel]),
            "high": float(span.high[channel]),
            "signed": span.signed,
            "range": range_words(scale, _("this channel's range")),
            "at": at,
            **_fields(layer, at),
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
        on_at_change=partial(_pointed, key, layer.of),
    )


def _pointed(key: str, of: str) -> None:
    at = sent(key, "at", of) or {}
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


def _fields(layer: Layer, at: Position) -> Data:
    """The exact field of the chosen unit, and how those of the others lie beside each other."""
    exact = receptive_field.field(layer.graph, layer.name, at)
    field = receptive_field.sizes(layer.graph).get(layer.name)
    axes = [[axis.start, axis.size, axis.jump] for axis in (field.y, field.x)] if field else None
    return {"field": [end for side in exact for end in side] if exact else None, "axes": axes}


def _kernel(layer: Layer, channel: int) -> Data | None:
    """The weights that made a channel, if a convolution did: a slice for each input."""
    maker = next(iter(layer.chain), "")
    step = layer.recording.steps.get(maker)
    if step is None or step.operation.type not in ("Conv2d", "conv2d"):
        return None
    weights: Tensor = arguments(step, "input weight")["weight"]  # (outputs, inputs, h, w)
    slices = weights[channel].detach().float().numpy()
    most = float(np.abs(slices).max())
    png, size = figures.sheet(slices[:MOST_SLICES], most)
    words = ngettext(
        "one slice of {size}; weights up to ±{most}",
        "{count} slices of {size}, one for each channel that it reads; weights up to ±{most}",
        len(slices),
    )
    note = words.format(count=len(slices), size=times(slices.shape[1:]), most=number(most))
    if len(slices) > MOST_SLICES:
        note += " " + _("(the first {n} are shown)").format(n=MOST_SLICES)
    title = _("Its kernel in {layer}").format(layer=maker)
    return {"title": title, "note": note, "png": pictures.address(png), "size": size}


# -- all channels -----------------------------------------------------------------------------

_contents: SizedCache[Data] = SizedCache(60_000_000, channel_mosaic.nbytes)


def show_all(layer: Layer, among: Sequence[Layer], scale: Scale, *, key: str, channel: int) -> None:
    """Draw a layer in the range of colours of those that it stands `among`."""
    subjects, signs = tuple(each.subject for each in among), STATE["signs"]
    content = _contents.get(
        (layer.subject, subjects, layer.name, scale, signs, current()),
        lambda: _content(layer, among, scale, signs),
    )
    channel_mosaic.show(STATE, content, key=key, channel=channel, classes=layer.classes)


def _content(layer: Layer, among: Sequence[Layer], scale: Scale, signs: str) -> Data:
    statistics, span = layer.statistics, layer_view.span(among, scale, signs)
    lone = layer.maps[0].size == 1  # a unit of a linear layer takes less room than a map
    drawn = figures.mosaic(layer.maps, span)
    shrunk = _("Each map is averaged down from {full} to {small}.").format(
        full=times(layer.maps.shape[1:]), small=times(drawn.tile)
    )
    notes = {
        _("Struck through: 0 at every place, for this picture."): bool(statistics.dead.any()),
        shrunk: drawn.shrunk,
    }
    words = (
        _("Number {number} of {count}: {mean}")
        if lone
        else _("Channel {number} of {count}: mean {mean}, from {min} to {max}, variance {variance}")
    )
    silent = _("0 at every place")
    by_channel = {
        "mean": statistics.mean,
        "min": statistics.minimum,
        "max": statistics.maximum,
        "variance": statistics.variance,
    }
    least = _("its least") if float(statistics.minimum.min()) < 0 else "0"
    own = scale == "channel"
    return channel_mosaic.content(
        layer.of,
        drawn,
        by_channel,
        statistics.dead,
        file=layer.file,
        sizes=(3, 7, 50) if lone else (3, 20, 150),
        legend={
            "low": 0.0 if own else float(span.low[0]),
            "high": 1.0 if own else float(span.high[0]),
            "signed": span.signed,
            "ends": ["−" if span.signed else least, _("its largest")] if own else None,
            "range": range_words(scale, _("each channel has its own range")),
        },
        note=" ".join(note for note, holds in notes.items() if holds),
        labels={
            "mosaic": _("All channels of this layer; arrow keys choose"),
            "channel": words,
            "silent": f"{words} · {silent}",
        },
    )
