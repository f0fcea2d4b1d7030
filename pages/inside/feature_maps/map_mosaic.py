"""Every channel of one layer as its map, to choose one (`ui/boards/channel_mosaic`)."""

from collections.abc import Sequence

from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.base.units import times
from explorer.figures import maps as figures
from explorer.figures.maps import Scale
from explorer.ui.boards import channel_mosaic
from explorer.ui.boards.channel_mosaic import Data
from pages.inside.feature_maps import layer_view
from pages.inside.feature_maps.layer_view import Layer
from pages.inside.feature_maps.state import STATE

_contents: SizedCache[Data] = SizedCache(60_000_000, channel_mosaic.nbytes)


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
        lambda: _content(layer, among, scale, signs),
    )
    channel_mosaic.show(STATE, content, key=key, chosen=chosen, sort=sort, classes=layer.classes)


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


def range_words(scale: Scale, own: str) -> str:
    """Over what one range of colours spans; `own` says that a channel has one of its own."""
    layer, network = _("one range for this layer"), _("one range for the whole network")
    return {"channel": own, "layer": layer, "network": network}[scale]
