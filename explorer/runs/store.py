"""Runs as rows: each change is one transaction that names the status it starts from.

Who writes what: whoever asks adds runs, requests, names and notes; the host gives a queued run to a
worker; from then on only that worker writes its progress and its end (`writer.py`). Whoever finds
the worker dead writes that.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.base import access, reasons, storage
from explorer.base.access import NO_LIMITS, ON_THIS_MACHINE, RunLimits, Visitor
from explorer.base.language import _
from explorer.base.reasons import NO_REASON, Reason
from explorer.runs import artifacts
from explorer.runs.database import database, marks
from explorer.runs.records import ACTIVE, LOCAL, RESUMABLE, Progress, Request, Run, Status, kind_of

_WAITING = (Status.QUEUED, *ACTIVE)
_COUNT_WAITING = (
    "SELECT COUNT(*) FILTER (WHERE owner = ?), COUNT(*) FROM runs "
    f"WHERE owner != '' AND id != ? AND status IN ({marks(_WAITING)})"
)
MOST_ATTEMPTS = 3  # of workers that die before they begin with a run; then it has failed
_PROGRESS = ("step", "total_steps", "epoch", "epochs", "images_per_second", "seconds")
# Columns that are a run's attributes by the same name.
_AS_THEY_ARE = (
    "id name note engine device parent created started ended "
    "worker estimate test_accuracy owner device_title device_uuid attempts revision"
).split()


def _run(row: sqlite3.Row) -> Run:
    return Run(
        **{name: row[name] for name in _AS_THEY_ARE},
        recipe_json=row["recipe"],
        status=Status(row["status"]),
        reason=reasons.from_json(row["reason"]),
        requested=Request(row["wish"]),
        requested_at=row["wished"],
        queue_position=row["place"],
        claimed_at=row["taken"],
        limits=access.limits_from_json(row["limits"]),
        metadata=json.loads(row["facts"]),
        progress=Progress(*(row[name] for name in _PROGRESS)),
    )


# -- Reading ----------------------------------------------------------------------------------


_DELETED = "deleted"  # the status of a run of which some is left: to all who read it is gone
_ONE = f"SELECT * FROM runs WHERE id = ? AND status != '{_DELETED}'"


def get(run: int) -> Run:
    """One run.

    Raises:
        ValueError: there is none with this number.
    """
    for row in database().rows(_ONE, (run,)) if abs(run) < 2**63 else ():  # SQLite's end there
        return _run(row)
    raise ValueError(_("There is no run {number}. It may have been deleted.").format(number=run))


def listed() -> list[Run]:
    """Every run, the newest first."""
    query = "SELECT * FROM runs WHERE status != ? ORDER BY id DESC"
    return [_run(row) for row in database().rows(query, (_DELETED,))]


def with_status(*statuses: Status, engine: str = "", device: str = "") -> list[Run]:
    """Runs with one of these statuses, in the queue’s order; of all engines and devices, unless
    one is named (a kind's name stands for all devices of the kind)."""
    query = (
        f"SELECT * FROM runs WHERE status IN ({marks(statuses)}) AND ? IN ('', engine) "
        "AND (? IN ('', device) OR device LIKE ? || ':%') ORDER BY place"
    )
    return [_run(row) for row in database().rows(query, (*statuses, engine, device, device))]


def stamp() -> str:
    """A word that differs whenever any run has changed, come or gone: "store-revision"."""
    rows = database().rows("SELECT store || '-' || number FROM revisions")
    return str(rows[0][0]) if rows else ""


# -- Adding and taking away -------------------------------------------------------------------


def add(
    recipe: str,
    name: str,
    device: str,
    *,
    engine: str = LOCAL,
    parent: int | None = None,
    estimate: float | None = None,
    visitor: Visitor = ON_THIS_MACHINE,
) -> int:
    """Put a new run at the end of the queue; its number. "{number}" in `name` becomes that.

    Raises:
        Denied: enough runs of this visitor, or of all of them, wait already.
    """
    owner, limits = visitor.owner, visitor.limits.as_json()
    with database().writing() as connection:
        _check_waiting(connection, owner, visitor.limits)
        (place,) = connection.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM runs").fetchone()
        values = (name, recipe, engine, device, parent, Status.QUEUED, place, time.time(), estimate)
        cursor = connection.execute(
            "INSERT INTO runs (name, recipe, engine, device, parent, status, place, created, "
            f"estimate, owner, limits) VALUES ({marks(range(11))})",
            (*values, owner, limits),
        )
        number = int(cursor.lastrowid or 0)
        connection.execute(
            "UPDATE runs SET name = REPLACE(name, '{number}', ?) WHERE id = ?", (number, number)
        )
    return number


def _check_waiting(
    connection: sqlite3.Connection, owner: str, limits: RunLimits, run: int = 0
) -> None:
    """Whether a run may wait, beside those of visitors that do; within the same transaction.

    `run` is its number if it has one.
    """
    own, together = connection.execute(_COUNT_WAITING, (owner, run, *_WAITING)).fetchone()
    access.check_waiting(limits, own, together)


def count_waiting(owner: str) -> tuple[int, int]:
    """How many runs of this visitor wait or train, and how many of all visitors together."""
    ((own, together),) = database().rows(_COUNT_WAITING, (owner, 0, *_WAITING))
    return own, together


def remove(run: int) -> bool:
    """Forget a run, unless it waits or a worker has it; whether that was done.

    From its first transaction on it is gone for all, and `sweep` ends what is left half done.
    """
    busy = (*ACTIVE, Status.QUEUED)
    query = f"UPDATE runs SET status = ? WHERE id = ? AND status NOT IN ({marks(busy)})"

    def mark(connection: sqlite3.Connection) -> bool:
        done = connection.execute(query, (_DELETED, run, *busy)).rowcount > 0
        if done and storage.is_full(storage.runs_folder()):
            artifacts.remove(run)  # even to mark it takes the room that they make
        return done

    if not database().vital(mark):
        return False
    _take_away(run)
    return True


def _take_away(run: int) -> None:
    """Its files go first: where the disk is full, they make the room that the rows' removal needs.
    The rows of a long run go part by part, so that little room is enough and writers get between.
    """
    artifacts.remove(run)
    while not database().vital(lambda connection: _shed(connection, run)):
        database().sync()  # what has gone is taken out of the log, too


# At most so many rows of a run go at once: a few megabytes.
_PARTS: Mapping[str, tuple[str, int]] = {
    "steps": ("step", 20_000),
    "epochs": ("epoch", 20),
    "snapshots": ("epoch", 20),
}


def _shed(connection: sqlite3.Connection, run: int) -> bool:
    """Take a part of a run away, or the last of it; whether that was the last."""
    for table, (column, most) in _PARTS.items():
        first = f"(SELECT MIN({column}) FROM {table} WHERE run = ?1)"
        query = f"DELETE FROM {table} WHERE run = ?1 AND {column} < ?2 + {first}"
        if connection.execute(query, (run, most)).rowcount >= most:
            return False
    connection.execute("DELETE FROM runs WHERE id = ?", (run,))
    return True


def sweep() -> None:
    """Take away what is left of runs that are gone: of one that was deleted as the power failed.

    A run's folder is made after its row, so none that has just been made is among them.
    """
    if not database().path.exists():
        return
    for row in database().rows("SELECT id FROM runs WHERE status = ?", (_DELETED,)):
        _take_away(row["id"])
    with database().writing() as connection:
        rows = {row["id"] for row in connection.execute("SELECT id FROM runs")}
        for path in storage.runs_folder().iterdir():
            if path.is_dir() and path.name.isdecimal() and int(path.name) not in rows:
                artifacts.remove(int(path.name))


def describe(run: int, **columns: str) -> None:
    """Set a run's `name` or `note`, which nobody else writes."""
    with database().writing() as connection:
        _set(connection, run, **columns)


# -- Changing the status ----------------------------------------------------------------------


def move(run: int, origins: Sequence[Status], status: Status, reason: Reason = NO_REASON) -> bool:
    """Change a run's status if it is one of `origins`; whether it was."""
    change = dict(status=status, reason=reason.as_json(), ended=time.time())
    return database().vital(lambda connection: _set(connection, run, origins, **change))


def request(run: int, what: Request) -> bool:
    """Ask the worker that has the run to pause or stop; whether one has it."""
    change = dict(wish=what, wished=time.time())
    return database().vital(lambda connection: _set(connection, run, ACTIVE, **change))


def enqueue(run: int, *, first: bool, limits: RunLimits = NO_LIMITS) -> bool:
    """Let a run that was left be taken up again, at the queue's head or its end; whether it was.

    It has the limits of whoever asks now.

    Raises:
        Denied: enough runs of its owner, or of all visitors, wait already.
    """
    extreme, device = "MIN(place) - 1" if first else "MAX(place) + 1", get(run).queue
    fresh = dict(reason="", wish="", ended=None, worker="", taken=None, attempts=0, device=device)
    with database().writing() as connection:
        (place,) = connection.execute(f"SELECT {extreme} FROM runs").fetchone()
        fresh |= dict(status=Status.QUEUED, place=place, limits=limits.as_json())
        done = _set(connection, run, RESUMABLE, **fresh)
        if done:
            (owner,) = connection.execute("SELECT owner FROM runs WHERE id = ?", (run,)).fetchone()
            _check_waiting(connection, owner, limits, run)
        return done


_FIRST = (
    "SELECT id, device FROM runs WHERE status = ? AND engine = ? AND device IN (?, ?) "
    "ORDER BY place LIMIT 1"
)


def first_queue(device: str, engine: str = LOCAL) -> str:
    """Where the run waits that this device would take next: for it alone, or for any of its kind;
    empty if none does."""
    rows = database().rows(_FIRST, (Status.QUEUED, engine, device, kind_of(device)))
    return str(rows[0]["device"]) if rows else ""


def claim(device: str, worker: str, engine: str = LOCAL) -> Run | None:
    """Give the first run that waits for this device of the engine, or for any of its kind, to
    `worker`: it alone has it now."""
    if not first_queue(device, engine):
        return None  # asked at every tick: no lock for that
    with database().writing() as connection:
        queues = (engine, device, kind_of(device))
        row = connection.execute(_FIRST, (Status.QUEUED, *queues)).fetchone()
        if row is None:
            return None
        _set(connection, row["id"], status=Status.STARTING, worker=worker, device=device)
        return _run(connection.execute(_ONE, (row["id"],)).fetchone())


def lost(run: Run, reason: Reason) -> bool:
    """Write that the worker which had the run has died; whether it still had it.

    One that somebody had asked to stop is stopped. One that the worker had not begun is paused, if
    that was asked, or goes back to its place in the queue, but not for ever.
    """

    def write(connection: sqlite3.Connection) -> bool:
        row = connection.execute(_ONE, (run.id,)).fetchone()
        requested = Request(row["wish"]) if row else Request.GO_ON  # by now
        change = dict(wish="", **_after_death(run, requested, reason))
        return _set(connection, run.id, ACTIVE, run.worker, **change)

    return database().vital(write)


def _after_death(run: Run, requested: Request, reason: Reason) -> dict[str, Any]:
    """What is to stand in the row of a run whose worker has died."""
    status = Status.INTERRUPTED
    if requested is Request.STOP:
        status = Status.STOPPED
    elif run.claimed_at is None and requested is Request.PAUSE:
        status = Status.PAUSED
    elif run.claimed_at is None and run.attempts + 1 < MOST_ATTEMPTS:
        again = dict(worker="", device=run.queue, attempts=run.attempts + 1)
        return dict(status=Status.QUEUED, **again)
    elif run.claimed_at is None:
        status, reason = Status.FAILED, Reason("never_began", {"attempts": MOST_ATTEMPTS})
    return dict(status=status, reason=reason.as_json(), ended=time.time())


def _set(
    connection: sqlite3.Connection,
    run: int,
    origins: Sequence[Status] = tuple(Status),
    worker: str | None = None,
    /,
    **columns: Any,
) -> bool:
    """Write columns of a run in one of the statuses `origins`, held by `worker` if one is named."""
    names = ", ".join(f"{name} = ?" for name in columns)
    query = f"UPDATE runs SET {names} WHERE id = ? AND status IN ({marks(origins)})"
    values = [*columns.values(), run, *origins]
    if worker is not None:
        query += " AND worker = ?"
        values.append(worker)
    return connection.execute(query, values).rowcount > 0
