"""What trained a network, in words: on which data, how long, at what size; and its whole card."""

from collections.abc import Sequence

import streamlit as st

from explorer.base import plain_text
from explorer.base.language import _, ngettext
from explorer.base.units import exact, percent, times
from explorer.data import datasets
from explorer.networks.titles import title
from explorer.ui.tables import show_table
from explorer.weights import Model
from explorer.weights.effort import Effort, effort


def amount(training: Effort) -> str:
    """As people say it: "10 epochs of 60 000 pictures, 28 × 28"."""
    words = ngettext(
        "{n} epoch of {pictures} pictures, {size}",
        "{n} epochs of {pictures} pictures, {size}",
        training.epochs,
    )
    size, pictures = times((training.side, training.side)), exact(training.pictures)
    return words.format(n=training.epochs, pictures=pictures or "–", size=size)


def tell(model: Model) -> None:
    """In one line which network this is, and what trained it; nothing of one without a card."""
    training = effort(model)
    if training is None or model.card is None:
        return
    words = _("**{network}** · {data}: {amount}")
    data = plain_text.markdown(dataset_title(training.dataset))
    with st.container(key="model_told"):
        st.caption(words.format(network=title(model.spec), amount=amount(training), data=data))


def dataset_title(name: str) -> str:
    """A data set's title; its name, where it was deleted meanwhile."""
    try:
        return datasets.get(name).title
    except ValueError:
        return name


def show_cards(models: Sequence[tuple[str, Model]]) -> None:
    """The cards of several networks as one table, to be opened; each model has its sign."""
    cards = [(sign, model) for sign, model in models if model.card and model.trained]
    if not cards:
        return
    with st.expander(_("Their cards: what trained them"), icon=":material/badge:"):
        show_table([_card(sign, model) for sign, model in cards])


def _card(sign: str, model: Model) -> dict[str, str]:
    card, training = model.card, effort(model)
    assert card
    assert training
    recipe = card.recipe
    return {
        _("network"): f"{sign} {title(model.spec)}",
        _("data"): dataset_title(card.dataset),
        _("training"): amount(training),
        _("optimiser"): " ".join(
            str(recipe[name]) for name in ("optimizer", "learning_rate") if name in recipe
        ),
        _("batch"): str(recipe.get("batch_size", "–")),
        _("seed"): str(card.seed),
        _("accuracy on all test pictures"): percent(card.test_accuracy),
        _("command"): f"`{card.command}`" if card.command else "–",
    }
