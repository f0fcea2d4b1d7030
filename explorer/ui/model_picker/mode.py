"""In which mode networks stand, in words: batch norm and dropout differ in training and in use."""

from collections.abc import Sequence

import streamlit as st

from explorer.analysis.summary import Summary
from explorer.base.language import _

DROPPING = ("drop", "stochastic")  # in the names of all that leaves numbers out: Dropout2d, …


def matters(*networks: Summary) -> bool:
    """Whether one of them gives something else in training than in use."""
    types = _types(networks)
    return _normalises(types) or _drops(types)


def evaluation(*networks: Summary) -> str:
    """What evaluation mode means for these networks; "" where no mode makes a difference."""
    types = _types(networks)
    norm, drop = _normalises(types), _drops(types)
    if norm and drop:
        return _(
            "Evaluation mode, as a network is used: batch norm takes its moving averages, dropout "
            "drops nothing."
        )
    if norm:
        return _("Evaluation mode, as a network is used: batch norm takes its moving averages.")
    return _("Evaluation mode, as a network is used: dropout drops nothing.") if drop else ""


def training(network: Summary, others: int) -> str:
    """What training mode means for a network that is shown a picture and so many `others`."""
    types = _types([network])
    parts = []
    if _normalises(types):
        words = _("batch norm takes mean and variance of a batch, this picture and {n} others")
        parts.append(words.format(n=others))
    if _drops(types):
        parts.append(_("dropout drops"))
    return _("**Training mode**: {parts}.").format(parts=", ".join(parts)) if parts else ""


def tell(*networks: Summary) -> None:
    """Say so in small print, where it makes a difference."""
    if words := evaluation(*networks):
        st.caption(words)


def _types(networks: Sequence[Summary]) -> set[str]:
    return {layer.operation.type.lower() for each in networks for layer in each.layers}


def _normalises(types: set[str]) -> bool:
    return any("batchnorm" in each or "batch_norm" in each for each in types)


def _drops(types: set[str]) -> bool:
    return any(sign in each for each in types for sign in DROPPING)
