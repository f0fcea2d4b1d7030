"""What a run will take, before it is launched; and the buttons that measure and launch it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import streamlit as st

from explorer import runs
from explorer.analysis.summary import Summary, measure
from explorer.base import device, hardware, storage
from explorer.base.device import Device
from explorer.base.inputs import MAX_BATCH
from explorer.base.language import _, ngettext
from explorer.base.tasks import Ending, Pool, SharedTasks, Task
from explorer.base.units import count, duration, exact, size, times
from explorer.data import datasets
from explorer.runs import measure as run_measure
from explorer.training import Budget, machine, recipes
from explorer.training.fitting import share
from explorer.training.recipes import Recipe
from explorer.training.recipes import beside_course as figures
from explorer.training.recipes.recipe import MAX_SIZE
from explorer.training.setting import Setting
from explorer.ui import complaint, progress, size_mismatch, visitor
from explorer.ui.entries import entry
from explorer.ui.runs import run_words
from pages.train.new_run.state import STATE

TROUBLE = "why nothing was launched"
_MEASURING = "what is being measured"
_epochs: dict[str, Budget] = {}  # what an epoch takes, by `_work`: kept for everyone
# One at a time in this server: two that measure at once would measure each other.
_TASKS: SharedTasks[int] = SharedTasks(Pool(at_once=1), 100_000)


@cache
def _watch(_folder: Path) -> None:
    runs.watch()


def warm() -> None:
    """Have the process that starts runs ready before somebody presses the button."""
    with suppress(ValueError):  # a folder that cannot be written: launching says so
        _watch(storage.runs_folder())


# -- device -------------------------------------------------------------------------------------


def pick_device() -> Device:
    """Where it shall be computed, by name and memory."""
    devices = device.available()
    words = {
        each.name: _("{title}, {memory}").format(title=each.title, memory=size(each.memory))
        for each in devices
    }
    if len(devices) == 1:
        automatic = words.pop(devices[0].name)
    elif devices[0].kind == devices[1].kind:
        automatic = _("whichever of these is free first")
    else:
        automatic = _("the best: {name}").format(name=words[devices[0].name])
    words = {device.AUTOMATIC: automatic, **words}
    name = STATE.pick_listed("device", _("Device"), words, width=340)
    if len(devices) == 1:
        verdict = hardware.verdict()  # why there is no GPU, as `python -m explorer doctor` says it
        st.caption(run_words.literal(verdict.sentence))
        if verdict.command:
            st.code(verdict.command, language=None, wrap_lines=True)
    return device.named(name)


# -- what it will take --------------------------------------------------------------------------


def _summary(recipe: Recipe) -> Summary:
    facts = datasets.get(recipe.dataset)
    channels, classes = facts.shape[0], len(facts.classes)
    spec, size = recipe.spec(channels, classes), recipe.input_size(channels)
    return measure(spec, size, recipe.batch_size)


def lesson(recipe: Recipe) -> bool:
    """Why the network cannot take pictures of this size, and a button for the nearest one it can;
    whether there was such a lesson."""
    fits = 1 <= recipe.size <= MAX_SIZE and 1 <= recipe.batch_size <= MAX_BATCH
    try:
        classes = fits and datasets.get(recipe.dataset).classes
        problem = _summary(recipe).mismatch if classes else None
    except ValueError:  # the recipe's own check says more
        return False
    if problem:
        side = problem.nearest.height if problem.nearest else 0
        fixes = [size_mismatch.use(times((side, side)), "size", side)] if side else []
        size_mismatch.show(STATE, problem, recipe.network, *fixes)
    return problem is not None


@st.cache_resource(max_entries=256, show_spinner=False)
def _memory(_recipe: Recipe, _device: Device, key: str) -> int:
    """Bytes of one step, in the number format that the device would use; `key` names all that."""
    summary, numbers = _summary(_recipe), _numbers(_recipe, _device)
    size = _recipe.input_size(summary.spec.input_size.channels)
    setting = Setting(_recipe, _device, summary.spec, size, summary.totals.flops, numbers)
    return setting.memory(_recipe.batch_size)


def _numbers(recipe: Recipe, target: Device) -> machine.Numbers:
    flops = _summary(recipe).totals.flops
    return machine.numbers(recipe.precision, target, flops, recipe.batch_size)


def _work(recipe: Recipe) -> str:
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


def of_run(recipe: Recipe) -> Budget | None:
    """What this run takes, if such an epoch has been measured."""
    epoch = of_epoch(recipe)
    if epoch is None:
        return None
    facts = datasets.get(recipe.dataset)
    return replace(
        epoch, seconds=epoch.seconds * share(recipe, facts.train_count, facts.test_count)
    )


def of_epoch(recipe: Recipe) -> Budget | None:
    """What an epoch of its whole data set takes, if that has been measured."""
    return _epochs.get(_work(recipe))


def show(plan: Sequence[Recipe], target: Device) -> None:
    """Parameters, memory, steps and time of one run, or of several; a button that measures."""
    budgets = [of_run(each) for each in plan]
    rows = _of_network(plan[0], target, budgets[0]) if len(plan) == 1 else {}
    pace = _(
        "From the fastest to the slowest of the measured steps. It takes longer where the machine "
        "gets busier."
    )
    rows |= {_("steps"): (exact(sum(map(_steps, plan))), ""), _("time"): (_time(budgets), pace)}
    st.html(_table(rows))
    # It stays when it has measured: else the next button would move under the pointer.
    st.button(
        _("Measure the time") if None in budgets else _("Measure again"),
        key=STATE.key("measure"),
        icon=":material/timer:",
        disabled=bool(visitor.may_not_train()),
        on_click=ask_to_measure,
        args=(plan,),
        help=_("A few steps are trained, in a process of its own: some seconds."),
    )


def _of_network(
    recipe: Recipe, target: Device, budget: Budget | None
) -> dict[str, tuple[str, str]]:
    parameters = _summary(recipe).totals.parameters
    key = f"{target.name} {_work(recipe)}"
    numbers = _numbers(recipe, target)
    return {
        _("parameters"): (count(parameters), exact(parameters)),
        _("memory"): _held(_memory(recipe, target, key), budget),
        _("products in"): (numbers.name, run_words.numbers(numbers.name, numbers.reason)),
    }


def _held(tensors: int, budget: Budget | None) -> tuple[str, str]:
    """What a run takes, as far as that is known, and what the figure is."""
    if budget is None:
        words = _(
            "The tensors of one step, as computed. Libraries and buffers come on top: measure it."
        )
        return _("over {size}").format(size=size(tensors)), words
    words = _("As measured, libraries and buffers included. The tensors of one step make {size}.")
    return _("about {size}").format(size=size(budget.memory)), words.format(size=size(tensors))


def _steps(recipe: Recipe) -> int:
    train = recipe.train_subset or datasets.get(recipe.dataset).train_count
    return -(-train // recipe.batch_size) * recipe.epochs


def _time(budgets: Sequence[Budget | None]) -> str:
    """Of one run, with its pace; or of several, as far as they have been measured."""
    measured = [each for each in budgets if each]
    time = _range(measured)
    if not measured:
        return _("not measured yet")
    if len(budgets) == 1:
        pace = count(measured[0].images_per_second)
        return _("{time} ({n} pictures/s)").format(time=time, n=pace)
    if len(measured) < len(budgets):
        words = _("{time} for {n} of {all} runs")
        return words.format(time=time, n=len(measured), all=len(budgets))
    return time


def _range(budgets: Sequence[Budget]) -> str:
    """Of all together: at the pace of the fastest measured steps, and of the slowest."""
    least = duration(sum(each.seconds * each.fastest for each in budgets))
    most = duration(sum(each.seconds * each.slowest for each in budgets))
    if least == most:
        return _("about {time}").format(time=least)
    return _("{least} to {most}").format(least=least, most=most)


def _table(rows: dict[str, tuple[str, str]]) -> str:
    cells = (
        f'<tr title="{exactly}"><th scope="row">{word}</th><td>{text}</td></tr>'
        for word, (text, exactly) in rows.items()
    )
    return f'<table class="budget">{"".join(cells)}</table>'


# -- measuring ----------------------------------------------------------------------------------


def ask_to_measure(plan: Sequence[Recipe]) -> None:
    """Measure what these take, in the background."""
    try:
        visitor.check_train()  # a measurement trains some steps
        progress.halt("measure", None)
        _TASKS.ask(_key(plan), partial(_measure, tuple(plan)), anew=True)
        st.session_state[_MEASURING] = tuple(plan)
    except ValueError as error:
        st.session_state[TROUBLE] = str(error)


def measuring(plan: Sequence[Recipe]) -> bool:
    """Whether this visitor waits for a measurement of these."""
    return st.session_state.get(_MEASURING) == tuple(plan)


def measure_if_asked(plan: Sequence[Recipe]) -> None:
    """How far it is, if these are being measured; then the page anew, with the figures."""
    if st.session_state.get(_MEASURING) != tuple(plan):
        return
    key = _key(plan)
    if _TASKS.find(key).ending is Ending.LEFT:  # by who went to another page
        del st.session_state[_MEASURING]
        return
    steps, stop = partial(_measure, tuple(plan)), _("Stop measuring")
    task = progress.follow(_TASKS, key, steps, "measure", _words, patience=0, stop=stop)
    if task.finished and not progress.halted("measure", key):
        del st.session_state[_MEASURING]
        if task.failed:
            st.session_state[TROUBLE] = task.sentence
        st.rerun()


def _key(plan: Sequence[Recipe]) -> tuple[str, ...]:
    """Equal where the same is measured."""
    return tuple(sorted({_work(recipe) for recipe in plan}))


def _measure(plan: Sequence[Recipe], task: Task[int]) -> Iterator[int]:
    """How many are measured; whoever stops it ends the process that measures."""
    unlike = list({_work(recipe): recipe for recipe in plan}.values())
    missing = [recipe for recipe in unlike if of_run(recipe) is None] or unlike
    for place, recipe in enumerate(missing):

        def meanwhile(place: int = place) -> None:
            task.tell(place, len(missing))

        meanwhile()
        _epochs[_work(recipe)] = run_measure.measure(_one_epoch(recipe), meanwhile)
        yield place + 1


def _words(task: Task[int]) -> str:
    if before := max(_TASKS.pool.position(task) - 1, 0):
        words = ngettext("{n} measurement comes first", "{n} measurements come first", before)
        return f":material/timer: {words.format(n=before)}"
    parts = [_("Training a few steps to measure them")]
    if task.total > 1:
        parts.append(_("{done} of {all}").format(done=task.done + 1, all=task.total))
    parts.append(_("{n} s").format(n=int(task.seconds)))
    return f":material/timer: {' · '.join(parts)}"


# -- launching ----------------------------------------------------------------------------------


def queue(name: str) -> None:
    """Who is before, and when a run on the device `name` would begin."""
    turn = runs.next_turn(name)
    if turn.until_start == 0:
        st.caption(_("It begins at once."))
    elif turn.until_start is None:
        st.caption(_("Runs before it: {n}.").format(n=turn.position))
    else:
        st.caption(
            _("Runs before it: {n}. It begins in about {time}.").format(
                n=turn.position, time=duration(turn.until_start)
            )
        )


def launch(plan: Sequence[Recipe]) -> None:
    """Launch runs and go where they can be watched; one alone is watched live."""
    numbers: list[int] = []
    try:
        for each in plan:
            name = f"{figures.title(each)} · {{number}}" if len(plan) > 1 else ""
            numbers += [visitor.launch(each, name, seconds=seconds(each))]
    except ValueError as error:
        progress = _("Launched before that: {n} of {all}.").format(n=len(numbers), all=len(plan))
        st.session_state[TROUBLE] = f"{error} {progress}" if numbers else str(error)
        st.rerun()
    if len(numbers) == 1:
        st.switch_page(entry("live").path, query_params={"run": str(numbers[0])})
    st.switch_page(entry("runs").path, query_params={"runs": ",".join(map(str, numbers))})


def seconds(recipe: Recipe) -> float | None:
    """What a run is thought to take, where that was measured."""
    budget = of_run(recipe)
    return budget.seconds if budget else None


def trouble() -> None:
    """What went wrong with the last click, if something did."""
    if text := st.session_state.pop(TROUBLE, ""):
        complaint.show(text, "error")
