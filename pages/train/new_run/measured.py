"""How long runs take, from a few of their steps that were measured; kept for everyone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from explorer.base.language import _, ngettext
from explorer.base.tasks import Ending, Pool, SharedTasks, Task
from explorer.data import datasets
from explorer.runs import measure as run_measure
from explorer.training import TEST_SHARE, Budget, recipes
from explorer.training.recipes import Recipe
from explorer.ui import progress

_budgets: dict[str, Budget] = {}  # of one epoch, by `work`
# One at a time in this server: two that measure at once would measure each other.
_TASKS: SharedTasks[int] = SharedTasks(Pool(at_once=1), 100_000)


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
    found = _budgets.get(work(recipe))
    return replace(found, seconds=found.seconds * _share(recipe)) if found else None


def _share(recipe: Recipe) -> float:
    """How much there is to do, in epochs of the whole data set with its test."""
    facts = datasets.get(recipe.dataset)
    train, test = recipe.train_subset or facts.train_count, recipe.test_subset or facts.test_count
    whole = facts.train_count + facts.test_count * TEST_SHARE
    return recipe.epochs * (train + test * TEST_SHARE) / whole


# -- measuring --------------------------------------------------------------------------------


def begin(plan: Sequence[Recipe]) -> None:
    """Measure what nobody has measured yet, or else all of it, once for all who ask."""
    progress.halt("measure", None)
    _TASKS.ask(key(plan), partial(_steps, tuple(plan)), anew=True)


def follow(plan: Sequence[Recipe]) -> Task[int]:
    """How far that is, on the page; what was measured before a failure is kept."""
    steps = partial(_steps, tuple(plan))
    return progress.follow(
        _TASKS, key(plan), steps, "measure", _words, patience=0, stop=_("Stop measuring")
    )


def left(plan: Sequence[Recipe]) -> bool:
    """Whether nobody has looked on any more, so that it was given up."""
    return _TASKS.find(key(plan)).ending is Ending.LEFT


def key(plan: Sequence[Recipe]) -> tuple[str, ...]:
    """Equal where the same is measured."""
    return tuple(sorted({work(recipe) for recipe in plan}))


def _steps(plan: Sequence[Recipe], task: Task[int]) -> Iterator[int]:
    """How many are measured; whoever stops it ends the process that measures."""
    unlike = list({work(recipe): recipe for recipe in plan}.values())
    wanted = [recipe for recipe in unlike if budget(recipe) is None] or unlike
    for place, recipe in enumerate(wanted):

        def meanwhile(place: int = place) -> None:
            task.tell(place, len(wanted))

        meanwhile()
        _budgets[work(recipe)] = run_measure.measure(_one_epoch(recipe), meanwhile)
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
