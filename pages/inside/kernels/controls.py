"""The page on kernels: whose weights, which stand beside them, and how they are drawn."""

import streamlit as st

from explorer import weights
from explorer.base.language import _
from explorer.base.units import exact
from explorer.ui import model_picker, selection
from explorer.ui.model_picker import weight_sources
from explorer.weights import UNTRAINED, Model
from pages.inside.kernels.figures import Kind, Layer
from pages.inside.kernels.state import STATE


def pick() -> tuple[Model, ...]:
    """A network with its weights, and the same with others before it, if it is to stand beside.

    Empty if there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return ()
        if not model.trained:
            untrained = _(
                "Random weights: this network has learned nothing yet. Choose trained ones beside "
                "it, or train it on the page New run."
            )
            early = _("Weights before training: they look for nothing yet.")
            st.caption(early if model.card else untrained, width=330)
        others = _others(model)
        if not others:
            STATE.heed("beside", ["alone"])
            return (model,)
        if STATE.pick_one("beside", _("Side by side")) == "alone":
            return (model,)
        before = model_picker.at_epoch(
            model, weight_sources.pick_before(STATE, model.source, others)
        )
        return (before, model) if before else (model,)


def _others(model: Model) -> list[str]:
    """What trained weights can be held against: what they were before, or any random ones."""
    if model.source == weights.PUBLISHED:  # nobody published where its training began
        return [UNTRAINED]
    epochs = weight_sources.epochs(weight_sources.base(model.source))
    return epochs if len(epochs) > 1 else []


def pick_drawing(layer: Layer, kernel: int) -> tuple[Kind, str, str]:
    """What is drawn of a layer's kernels, over what one range of colours spans, their order."""
    kinds: dict[Kind, str] = {
        "rgb": _("in colour"),
        "kernels": _("every weight"),
        "norms": _("norms of slices"),
        "matrix": _("every weight"),
    }
    kind = layer.kinds[0]
    with st.container(horizontal=True, vertical_alignment="bottom", key="kernels_controls"):
        if len(layer.kinds) > 1:
            shown = {each: kinds[each] for each in layer.kinds}
            kind = STATE.pick_listed("show", _("Kernels shown by"), shown, width=150)
        else:
            STATE.heed("show", layer.kinds)
        scale = STATE.pick_listed("scale", _("One range of colours for"), width=178)
        sort = STATE.pick_listed("sort", _("Kernels sorted"), width=132)
        _pick_kernel(layer, kernel)
    return kind, scale, sort


def _pick_kernel(layer: Layer, kernel: int) -> None:
    """A kernel by its number, which follows what is chosen with a click."""
    key = "kernel_number"
    st.session_state[key] = kernel + 1
    words = _("Output, of {count}") if layer.linear else _("Kernel, of {count}")
    st.number_input(
        words.format(count=exact(layer.shape[0])), 1, layer.shape[0], step=1, key=key, width=140,
        on_change=lambda: selection.go(STATE, channel=str(int(st.session_state[key]) - 1)),
    )  # fmt: skip
