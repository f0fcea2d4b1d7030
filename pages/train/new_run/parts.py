"""The parts of the page on which runs are set up and launched."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.base import access, device, storage
from explorer.base.access import RunLimits, Visitor
from explorer.base.language import _, ngettext
from explorer.base.units import duration, percent
from explorer.data import datasets
from explorer.runs import quota
from explorer.training import recipes
from explorer.training.recipes import MISTAKES, PRESETS, Recipe
from explorer.training.recipes import beside_course as figures
from explorer.training.recipes.course import SPACIOUS_BATCH, limited_by_card
from explorer.ui import complaint, visitor
from explorer.ui.entries import entry
from explorer.ui.runs import run_actions
from explorer.ui.tables import show_table
from pages.train.new_run import budget, form, short
from pages.train.new_run.state import STATE

FRESH = 5  # seconds for which all runs are taken to be as large on the disk as they were
# What an experiment's plan says of its runs where they are alike, in this order.
PLANNED = (
    "epochs",
    "train_subset",
    "size",
    "batch_size",
    "optimizer",
    "learning_rate",
    "initialisation",
)


def settings() -> Recipe:
    """Every field of one run."""
    form.pick_network()
    form.pick_data()
    form.pick_recipe()
    recipe = form.read()
    _offer_spacious_batch(recipe)
    return recipe


def _offer_spacious_batch(recipe: Recipe) -> None:
    """Where the course's batch was a small card's limit: that it was, and a larger one."""
    if not limited_by_card(recipe) or not _on_accelerator():
        return
    with st.container(horizontal=True, vertical_alignment="center", key="spacious_batch"):
        st.caption(
            _(
                "The course's batch of {batch} is what its small graphics card could hold. On a "
                "GPU with more memory, batches of {larger} take less time for an epoch; they make "
                "fewer steps, so the curve is not the course's."
            ).format(batch=recipe.batch_size, larger=SPACIOUS_BATCH)
        )
        words = _("Use {n} a batch").format(n=SPACIOUS_BATCH)
        _offer("use_spacious_batch", words, "batch_size", SPACIOUS_BATCH)


def _on_accelerator() -> bool:
    """Whether the device that is chosen has a memory of its own; on a CPU nothing is gained."""
    try:
        return device.named(STATE["device"]).kind != device.CPU
    except ValueError:  # told beside the device
        return False


def _offer(key: str, words: str, field: str, value: int) -> None:
    """A button that sets a field."""
    st.button(words, key=STATE.key(key), on_click=STATE.__setitem__, args=(field, value))


def card(plan: Sequence[Recipe], taught: bool) -> None:
    """Device, budget and the button that launches the plan; or why it cannot be launched.

    `taught` says that the lesson beside it tells why already.
    """
    with st.container(border=True, key="budget"):
        st.html(run_actions.STYLE)
        target = budget.pick_device()
        plan = [replace(each, device=STATE["device"]) for each in plan]
        budget.trouble()
        several = len(plan) > 1
        problem = "" if several else form.unreadable()
        try:
            for each in plan:
                recipes.check(each)
        except ValueError as error:
            problem = problem or str(error)
        if not problem:
            budget.show(plan, target)
            if not several:
                short.offer_limits(plan[0])
            budget.measure_if_asked(plan)
        elif taught:
            problem = _("This size does not fit the network: see beside.")
        if several:
            st.caption(_("They run one after the other; their curves are laid over each other."))
        _launch(plan, problem)


def _launch(plan: Sequence[Recipe], problem: str) -> None:
    missing = next((each.dataset for each in plan if not datasets.at_hand(each.dataset)), None)
    if problem:
        complaint.show(problem, "block")
    else:
        if missing:
            _bring(missing)
        problem = _refusal(plan)
    hours = 0.0 if problem else short.hours(plan)
    if hours:
        short.warn(hours)
    words = _("Launch") if len(plan) == 1 else _("Launch {n} runs").format(n=len(plan))
    pressed = st.button(
        f"{words} ({duration(hours)})" if hours else words,
        key=STATE.key("launch"),
        type="secondary" if hours else "primary",
        icon=":material/rocket_launch:",
        width="stretch",
        disabled=bool(problem or missing),
    )
    if not problem and not missing:
        budget.queue(STATE["device"])
    if pressed:
        budget.launch(plan)


def _refusal(plan: Sequence[Recipe]) -> str:
    """Why this visitor may not launch it, shown before that is tried, with what is allowed instead.

    What refuses is the launch itself, which may know better by then.
    """
    try:
        _check(visitor.check_train(), plan)
    except ValueError as error:
        complaint.show(error, "block")
        most = visitor.current().limits.epochs
        if most and any(each.epochs > most for each in plan):
            words = ngettext("Use {n} epoch", "Use {n} epochs", most)
            field = "epochs" if len(plan) == 1 else "all_epochs"
            _offer("use_epochs", words.format(n=most), field, most)
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
    used, free = _used(storage.runs_folder()), quota.free()
    for each in plan:
        needed = _needed(each, str(sorted(recipes.as_json(each).items())))
        access.check_room(limits, needed, used, free)
        used, free = used + needed, free - needed


@st.cache_data(ttl=FRESH, show_spinner=False)
def _used(folder: Path) -> int:
    """Bytes of all runs, which lie in `folder`."""
    return quota.used()


@st.cache_data(max_entries=256, show_spinner=False)
def _needed(_recipe: Recipe, key: str) -> int:
    """Bytes of one run's files; `key` names the recipe."""
    return quota.needed(_recipe)


