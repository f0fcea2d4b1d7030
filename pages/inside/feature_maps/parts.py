"""The page on feature maps: what is picked, then the strip, one layer, one channel, one number."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer import runs
from explorer.analysis.operations import INPUT
from explorer.analysis.summary import measure
from explorer.base import spreadsheet
from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.data import datasets, pictures
from explorer.data.pictures import Picture
from explorer.figures.maps import Maps, Scale
from explorer.inside.unit_arithmetic import Sum
from explorer.runs import outcome
from explorer.ui import model_picker, picture_picker, selection, size_mismatch
from explorer.ui.boards import network_strip
from explorer.ui.entries import entry
from explorer.ui.inside import npy, recordings, sum_words
from explorer.ui.inside.recordings import Overview, Subject
from explorer.ui.model_picker import mode, weight_sources
from explorer.ui.picture_picker.browse import Mistakes, Place
from explorer.ui.save_buttons import save_buttons
from explorer.ui.size_mismatch import complaints
from explorer.weights import Model
from pages.inside.feature_maps import arithmetic, channels, layer_view
from pages.inside.feature_maps.answer import answer
from pages.inside.feature_maps.layer_view import Layer, Position
from pages.inside.feature_maps.state import STATE

WORST = 24  # mistakes that can be leafed through
BATCH, SMALL_BATCH = 32, 4  # pictures in training mode
LARGE = 64  # pixels of a side from which on the batch is small
_strips: SizedCache[network_strip.Data] = SizedCache(20_000_000, network_strip.nbytes)


def pick() -> tuple[list[Subject], int] | None:
    """Network and picture in one row; in the next what is beside it, and the mode.

    One subject, or two that stand beside each other, and which of them was picked first. None if
    there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        moments = weight_sources.epochs(weight_sources.base(model.source))
        first = picture_picker.first(model.dataset)
        mistakes = _mistakes(model)
        picture = picture_picker.pick(STATE, "picture", _("Picture"), first, mistakes)
        fit = picture_picker.pick_fit(STATE)
        place_for_second = st.container(width="content")
    with st.container(horizontal=True, vertical_alignment="center", key="inside_told"):
        picture_picker.beside(picture, model, fit)
        beside = _pick_beside(moments)
        batch = _pick_mode(model)
    sides, main = [Subject.of(model, picture, fit, *batch)], 0
    with place_for_second:
        if beside == "pictures":
            label = _("Second picture")
            other = picture_picker.pick(STATE, "picture2", label, _neighbour(first), mistakes)
            sides.append(Subject.of(model, other, fit, *batch))
        elif beside == "moments":
            source = weight_sources.pick_before(STATE, model.source, moments)
            if before := model_picker.at_epoch(model, source):
                sides, main = [Subject.of(before, picture, fit, *batch), *sides], 1
    if mismatch := recordings.summary(sides[0]).mismatch:
        size_mismatch.complain(STATE, mismatch, model)
        return None
    return sides, main


def _neighbour(spelled: str) -> str:
    """The picture after the first one, to begin with beside it."""
    name, colon, number = spelled.rpartition(":")
    return f"{name}{colon}{int(number) + 1}" if number.isdecimal() else picture_picker.first()


def _mistakes(model: Model) -> Mistakes | None:
    """What this run's network gets most wrong, at its epoch."""
    source = model.source
    if not source.startswith("run:") or not model.epoch or not model.dataset:
        return None
    try:
        run = runs.get(int(weight_sources.base(source).removeprefix("run:")))
        worst = outcome.worst(outcome.answers(run, model.epoch), WORST)
    except ValueError:  # no predictions were kept, or its data set has gone
        return None
    return Mistakes(model.dataset, [each["row"] for each in worst])


# -- beside it --------------------------------------------------------------------------------


def _pick_beside(moments: Sequence[str]) -> str:
    """One picture "alone", two "pictures", or two "moments" of training, if there are."""
    words = {"alone": _("one picture"), "pictures": _("two pictures")}
    if len(moments) > 1:
        words["moments"] = _("before and after")
    return STATE.pick_one("beside", _("Side by side"), words)


# -- the mode ---------------------------------------------------------------------------------


def _pick_mode(model: Model) -> list[Picture]:
    """The pictures that training mode needs beside one: batch norm wants to see several.

    None of them in evaluation mode.
    """
    place = Place.read(picture_picker.first(model.dataset)) or Place.read(picture_picker.first())
    assert place is not None
    count = (BATCH if model.size[1] <= LARGE else SMALL_BATCH) - 1
    count = min(count, datasets.get(place.dataset).test_count)
    with st.container(width=240, gap="xxsmall"):
        training = STATE.toggle("training", _("Training mode"))
        summary = measure(model.spec, model.size)
        words = mode.training(summary, count) if training else mode.evaluation(summary)
        st.caption(words or _("It has neither batch norm nor dropout: both modes give the same."))
    numbers = range(count if training else 0)
    return [pictures.from_dataset(place.dataset, "test", number) for number in numbers]


# -- what is drawn ----------------------------------------------------------------------------


