"""The page "Why this class?": what is chosen on it, and where its parts stand."""

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer import weights
from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.base.units import times
from explorer.data.pictures import Picture
from explorer.inside import attribution
from explorer.ui import complaint, model_picker, picture_picker
from explorer.ui.inside.recordings import Subject
from explorer.ui.model_picker import weight_sources
from explorer.ui.picture_picker.browse import Place
from explorer.weights import Model
from pages.inside.why import mistakes
from pages.inside.why.results import Settings
from pages.inside.why.state import STATE

PICTURE = "picture"  # the key of the picture, on all pages of this section
TOP = "top"  # the class that is explained: the network's own answer
PATCHES = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
AUTOMATIC = "auto"
SHARES = {"half": 2, "whole": 1, "quarter": 4, "eighth": 8}  # parts of a patch that it moves by
_LAYER_OF = "why layer of"  # the network whose layer was chosen
USUAL_PATCH = 7  # patches across a picture, where no size is chosen


@dataclass(frozen=True)
class Inputs:
    """A network and its picture, and what is asked about them."""

    picture: Picture
    subject: Subject
    settings: Settings
    control: Subject | None  # the same network with random weights, if wanted
    waiting: DeltaGenerator  # where it is said how far the work is

    @property
    def model(self) -> Model:
        """The network, with its weights."""
        return self.subject.model

    @property
    def classes(self) -> tuple[str, ...]:
        """What the answers stand for; numbers, where nothing has been learned."""
        count = self.model.spec.num_classes
        if len(self.model.classes) == count:
            return self.model.classes
        return tuple(_("class {n}").format(n=n) for n in range(count))

    @property
    def truth(self) -> int | None:
        """The picture's own class, if it is one of those that the network tells apart."""
        return self.picture.label if self.picture.classes == self.model.classes else None


def pick() -> Inputs | None:
    """Network, picture and settings in one row; below it the picture, and what is asked of it.

    None if there is nothing to explain yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        first = picture_picker.first(model.dataset)
        picture = picture_picker.pick(STATE, PICTURE, _("Picture"), first)
        fit = picture_picker.pick_fit(STATE)
        settings = _pick_settings(model)
    with st.container(horizontal=True, vertical_alignment="center", key="why_told"):
        picture_picker.beside(picture, model, fit)
        if mistakes.possible(model):
            _offer_mistake(model, fit, first)
        about = _(
            "A map that looks the same for a network that has learned nothing shows the "
            "picture, not the network (Adebayo et al. 2018)."
        )
        control = STATE.toggle("control", _("Beside random weights"), about)
        waiting = st.container(width=270)  # beside it, so that nothing moves when it is gone
    subject = Subject.of(model, picture, fit)
    beside = model_picker.at_epoch(model, _without_training(model)) if control else None
    other = replace(subject, model=beside) if beside else None
    return Inputs(picture, subject, settings, other, waiting)


def _without_training(model: Model) -> str:
    """The source of the same network with random weights: those it began with, where it is known.

    Beside random weights stand others, of another seed.
    """
    source = model.source
    if source.startswith("untrained:") or model.epoch == 0:
        return f"untrained:{model.seed + 1}"
    base = weight_sources.base(source)
    return weights.UNTRAINED if base == weights.PUBLISHED else f"{base}@0"


# -- settings ---------------------------------------------------------------------------------


def _pick_settings(model: Model) -> Settings:
    """How the maps are made, behind a button."""
    with st.popover(_("Settings"), icon=":material/tune:", help=_("How the maps are made")):
        layer = _pick_layer(model)
        side = min(model.size[1:])
        with st.container(horizontal=True):
            patch = _pick_patch(side)
            share = STATE.pick_listed("move", _("It moves by"), width=200)
        steps = STATE.pick_listed("path", _("Integrated gradients: steps"), width=200)
        empty = STATE.pick_listed("empty", _("What is taken away becomes"), width=260)
    stride = max(1, patch // SHARES[share])
    return Settings(layer, patch, stride, int(steps), empty, model.normalisation)


def _pick_layer(model: Model) -> str:
    """Maps for Grad-CAM; those of another network begin with its usual ones too."""
    before = st.session_state.get(_LAYER_OF)
    st.session_state[_LAYER_OF] = model.spec.name
    if before not in (None, model.spec.name) and STATE.get("cam"):  # not a link's
        STATE.reset(["cam"])
    summary = measure(model.spec, model.size)
    words = {
        name: f"{name} · {times(shape)}" for name, shape in attribution.places(summary).items()
    }
    return STATE.pick_listed("cam", _("Grad-CAM: maps of"), words, width=320) if words else ""


def _pick_patch(side: int) -> int:
    """The side of occlusion's patch, in pixels."""
    usual = max(2, side // USUAL_PATCH)
    words = {AUTOMATIC: _("{n} pixels (a seventh)").format(n=usual)}
    words |= {str(each): _("{n} pixels").format(n=each) for each in PATCHES if each <= side}
    choice = STATE.pick_listed("patch", _("Occlusion: patch"), words, width=200)
    return usual if choice == AUTOMATIC else int(choice)


def _offer_mistake(model: Model, fit: str, first: str) -> None:
    """A button that leads to the next picture that the network gets wrong."""
    place = Place.read(STATE.query(PICTURE) or first) or Place(model.dataset, "train")

    def go() -> None:
        try:
            search = mistakes.after(model, fit, place)
        except ValueError as error:  # weights that were there a moment ago have been deleted
            complaint.toast(error, "broken_image")
            return
        if search.words:
            st.toast(search.words)
        if search.ended in ("mistake", "time"):
            st.session_state[f"{PICTURE} chosen"] = search.place.spelled
            STATE["class"] = TOP

    st.button(
        _("Next mistake of this network"),
        key="why_mistake",
        icon=":material/troubleshoot:",
        on_click=go,
        help=_("The next test picture that it takes for something else"),
    )
