"""The page on kernels: whose weights, and which stand beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explorer import weights
from explorer.base.language import _
from explorer.ui import model_picker
from explorer.ui.model_picker import Choice, weight_sources
from explorer.weights import UNTRAINED, Weights
from pages.inside.kernels import kept
from pages.inside.kernels.kept import Subject
from pages.inside.kernels.state import STATE


@dataclass(frozen=True)
class Side:
    """One network with its weights; two of them can stand side by side."""

    subject: Subject
    title: str  # what tells it from the other


def pick() -> tuple[Side, ...] | None:
    """Network, weights and moment, and what stands beside them: the last side was picked first.

    None if there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        choice = model_picker.pick(STATE)
        if choice is None:
            return None
        model_picker.know(STATE, choice)
        main = _side(choice, choice.known)
        if not choice.known.trained:
            st.caption(_told(choice), width=330)
        others = _others(choice)
        if not others:
            STATE.heed("beside", ["alone"])
            return (main,)
        words = {"alone": _("alone"), "moments": _("random against trained")}
        if STATE.pick_one("beside", _("Side by side"), words) == "alone":
            return (main,)
        before = model_picker.at_moment(
            choice, weight_sources.pick_before(STATE, choice.known.source, others)
        )
        return (_side(choice, before), main) if before else (main,)


def _told(choice: Choice) -> str:
    """What random weights are good for."""
    if choice.known.card:
        return _("Weights before training: they look for nothing yet.")
    return _(
        "Random weights: this network has learned nothing yet. Choose trained ones beside it, or "
        "train it on the page New run."
    )


def _others(choice: Choice) -> list[str]:
    """What trained weights can be held against: what they were before, or any random ones."""
    source = choice.known.source
    if source == weights.PUBLISHED:  # nobody published where its training began
        return [UNTRAINED]
    found = weight_sources.moments(weight_sources.base(source))
    return found if len(found) > 1 else []


def _side(choice: Choice, known: Weights) -> Side:
    subject = Subject(known, choice.shape)
    if known.source.startswith("untrained:"):
        return Side(subject, _("random weights, seed {n}").format(n=known.seed))
    return Side(subject, weight_sources.moment(known.source))


def problem(sides: Sequence[Side]) -> str:
    """Why these networks cannot be looked into; "" if they can."""
    try:
        found = [kept.overview(side.subject) for side in sides]
    except ValueError as error:
        return str(error)
    if not all(each.layers for each in found):
        return _("This network has no layer with kernels. Choose another one.")
    return ""
