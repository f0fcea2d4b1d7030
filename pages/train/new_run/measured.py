"""How long runs take, from a few of their steps that were measured; kept for everyone."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.base.language import _
from explorer.data import datasets
from explorer.runs import measure as run_measure
from explorer.training import TEST_SHARE, Budget, recipes
from explorer.training.recipes import Recipe


@st.cache_resource
def _measured() -> dict[str, Budget]:
    """Budgets of one epoch, by `work`."""
    return {}


def work(recipe: Recipe) -> str:
    """A name for what a step of this run takes, the same for all that take the same."""
    return str(sorted(recipes.as_json(_one_epoch(recipe)).items()))


def _one_epoch(recipe: Recipe) -> Recipe:
    """What is measured: a plain epoch, from which longer and shorter runs follow.

    Learning rate, schedule, initialisation and seed cost no time: runs that differ in these alone
    are measured once.
    """
    plain = Recipe(recipe.network)
    return replace(
        recipe,
        epochs=1,
        train_subset=0,
        test_subset=0,
        seed=plain.seed,
        learning_rate=plain.learning_rate,
        schedule=plain.schedule,
        initialisation=plain.initialisation,
    )


def budget(recipe: Recipe) -> Budget | None:
    """What this run takes, if such an epoch has been measured."""
    found = _measured().get(work(recipe))
    return replace(found, seconds=found.seconds * _share(recipe)) if found else None


def _share(recipe: Recipe) -> float:
    """How much there is to do, in epochs of the whole data set with its test."""
    facts = datasets.get(recipe.dataset)
    train, test = recipe.train_subset or facts.train_count, recipe.test_subset or facts.test_count
    whole = facts.train_count + facts.test_count * TEST_SHARE
    return recipe.epochs * (train + test * TEST_SHARE) / whole


def measure(given: Sequence[Recipe]) -> None:
    """Measure what nobody has measured yet, or else all of it, with a sign of how far that is.

    Raises:
        ValueError: one of them cannot be trained; what was measured before it is kept.
    """
    unlike = list({work(recipe): recipe for recipe in given}.values())
    wanted = [recipe for recipe in unlike if budget(recipe) is None] or unlike
    with st.container(horizontal=True, vertical_alignment="center", key="measuring_now"):
        sign = st.empty()
        # Any click ends this run of the page, and so the measurement; that one does nothing else.
        st.button(_("Stop measuring"), key="stop_measuring", icon=":material/stop_circle:")
    for place, recipe in enumerate(wanted, 1):
        tell = partial(_tell, sign, place, len(wanted))
        tell(0)
        _measured()[work(recipe)] = run_measure.measure(_one_epoch(recipe), tell)


def _tell(sign: DeltaGenerator, place: int, count: int, seconds: float) -> None:
    parts = [_("Training a few steps to measure them")]
    if count > 1:
        parts.append(_("{done} of {all}").format(done=place, all=count))
    parts.append(_("{n} s").format(n=int(seconds)))
    sign.caption(f":material/timer: {' · '.join(parts)}")
