"""What is chosen: a layer, the pictures to go through, a channel; all of it in the address."""

from dataclasses import dataclass

import streamlit as st

from explorer.analysis.summary import Layer, Summary, measure
from explorer.base.language import _, ngettext
from explorer.base.units import exact, times
from explorer.data import datasets
from explorer.inside.feature_visualization import Gallery, Settings
from explorer.ui import (
    link_warnings,
    model_picker,
    picture_picker,
    selection,
    size_mismatch,
)
from explorer.ui.picture_picker.browse import Place
from explorer.weights import Model
from pages.inside.feature_visualization import ascent, subjects
from pages.inside.feature_visualization.state import STATE
from pages.inside.feature_visualization.subjects import Subject

COUNTS = (500, 2000)  # pictures to go through, or all


@dataclass(frozen=True)
class Looked:
    """A layer and the pictures that it is shown; how both are to be seen."""

    model: Model
    subject: Subject
    classes: tuple[str, ...]  # what the channels stand for, where they are the classes
    settings: Settings  # of the ascent
    sort: str  # of the channels: by "index" or "value"
    kind: str  # whole "pictures", what a unit sees framed, or these "patches" alone


def pick() -> Looked | None:
    """Two rows of controls; None if there is nothing to look into yet, and what to do is said.

    None of them stands in the part of the page that is drawn anew while work goes on: a browser
    that is still putting up a widget would take it from the second drawing, without the value that
    the first one gave it.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="excites_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        model_picker.know(STATE, model)
        found = subjects.layers(model.spec, model.size)
        lesson = _measured(model).mismatch
        layer = _pick_layer(found) if found else None
    if lesson or layer is None:
        size_mismatch.complain(
            STATE, lesson or _("No layer of this network reads the picture."), model
        )
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", key="excites_pictures"):
        subject = _pick_pictures(model, layer)
        sorts = {"index": _("by number"), "value": _("by value")}
        sort = STATE.pick_listed("sort", _("Channels sorted"), sorts, width=130)
        kind = "pictures"
        if not subjects.fields(subject).sees_all:
            kinds = {"pictures": _("whole, framed"), "patches": _("what it sees")}
            kind = STATE.pick_listed("show", _("Pictures shown"), kinds, width=150)
        settings = ascent.pick(subject)
    return Looked(model, subject, _classes(model, layer, found), settings, sort, kind)


def _pick_pictures(model: Model, layer: Layer) -> Subject:
    """From which data set, and how many of them."""
    gallery = Gallery(_pick_data(model), model.size, model.normalisation)
    return Subject(model, layer.operation.name, gallery, _pick_total(gallery))


def _measured(model: Model) -> Summary:
    return measure(model.spec, model.size)


def _classes(model: Model, layer: Layer, found: list[Layer]) -> tuple[str, ...]:
    """What the channels of the last layer stand for, if it has learned to tell classes apart."""
    is_last = layer is found[-1] and len(model.classes) == model.spec.num_classes
    return model.classes if is_last else ()


def _usual(found: list[Layer]) -> str:
    """The convolution in the middle: neither edges alone nor whole pictures."""
    convolutions = [each.operation.name for each in found if each.operation.type == "Conv2d"]
    return convolutions[len(convolutions) // 2] if convolutions else found[0].operation.name


def _pick_layer(found: list[Layer]) -> Layer:
    named = {each.operation.name: each for each in found}
    default = _usual(found)
    if STATE.takes_query("layer") or STATE["layer"] not in named:
        STATE["layer"] = _asked(list(named), default)
    name = st.selectbox(
        _("Layer"),
        list(named),
        key=STATE.key("layer"),
        format_func=lambda name: _told(named[name]),
        width=220,
    )
    STATE.put("layer", name, default)
    return named[name]


def _asked(names: list[str], default: str) -> str:
    """The layer that the address names; of a block, its last."""
    said = STATE.query("layer")
    inside = selection.part(said, names)
    if said and not inside:
        link_warnings.refuse("layer", said, names, default)
    return inside[-1] if inside else default


def _told(layer: Layer) -> str:
    shape = layer.map_shape or (layer.operation.output_shape or ())[1:]
    return f"{layer.operation.name} · {times(shape)}"


def _pick_data(model: Model) -> str:
    here = [name for name in datasets.names() if datasets.at_hand(name)]
    place = Place.read(picture_picker.first(model.dataset)) or Place.read(picture_picker.first())
    assert place is not None
    usual = place.dataset
    words = {name: datasets.get(name).title for name in [usual, *here]}
    # Another network's data are another default: what stands in the widget is kept all the same.
    return STATE.pick_listed("data", _("Pictures of"), words, width=160)


def _pick_total(gallery: Gallery) -> int:
    some = {str(n): exact(n) for n in COUNTS if n < len(gallery)}
    words = {**some, "all": _("all {n}").format(n=exact(len(gallery)))}
    chosen = STATE.pick_listed("among", _("Among"), words, width=120)
    return len(gallery) if chosen == "all" else int(chosen)


# -- the channel ------------------------------------------------------------------------------


def go(channel: int) -> None:
    """Choose one."""
    STATE["channel"] = str(channel)


def title(looked: Looked, count: int, channel: int) -> str:
    """The chosen channel, as a heading: "conv2, channel 8 of 16", or the name of a class."""
    name = looked.subject.layer
    if looked.classes:
        return _("{layer}: the class “{label}”").format(layer=name, label=looked.classes[channel])
    return _("{layer}, channel {n} of {count}").format(layer=name, n=channel + 1, count=count)


def told(subject: Subject, seen: int, count: int) -> str:
    """What has been gone through."""
    words = ngettext(
        "{seen} of {total} pictures, {count} channel",
        "{seen} of {total} pictures, all {count} channels at once",
        count,
    )
    return words.format(seen=exact(seen), total=exact(subject.total), count=exact(count))