@st.fragment
def look(sides: Sequence[Subject], main: int) -> None:
    """All of it, led by side `main`; a click runs this again, and nothing else of the page."""
    with complaints():
        selection.arrive(STATE, "layer", "channel", "at")
        with st.spinner(_("Looking …")):  # shown only after half a second
            overview = [recordings.overview(side) for side in sides][main]
        names = [INPUT, *(each.name for each in overview.operations)]
        name = selection.layer(STATE, names, overview.operations[0].name)
        network_strip.show(
            _strip(sides[main], overview), name, key="maps_strip",
            on_choice=partial(selection.go, STATE),
        )  # fmt: skip
        _layers([layer_view.layer(side, name) for side in sides], main)


def _layers(layers: Sequence[Layer], main: int) -> None:
    """One layer on each side: its mosaic, a channel and a number of it."""
    channel = selection.index(STATE, "channel", len(layers[main].maps), layers[main].first)
    at = channels.unit(layers[main], channel)
    sums = [layer.sums(channel, at) for layer in layers]
    mosaics, larges, together = _places(layers)
    scale: Scale = STATE["scale"]
    for which, layer in enumerate(layers):
        among = layers if together else [layer]
        with mosaics[which]:
            _title(layers, which)
            channels.show_all(layer, among, scale, key=f"maps_mosaic_{which}", channel=channel)
        with larges[which]:
            span = layer_view.span(among, scale, STATE["signs"])
            key = f"maps_channel_{which}"
            channels.show_one(layer, span, scale, key=key, channel=channel, at=at, sums=sums[which])
            _offer_excites(layer, channel)
    for which, column in enumerate(st.columns(len(layers), gap="medium")):
        with column:
            _title(layers, which)
            _sums(layers[which], which, channel, at, sums[which])


def _places(layers: Sequence[Layer]) -> tuple[list[DeltaGenerator], list[DeltaGenerator], bool]:
    """Where mosaics and large channels stand, with the controls below the mosaics.

    Whether two sides have one range of colours together.
    """
    if len(layers) == 1:
        left, right = st.columns([1.08, 1], gap="medium")
        with left:
            mosaic = st.container(gap="small")
            return [mosaic], [right], _controls(moments=False)
    above = list(st.columns(len(layers), gap="medium"))
    together = _controls(moments=len({layer.subject.model.source for layer in layers}) > 1)
    return above, list(st.columns(len(layers), gap="medium")), together


def _title(layers: Sequence[Layer], which: int) -> None:
    """Which of two sides this is."""
    if len(layers) > 1:
        st.markdown(f"**{layers[which].subject.title}**")


def _strip(side: Subject, overview: Overview) -> network_strip.Data:
    """The strip in this reader's language, kept."""
    of = f"{side.model.spec.name} {side.digest[:8]}"

    def make() -> network_strip.Data:
        last = layer_view.layer(side, overview.operations[-1].name)
        return network_strip.content(overview, side.png, of, answer(last))

    return _strips.get((side, current()), make)


def _controls(*, moments: bool) -> bool:
    """In which order, and in which colours; whether two sides have one range of them together.

    Two pictures share a range; two moments of a training only if asked to, since before it the
    numbers are so small that nothing would be seen.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="maps_controls"):
        STATE.pick_listed("sort", _("Channels sorted"), width=132)
        STATE.pick_listed("scale", _("One range of colours for"), width=178)
        STATE.pick_listed("signs", _("Colours"), width=172)
        if moments:
            return STATE.toggle("both", _("One range on both sides"))
        STATE.heed("both", ("true",))
        return True


def _sums(layer: Layer, which: int, channel: int, at: Position, sums: Sequence[Sum]) -> None:
    """The written arithmetic of the chosen number, and files to keep; the mosaic has its own."""
    if sums:
        of = f"{layer.of} {channel} {channels.spelled(at)}"
        arithmetic.show(sums, layer.name, key=f"maps_sum_{which}", of=of)
    else:
        st.markdown(_("The input is not computed: these are the picture's own numbers."))
    name = f"{layer.file}-channel-{channel + 1}"
    values = layer.maps[channel].copy()  # a view would keep the whole recording
    unit = f"{name}-row-{at[0] + 1}-column-{at[1] + 1}"
    save_buttons(
        f"maps_files_{which}",
        (_("Channel (CSV)"), partial(_csv, values), f"{name}.csv"),
        (_("Channel (NPY)"), partial(npy, values), f"{name}.npy"),
        (_("Sum (text)"), sum_words.text(sums), f"{unit}.txt"),
    )


def _offer_excites(layer: Layer, channel: int) -> None:
    """A link to the pictures that a channel answers to most; nothing excites the input."""
    if layer.name == INPUT:
        return
    excites, model = entry("excites"), layer.subject.model
    st.page_link(
        excites.path,
        label=_("What excites this channel?"),
        icon=excites.icon,
        query_params={**model_picker.address(model), "layer": layer.name, "channel": str(channel)},
    )


def _csv(values: Maps) -> str:
    """One line for each row of the map, every number as exact as it is."""
    return spreadsheet.text(
        [np.format_float_positional(each, trim="-") for each in row] for row in values
    )
