"""The page on kernels: whose weights, and which stand beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explorer import weights
from explorer.base.language import _
from explorer.ui import model_picker
from explorer.ui.model_picker import weight_sources
from explorer.weights import UNTRAINED, Model
from pages.inside.kernels import kept
from pages.inside.kernels.state import STATE


@dataclass(frozen=True)
class Side:
    """One network with its weights; two of them can stand side by side."""

    model: Model
    title: str  # what tells it from the other


def pick() -> tuple[Side, ...] | None:
    """Network, weights and moment, and what stands beside them: the last side was picked first.

    None if there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        model_picker.know(STATE, model)
        main = _side(model)
        if not model.trained:
            st.caption(_told(model), width=330)
        others = _others(model)
        if not others:
            STATE.heed("beside", ["alone"])
            return (main,)
        words = {"alone": _("alone"), "moments": _("random against trained")}
        if STATE.pick_one("beside", _("Side by side"), words) == "alone":
            return (main,)
        before = model_picker.at_epoch(
            model, weight_sources.pick_before(STATE, model.source, others)
        )
        return (_side(before), main) if before else (main,)


def _told(model: Model) -> str:
    """What random weights are good for."""
    if model.card:
        return _("Weights before training: they look for nothing yet.")
    return _(
        "Random weights: this network has learned nothing yet. Choose trained ones beside it, or "
        "train it on the page New run."
    )


def _others(model: Model) -> list[str]:
    """What trained weights can be held against: what they were before, or any random ones."""
    source = model.source
    if source == weights.PUBLISHED:  # nobody published where its training began
        return [UNTRAINED]
    found = weight_sources.epochs(weight_sources.base(source))
    return found if len(found) > 1 else []


def _side(model: Model) -> Side:
    if model.source.startswith("untrained:"):
        return Side(model, _("random weights, seed {n}").format(n=model.seed))
    return Side(model, weight_sources.epoch_title(model.source))


def problem(sides: Sequence[Side]) -> str:
    """Why these networks cannot be looked into; "" if they can."""
    try:
        found = [kept.overview(side.model) for side in sides]
    except ValueError as error:
        return str(error)
    if not all(each.layers for each in found):
        return _("This network has no layer with kernels. Choose another one.")
    return ""
