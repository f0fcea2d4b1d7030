"""In which mode networks stand, in words: batch norm and dropout differ in training and in use."""

from collections.abc import Sequence

import streamlit as st

from explorer.analysis.summary import Summary
from explorer.base.language import _

DROPPING = ("drop", "stochastic")  # in the names of all that leaves numbers out: Dropout2d, …


def evaluation(*networks: Summary) -> str:
    """What evaluation mode means for these networks; "" where no mode makes a difference."""
    norm, drop = _changing(networks)
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
    norm, drop = _changing([network])
    parts = []
    if norm:
        words = _("batch norm takes mean and variance of a batch, this picture and {n} others")
        parts.append(words.format(n=others))
    if drop:
        parts.append(_("dropout drops"))
    return _("**Training mode**: {parts}.").format(parts=", ".join(parts)) if parts else ""


def tell(*networks: Summary) -> None:
    """Say so in small print, where it makes a difference."""
    if words := evaluation(*networks):
        st.caption(words)


def _changing(networks: Sequence[Summary]) -> tuple[bool, bool]:
    """Whether batch norm, and whether dropout, is in one of them."""
    types = {layer.operation.type.lower() for each in networks for layer in each.layers}
    norm = any("batchnorm" in each or "batch_norm" in each for each in types)
    return norm, any(sign in each for each in types for sign in DROPPING)
