"""Runs that are short: one that shows learning at once, and any other made to fit some minutes."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explorer.base.language import _
from explorer.base.units import duration
from explorer.data import datasets
from explorer.training.fitting import fitted
from explorer.training.recipes import Recipe
from explorer.ui import visitor
from pages.train.new_run import budget
from pages.train.new_run.state import STATE

MINUTES = (1, 5, 15)
HOUR = 3600  # seconds
_FIT = "minutes that a run shall fit"
_FIELDS = ("epochs", "train_subset", "test_subset")


def quick() -> Recipe:
    """A small network on few pictures, of data that are here."""
    small = Recipe("lenet", {"activation": "relu"}, dataset="digits", epochs=40, batch_size=32)
    if not datasets.at_hand("fashion_mnist"):
        return small
    few = replace(small, epochs=8, train_subset=12_000, test_subset=2_000)
    return replace(few, dataset="fashion_mnist")


def offer_quick() -> None:
    """One button that trains a small network now."""
    why = visitor.may_not_train()
    words = _("LeNet with ReLU on few pictures; longer where the machine is busy.")
    if st.button(
        _("Train a small network now: half a minute"),
        key=STATE.key("quick"),
        icon=":material/bolt:",
        disabled=bool(why),
        help=why or words,
    ):
        budget.launch([quick()])


# -- made to fit ------------------------------------------------------------------------------


def offer_limits(recipe: Recipe) -> None:
    """Buttons that shorten a run to some minutes; they measure it first where it was not yet."""
    with st.container(horizontal=True, vertical_alignment="center", key="limits"):
        st.caption(_("Shorten it to"), width="content")
        for minutes in MINUTES:
            st.button(
                _("{n} min").format(n=minutes),
                key=STATE.key(f"fit_{minutes}"),
                disabled=bool(visitor.may_not_train()),
                on_click=_ask,
                args=(recipe, minutes),
                help=_("Fewer epochs, then fewer pictures, by the pace measured on this machine."),
            )


def _ask(recipe: Recipe, minutes: int) -> None:
    st.session_state[_FIT] = minutes
    if budget.of_run(recipe) is None:
        budget.ask_to_measure([recipe])


def fit_if_measured() -> None:
    """Before the fields are drawn: those of a run that was to be shortened, once it is measured."""
    recipe: Recipe | None = STATE.get("recipe")
    minutes = st.session_state.get(_FIT)
    if recipe is None or minutes is None or budget.measuring([recipe]):
        return
    del st.session_state[_FIT]
    epoch = budget.of_epoch(recipe)
    if epoch is None:  # it could not be measured: that is told
        return
    facts = datasets.get(recipe.dataset)
    shorter = fitted(recipe, 60 * minutes / epoch.seconds, facts.train_count, facts.test_count)
    if shorter is None:
        text = _(
            "In {n} min it could not even see a few batches: an epoch takes {time} here. Choose "
            "a smaller network, or smaller pictures."
        )
        st.session_state[budget.TROUBLE] = text.format(n=minutes, time=duration(epoch.seconds))
        return
    for name in _FIELDS:
        STATE[name] = getattr(shorter, name)


def hours(plan: Sequence[Recipe]) -> float:
    """Seconds that a plan takes, if that is known and over an hour; else 0."""
    total = sum(filter(None, map(budget.seconds, plan)))
    return total if total > HOUR else 0.0


def warn(seconds: float) -> None:
    """Before a launch that takes over an hour."""
    text = _("It will take about {time}, and every run behind it waits for so long.")
    st.warning(text.format(time=duration(seconds)), icon=":material/hourglass_top:")
