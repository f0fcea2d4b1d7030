"""The parts of the page on feature maps: the strip, one layer, one channel, one number."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.analysis.operations import INPUT
from explorer.base import spreadsheet
from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.figures.maps import Maps, Scale, Span
from explorer.ui import link_warnings
from explorer.ui.boards import network_strip
from explorer.ui.inside import recordings, sum_words
from explorer.ui.inside.recordings import Overview, Subject
from explorer.ui.save_buttons import save_buttons
from pages.inside.feature_maps import arithmetic, channel_map, layer_view, map_mosaic, selection
from pages.inside.feature_maps.layer_view import Layer
from pages.inside.feature_maps.selection import Place
from pages.inside.feature_maps.state import STATE

_strips: SizedCache[network_strip.Data] = SizedCache(20_000_000, network_strip.nbytes)


@dataclass(frozen=True)
class Side:
    """One network with one picture; two of them can stand side by side."""

    subject: Subject
    title: str  # what tells it from the other
    picture: bytes  # a PNG of what the network gets
    classes: tuple[str, ...] = ()  # what the last numbers stand for


@dataclass(frozen=True)
class _Colours:
    sort: str
    scale: Scale
    signs: str
    together: bool  # the sides, in one range


@dataclass(frozen=True, eq=False)
class _Shown:
    """One side's layer, in one range of colours with those that it stands among."""

    layer: Layer
    among: Sequence[Layer]
    span: Span
    colours: _Colours


@st.fragment
def look(sides: Sequence[Side], main: int = 0) -> None:
    """All of it, led by side `main`; a click runs this again, and nothing else of the page."""
    try:
        _look(sides, main)
    except ValueError as error:  # weights that were there a moment ago have been deleted
        st.error(str(error), icon=":material/broken_image:")
    link_warnings.settle_part()


def _look(sides: Sequence[Side], main: int) -> None:
    selection.arrive()
    overview = recordings.overview(sides[main].subject)
    names = [INPUT, *(each.name for each in overview.operations)]
    name = selection.layer(names, overview.operations[0].name)
    strip = _strip(sides[main], overview)
    network_strip.show(strip, name, key="maps_strip", on_choice=selection.go)
    layers = [layer_view.layer(side.subject, name) for side in sides]
    channel = selection.channel(len(layers[main].maps), layers[main].first)
    height, width = layers[main].maps.shape[1:]
    at = selection.unit((height, width), layers[main].peak(channel))
    mosaics, larges, colours = _places(sides)
    for which, side in enumerate(sides):
        shown = _shown(layers, which, colours)
        with mosaics[which]:
            _title(sides, which)
            _mosaic(shown, which, side, channel)
        with larges[which]:
            _channel(shown, which, side, channel, at)
    for which, column in enumerate(st.columns(len(sides), gap="medium")):
        with column:
            _title(sides, which)
            _sums(layers[which], which, channel, at)


def _shown(layers: Sequence[Layer], which: int, colours: _Colours) -> _Shown:
    among = layers if colours.together else [layers[which]]
    span = layer_view.span(among, colours.scale, colours.signs)
    return _Shown(layers[which], among, span, colours)


def _places(
    sides: Sequence[Side],
) -> tuple[list[DeltaGenerator], list[DeltaGenerator], _Colours]:
    """Where mosaics and large channels stand, with the controls below the mosaics."""
    if len(sides) == 1:
        left, right = st.columns([1.08, 1], gap="medium")
        with left:
            mosaic = st.container(gap="small")
            return [mosaic], [right], _controls(moments=False)
    above = list(st.columns(len(sides), gap="medium"))
    colours = _controls(moments=len({side.subject.model.source for side in sides}) > 1)
    return above, list(st.columns(len(sides), gap="medium")), colours


def _title(sides: Sequence[Side], which: int) -> None:
    """Which of two sides this is."""
    if len(sides) > 1:
        st.markdown(f"**{sides[which].title}**")


