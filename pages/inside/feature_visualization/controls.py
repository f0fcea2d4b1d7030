"""What is chosen: a layer, the pictures to go through, a channel; all of it in the address."""

import streamlit as st

from explorer.analysis.summary import Layer, measure
from explorer.base.language import _
from explorer.base.units import exact, times
from explorer.data import datasets
from explorer.inside.feature_visualization import Gallery, Settings
from explorer.ui import link_warnings, model_picker, picture_picker, selection, size_mismatch
from explorer.ui.picture_picker.browse import Place
from explorer.weights import Model
from pages.inside.feature_visualization import ascent, subjects
from pages.inside.feature_visualization.state import STATE
from pages.inside.feature_visualization.subjects import Subject

COUNTS = (500, 2000)  # pictures to go through, or all


def pick() -> tuple[Subject, Settings] | None:
    """Two rows of controls: what is looked at, and how a picture is drawn for it.

    None if there is nothing to look into yet, and what to do is said. None of the controls stands
    in the part of the page that is drawn anew while work goes on: a browser that is still putting
    up a widget would take it from the second drawing, without the value that the first one gave it.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="excites_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        layers = subjects.layers(model.spec, model.size)
        layer = _pick_layer(layers) if layers else None
    mismatch = measure(model.spec, model.size).mismatch
    if mismatch or layer is None:
        problem = mismatch or _("No layer of this network reads the picture.")
        size_mismatch.complain(STATE, problem, model)
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", key="excites_pictures"):
        gallery = Gallery(_pick_data(model), model.size, model.normalisation)
        subject = Subject(model, layer, gallery, _pick_total(gallery))
        STATE.pick_listed("sort", _("Channels sorted"), width=130)
        if not subjects.fields(subject).sees_all:
            STATE.pick_listed("show", _("Pictures shown"), width=150)
        return subject, ascent.pick(subject)


def _pick_layer(layers: list[Layer]) -> str:
    words = {
        each.operation.name: f"{each.operation.name} · "
        + times(each.map_shape or (each.operation.output_shape or ())[1:])
        for each in layers
    }
    # The convolution in the middle: neither edges alone nor whole pictures.
    convolutions = [each.operation.name for each in layers if each.operation.type == "Conv2d"]
    default = convolutions[len(convolutions) // 2] if convolutions else next(iter(words))
    if STATE.takes_query("layer") or STATE["layer"] not in words:
        STATE["layer"] = _linked(list(words), default)
    name = st.selectbox(
        _("Layer"), list(words), key=STATE.key("layer"), format_func=words.__getitem__, width=220
    )
    STATE.put("layer", name, default)
    return name


def _linked(names: list[str], default: str) -> str:
    """The layer that the address names; of a block, its last."""
    said = STATE.query("layer")
    inside = selection.part(said, names)
    if said and not inside:
        link_warnings.refuse("layer", said, names, default)
    return inside[-1] if inside else default


def _pick_data(model: Model) -> str:
    here = [name for name in datasets.names() if datasets.at_hand(name)]
    place = Place.read(picture_picker.first(model.dataset)) or Place.read(picture_picker.first())
    assert place is not None
    words = {name: datasets.get(name).title for name in [place.dataset, *here]}
    # Another network's data are another default: what stands in the widget is kept all the same.
    return STATE.pick_listed("data", _("Pictures of"), words, width=160)


def _pick_total(gallery: Gallery) -> int:
    some = {str(n): exact(n) for n in COUNTS if n < len(gallery)}
    words = {**some, "all": _("all {n}").format(n=exact(len(gallery)))}
    chosen = STATE.pick_listed("among", _("Among"), words, width=120)
    return len(gallery) if chosen == "all" else int(chosen)
