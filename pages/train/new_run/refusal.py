"""Why a visitor of a class may not launch what is set up, said before it is tried.

What refuses is the launch itself, which may know better by then.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.base import access, storage
from explorer.base.access import RunLimits, Visitor
from explorer.base.language import ngettext
from explorer.runs import quota
from explorer.training import recipes
from explorer.training.recipes import Recipe
from explorer.ui import visitor
from explorer.ui.runs import run_words
from pages.train.new_run import budget
from pages.train.new_run.state import STATE

FRESH = 5  # seconds for which all runs are taken to be as large on the disk as they were


def show(plan: Sequence[Recipe]) -> str:
    """The sentence, and a button for what is allowed instead; "" if all may be launched."""
    try:
        _check(visitor.check_train(), plan)
    except ValueError as error:
        st.error(run_words.literal(str(error)), icon=":material/block:")
        _offer_epochs(plan)
        return str(error)
    return ""


def _check(who: Visitor, plan: Sequence[Recipe]) -> None:
    for each in plan:
        access.check_run(who.limits, each.epochs, budget.seconds(each))
    if who.limits.waiting or who.limits.queue:
        access.check_waiting(who.limits, *runs.count_waiting(who.owner), len(plan))
    _check_room(who.limits, plan)


def _check_room(limits: RunLimits, plan: Sequence[Recipe]) -> None:
    """Whether the disk has room for all of them."""
    if not (limits.run_bytes or limits.all_bytes or limits.free_bytes):
        return
    taken, free = _taken(storage.runs_folder()), quota.free()
    for each in plan:
        needed = _needed(each, str(sorted(recipes.as_json(each).items())))
        access.check_room(limits, needed, taken, free)
        taken, free = taken + needed, free - needed


@st.cache_data(ttl=FRESH, show_spinner=False)
def _taken(folder: Path) -> int:
    """Bytes of all runs, which lie in `folder`."""
    return quota.taken()


@st.cache_data(max_entries=256, show_spinner=False)
def _needed(_recipe: Recipe, key: str) -> int:
    """Bytes of one run's files; `key` names the recipe."""
    return quota.needed(_recipe)


def _offer_epochs(plan: Sequence[Recipe]) -> None:
    """A button for the most epochs that are allowed, where there are more."""
    most = visitor.current().limits.epochs
    if not most or all(each.epochs <= most for each in plan):
        return
    st.button(
        ngettext("Use {n} epoch", "Use {n} epochs", most).format(n=most),
        key=STATE.key("use_epochs"),
        on_click=_use_epochs,
        args=("epochs" if len(plan) == 1 else "all_epochs", most),
    )


def _use_epochs(field: str, most: int) -> None:
    STATE[field] = most