def _bring(name: str) -> None:
    """The data set is not here: where it is fetched."""
    facts = datasets.get(name)
    st.warning(_("{title} is not here yet.").format(title=_(facts.title)))
    st.page_link(
        entry("data").path,
        label=_("Get {title} on the page about data").format(title=_(facts.title)),
        icon=":material/download:",
        query_params={"data": name.partition("/")[0]},
    )


def beside_the_course(recipe: Recipe) -> None:
    """What the course got with this network, and in what its recipe differs."""
    nearest = figures.nearest_of_course(recipe)
    if nearest is None:
        return
    courses, reported, _curve = nearest
    got = _("**The course** got **{test}** on the test pictures after {epochs} epochs").format(
        test=percent(reported.test_accuracy), epochs=reported.epochs
    )
    departs = figures.departures(recipe, courses)
    if not departs:
        st.markdown(got + " " + _("with exactly this recipe."))
        return
    parts = "; ".join(
        _("{field} {theirs} there, {ours} here").format(
            field=figures.field(name),
            theirs=figures.value(name, theirs),
            ours=figures.value(name, ours),
        )
        for name, (ours, theirs) in departs.items()
    )
    st.markdown(got + ": " + parts + ".")


# -- experiments --------------------------------------------------------------------------------


def experiment(name: str) -> list[Recipe]:
    """An experiment's runs, on other data or shortened if the reader wants that."""
    preset = PRESETS[name]
    st.markdown(f"**{_(preset.question)}**")
    words = {each: _(datasets.get(each).title) for each in datasets.names()}
    with st.container(horizontal=True, vertical_alignment="bottom", key="row_data"):
        data = STATE.pick_listed("dataset", _("Data"), words, width=220)
        epochs = STATE.number("all_epochs", _("Epochs (0: as planned)"), width=170)
        subset = STATE.number("train_subset", _("Training pictures (0: as planned)"), width=232)
    plan = [
        replace(
            each,
            dataset=data,
            epochs=epochs or each.epochs,
            train_subset=subset or each.train_subset,
        )
        for each in preset.recipes
    ]
    differ = figures.differing(plan)
    with st.container(key="differences"):
        show_table({_("run"): [figures.title(each) for each in plan], **differ})
    alike = [name for name in PLANNED if len({getattr(each, name) for each in plan}) == 1]
    settings = (f"{figures.field(n)} {figures.value(n, getattr(plan[0], n))}" for n in alike)
    sentence = _("The same in all of them: {settings}.")
    st.caption(sentence.format(settings=", ".join(settings)))
    return plan


def mistakes() -> None:
    """What the course's notebooks get wrong once, and what is done here."""
    with st.expander(_("What is easily got wrong in a training loop")):
        for each in MISTAKES:
            st.markdown(f"{_(each.notebook)} **{_(each.here)}**")
