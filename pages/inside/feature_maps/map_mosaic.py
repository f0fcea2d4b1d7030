"""Every channel of one layer, to choose one (`map_mosaic.js`).

The maps come as one PNG, their statistics as numbers; order and layout are the browser's affair.
What comes back is `at` {"channel"}. The element to wait for in a test:
`[data-mosaic-painted="<of> <channel>"]`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from explorer.base.language import _
from explorer.base.units import times
from explorer.figures import maps as figures
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.figures.maps import Maps, Scale, Span
from explorer.inside.activations import Statistics
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from pages.inside.feature_maps import selection

MOSAIC = Component(Path(__file__).with_suffix(".js"), "maps-mosaic")
Data = dict[str, Any]


def show(content: Data, *, key: str, chosen: int, sort: str, classes: Sequence[str] = ()) -> None:
    """Draw what `content` made, with one channel chosen, sorted by index or a statistic.

    `classes` are the channels' names, where each stands for one.
    """
    MOSAIC(
        key=key,
        data={**content, "chosen": chosen, "sort": sort, "classes": classes},
        on_at_change=partial(
            component.chosen, key, "channel", int, lambda channel: selection.go(channel=channel)
        ),
    )


def content(maps: Maps, found: Statistics, span: Span, scale: Scale, *, of: str, file: str) -> Data:
    """All that the mosaic shows; `file` is the name of the PNG that can be saved."""
    drawn = figures.mosaic(maps, span)
    ends = [found.mean, found.minimum, found.maximum, found.variance]
    shared = scale != "channel"
    return {
        "of": of,
        "file": file,
        "png": pictures.address(drawn.png),
        "columns": drawn.columns,
        "tile": drawn.tile,
        "count": len(maps),
        "lone": maps[0].size == 1,
        "stats": numbers(np.concatenate([each.numpy() for each in ends])),
        "silent": [int(each) for each in found.dead.nonzero().flatten().tolist()],
        "low": float(span.low[0]) if shared else None,
        "high": float(span.high[0]) if shared else None,
        "signed": span.signed,
        "range": range_words(scale),
        "note": _note(maps, drawn, silent=int(found.dead.sum())),
        "labels": _labels(),
    }


def range_words(scale: Scale) -> str:
    """Over what one range of colours spans."""
    return {
        "channel": _("each channel has its own range"),
        "layer": _("one range for this layer"),
        "network": _("one range for the whole network"),
    }[scale]


def _note(maps: Maps, drawn: figures.Mosaic, *, silent: int) -> str:
    parts = []
    if silent:
        parts.append(_("Struck through: 0 at every place, for this picture."))
    if drawn.shrunk:
        words = _("Each map is averaged down from {full} to {small}.")
        parts.append(words.format(full=times(maps.shape[1:]), small=times(drawn.tile)))
    return " ".join(parts)


def _labels() -> dict[str, str]:
    """The mosaic's own words; {…} is filled in by the browser."""
    return {
        "mosaic": _("All channels of this layer; arrow keys choose"),
        "channel": _(
            "Channel {number} of {count}: mean {mean}, from {min} to {max}, variance {variance}"
        ),
        "number": _("Number {number} of {count}: {mean}"),
        "silent": _("0 at every place"),
        "least": _("its least"),
        "most": _("its largest"),
    }
