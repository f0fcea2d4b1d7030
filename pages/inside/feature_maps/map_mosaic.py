"""Every channel of one layer, to choose one (`map_mosaic.js`).

The maps come as one PNG, their statistics as numbers; order and layout are the browser's affair.
What comes back is `at` {"channel"}. The element to wait for in a test:
`[data-mosaic-painted="<of> <channel>"]`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.base.units import times
from explorer.figures import maps as figures
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.figures.maps import Maps, Scale, Span
from explorer.ui import selection
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from pages.inside.feature_maps import layer_view
from pages.inside.feature_maps.layer_view import Layer
from pages.inside.feature_maps.state import STATE

MOSAIC = Component(Path(__file__).with_suffix(".js"), "maps-mosaic")
Data = dict[str, Any]


_contents: SizedCache[Data] = SizedCache(
    60_000_000, lambda each: len(each["png"]) + len(each["stats"])
)


def show(
    layer: Layer,
    among: Sequence[Layer],
    scale: Scale,
    signs: str,
    *,
    key: str,
    chosen: int,
    sort: str,
) -> None:
    """Draw a layer in the range of colours of those that it stands `among`.

    One channel is chosen; they are sorted by index or a statistic.
    """
    subjects = tuple(each.subject for each in among)
    content = _contents.get(
        (layer.subject, subjects, layer.name, scale, signs, current()),
        lambda: _content(layer, layer_view.span(among, scale, signs), scale),
    )
    MOSAIC(
        key=key,
        data={**content, "chosen": chosen, "sort": sort, "classes": layer.classes},
        on_at_change=partial(component.chosen, key, "channel", int, _go),
    )


def _go(channel: int) -> None:
    selection.go(STATE, channel=str(channel))


def _content(layer: Layer, span: Span, scale: Scale) -> Data:
    maps, statistics = layer.maps, layer.statistics
    drawn = figures.mosaic(maps, span)
    shared = scale != "channel"
    names = ("mean", "minimum", "maximum", "variance")
    silent: list[int] = statistics.dead.nonzero().flatten().tolist()
    return {
        "of": layer.of,
        "file": layer.file,
        "png": pictures.address(drawn.png),
        "columns": drawn.columns,
        "tile": drawn.tile,
        "count": len(maps),
        "lone": maps[0].size == 1,
        "stats": numbers(torch.cat([getattr(statistics, name) for name in names])),
        "silent": silent,
        "low": float(span.low[0]) if shared else None,
        "high": float(span.high[0]) if shared else None,
        "signed": span.signed,
        "range": range_words(scale, _("each channel has its own range")),
        "note": _note(maps, drawn, silent=bool(silent)),
        "labels": {
            "mosaic": _("All channels of this layer; arrow keys choose"),
            "channel": _(
                "Channel {number} of {count}: mean {mean}, from {min} to {max}, variance {variance}"
            ),
            "number": _("Number {number} of {count}: {mean}"),
            "silent": _("0 at every place"),
            "least": _("its least"),
            "most": _("its largest"),
        },
    }


def range_words(scale: Scale, own: str) -> str:
    """Over what one range of colours spans; `own` says that a channel has one of its own."""
    layer, network = _("one range for this layer"), _("one range for the whole network")
    return {"channel": own, "layer": layer, "network": network}[scale]


def _note(maps: Maps, drawn: figures.Mosaic, *, silent: bool) -> str:
    parts = []
    if silent:
        parts.append(_("Struck through: 0 at every place, for this picture."))
    if drawn.shrunk:
        words = _("Each map is averaged down from {full} to {small}.")
        parts.append(words.format(full=times(maps.shape[1:]), small=times(drawn.tile)))
    return " ".join(parts)
