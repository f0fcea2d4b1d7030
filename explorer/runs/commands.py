"""What can be asked of a run. Each verb answers at once; a worker does it within a step."""

import json
from typing import TYPE_CHECKING

from explorer.base.access import NO_LIMITS, ON_THIS_MACHINE, Visitor
from explorer.base.language import _
from explorer.base.plain_text import lines, one_line
from explorer.runs import engines, quota, store, watchdog
from explorer.runs.records import LOCAL, TITLES, Request, Run, Status

if TYPE_CHECKING:
    from explorer.training.recipes import Recipe

MAX_NAME = 80  # characters
MAX_NOTE = 2000


def launch(
    recipe: "Recipe",
    name: str = "",
    *,
    seconds: float | None = None,
    parent: int | None = None,
    engine: str = LOCAL,
    visitor: Visitor = ON_THIS_MACHINE,
) -> int:
    """Queue a run; its number. `seconds` is how long it is thought to take (a budget's).

    It is `visitor`'s from then on, and keeps to that visitor's limits. Once it is queued nothing
    is raised: who cannot be told of it now is told later (`watchdog`).

    Raises:
        Denied: it would take more than this visitor may.
        ValueError: the recipe cannot be trained, there is no such device or engine, or the store
            cannot be written.
    """
    from explorer import networks
    from explorer.training import recipes  # bring torch; a host does without

    computing = engines.get(engine)
    recipe = recipes.check(recipe)
    quota.check(visitor.limits, recipe, seconds)
    title = one_line(name).strip() or f"{networks.get(recipe.network).title} · {{number}}"
    number = store.add(
        json.dumps(recipes.as_json(recipe)),
        _short(title, MAX_NAME),
        computing.resolve(recipe.device),
        engine=engine,
        parent=parent,
        estimate=seconds,
        visitor=visitor,
    )
    watchdog.submit(number)
    return number


def pause(run: int) -> None:
    """Let go of the machine; `resume` goes on from exactly here, at the head of the queue.

    Raises:
        ValueError: it is over.
    """
    if not store.move(run, [Status.QUEUED], Status.PAUSED):
        _ask(run, Request.PAUSE)


def stop(run: int) -> None:
    """End it here; its weights and curves are kept, and `resume` can take it up again. One that
    waits is cancelled.

    Raises:
        ValueError: it is over.
    """
    if not store.move(run, [Status.QUEUED], Status.CANCELLED) and not store.move(
        run, [Status.PAUSED], Status.STOPPED
    ):
        _ask(run, Request.STOP)


cancel = stop  # one that has just begun is stopped


def _ask(number: int, request: Request) -> None:
    run = store.get(number)
    stops = run.status.active and run.requested is Request.STOP  # a pause does not undo that
    if stops or engines.get(run.engine).ask(run, request):
        return
    raise ValueError(_refusal(store.get(number)))


def resume(run: int, *, visitor: Visitor = ON_THIS_MACHINE) -> None:
    """Queue it again. It goes on from its last state, with the same curve as an unbroken run: on a
    CPU bit for bit, on a GPU to rounding. From here on it keeps to the limits of whoever asks.

    Raises:
        Denied: it has taken as much as this visitor may.
        ValueError: it is going, finished or diverged.
    """
    old = store.get(run)
    if old.status.resumable and visitor.limits != NO_LIMITS:
        quota.check(visitor.limits, old.recipe, old.progress.seconds)
    first = old.status is Status.PAUSED
    if not store.enqueue(run, first=first, limits=visitor.limits):
        raise ValueError(_refusal(store.get(run)))
    watchdog.submit(run)


def retry(run: int, *, visitor: Visitor = ON_THIS_MACHINE) -> int:
    """Launch a new run with the same recipe, from the start; its number."""
    old = store.get(run)
    return launch(
        old.recipe, parent=old.id, seconds=old.estimate, engine=old.engine, visitor=visitor
    )


def rename(run: int, name: str) -> None:
    """Give it another name.

    Raises:
        ValueError: the name is empty.
    """
    store.get(run)
    name = one_line(name).strip()
    if not name:
        raise ValueError(_("A run needs a name of at least one character."))
    store.describe(run, name=_short(name, MAX_NAME))


def note(run: int, text: str) -> None:
    """Write something down about it; an empty text takes the note away."""
    store.get(run)
    store.describe(run, note=_short(lines(text).strip(), MAX_NOTE))


def delete(run: int) -> None:
    """Forget it: its rows, curves and weights. There is no way back.

    Raises:
        ValueError: it waits or is going.
    """
    name = store.get(run).name
    if not store.remove(run):
        text = _("{name} is {status}. Stop it before you delete it.")
        raise ValueError(text.format(name=name, status=_(TITLES[store.get(run).status])))


def _refusal(run: Run) -> str:
    status = _(TITLES[run.status])
    if run.status is Status.DIVERGED:
        text = _("{name} diverged: it would do so again. Try a new run with a lower learning rate.")
    elif run.status.active or run.status is Status.QUEUED:
        text = _("{name} is {status} already.")
    elif run.status is Status.FINISHED:
        text = _("{name} is {status}. A new run can repeat it.")
    else:
        text = _("{name} is {status}. It can be resumed.")
    return text.format(name=run.name, status=status)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