def _strip(side: Side, overview: Overview) -> network_strip.Data:
    """The strip in this reader's language, kept."""
    subject = side.subject
    return _strips.get(
        (subject, current()),
        lambda: network_strip.content(
            overview, side.picture, f"{subject.model.spec.name} {subject.digest[:8]}"
        ),
    )


def _controls(*, moments: bool) -> _Colours:
    """In which order, and in which colours.

    Two pictures share a range; two moments of a training only if asked to, since before it the
    numbers are so small that nothing would be seen.
    """
    sorts = {
        "index": _("by number"),
        "mean": _("by mean"),
        "max": _("by maximum"),
        "variance": _("by variance"),
    }
    scales: dict[Scale, str] = {
        "layer": _("this layer"),
        "channel": _("each channel"),
        "network": _("the whole network"),
    }
    signs = {
        "auto": _("as needed"),
        "up": _("from zero up"),
        "signed": _("signed, white is 0"),
    }
    with st.container(horizontal=True, vertical_alignment="bottom", key="maps_controls"):
        sort = STATE.pick_listed("sort", _("Channels sorted"), sorts, width=132)
        scale = STATE.pick_listed("scale", _("One range of colours for"), scales, width=178)
        sign = STATE.pick_listed("signs", _("Colours"), signs, width=172)
        together = True
        if moments:
            together = STATE.toggle("both", _("One range on both sides"))
        else:
            STATE.heed("both", ("true",))
    return _Colours(sort, next(each for each in scales if each == scale), sign, together)


def _mosaic(shown: _Shown, which: int, side: Side, channel: int) -> None:
    colours, layer = shown.colours, shown.layer
    content = layer_view.mosaic(layer, shown.among, shown.span, colours.scale, colours.signs)
    map_mosaic.show(
        content,
        key=f"maps_mosaic_{which}",
        chosen=channel,
        sort=colours.sort,
        classes=side.classes if layer.is_last else (),
    )


def _channel(shown: _Shown, which: int, side: Side, channel: int, at: Place) -> None:
    layer = shown.layer
    channel_map.show(
        layer.maps,
        shown.span,
        shown.colours.scale,
        key=f"maps_channel_{which}",
        of=layer_view.identity(layer),
        layer=layer.name,
        channel=channel,
        at=at,
        graph=layer.graph,
        picture=side.picture,
        kernel=channel_map.kernel(layer.recording, layer.made_by, channel),
    )


def _sums(layer: Layer, which: int, channel: int, at: Place) -> None:
    """The written arithmetic of the chosen number, and files to keep."""
    if sums := layer.sums(channel, at):
        of = f"{layer_view.identity(layer)} {channel} {at[0]}.{at[1]}"
        arithmetic.show(sums, layer.name, key=f"maps_sum_{which}", of=of)
    else:
        st.markdown(_("The input is not computed: these are the picture's own numbers."))
    _downloads(layer, which, channel, at, sum_words.text(sums))


# -- files ------------------------------------------------------------------------------------


def _downloads(shown: Layer, which: int, channel: int, at: selection.Place, text: str) -> None:
    """The channel's numbers and the sum; the mosaic has its own button."""
    network = shown.subject.model.spec.stem
    name = f"{network}-{shown.name}-channel-{channel + 1}"
    values = shown.maps[channel].copy()  # a view would keep the whole recording
    unit = f"{name}-row-{at[0] + 1}-column-{at[1] + 1}"
    save_buttons(
        f"maps_files_{which}",
        (_("Channel (CSV)"), partial(_csv, values), f"{name}.csv"),
        (_("Channel (NPY)"), partial(_npy, values), f"{name}.npy"),
        (_("Sum (text)"), text, f"{unit}.txt"),
    )


def _csv(values: Maps) -> str:
    """One line for each row of the map, every number as exact as it is."""
    return spreadsheet.text(
        [np.format_float_positional(each, trim="-") for each in row] for row in values
    )


def _npy(values: Maps) -> bytes:
    """The map as `numpy.load` reads it, float32."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()
