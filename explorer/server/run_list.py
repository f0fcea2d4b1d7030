"""The table of runs for browsers that watch it: only what has changed is sent."""

import json
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from explorer import runs
from explorer.base import storage
from explorer.runs import Run
from explorer.runs.records import EpochRow
from explorer.server.feed import FRESH, short

SPARK = 40  # points of a sparkline, spread over all epochs

Row = dict[str, Any]


def _row(run: Run) -> Row:
    """One line as plain data; its words are the browser's."""
    recipe, progress = json.loads(run.recipe_json), run.progress  # also of another version
    return {
        "id": run.id,
        "name": run.name,
        "note": run.note,
        "status": run.status,
        "network": recipe.get("network", ""),
        "dataset": recipe.get("dataset", ""),
        "device": run.device,
        "done": round(progress.fraction, 3),
        "epoch": progress.epoch,
        "epochs": recipe.get("epochs", 0),
        "accuracy": short(run.test_accuracy),
        "seconds": short(progress.seconds),
        "created": run.created,
        "curve": [short(each.test_accuracy) for each in _spread(runs.epochs(run.id))],
    }


def _spread(epochs: Sequence[EpochRow]) -> list[EpochRow]:
    """At most `SPARK` of them, the first and the last among them."""
    if len(epochs) <= SPARK:
        return list(epochs)
    return [epochs[i * (len(epochs) - 1) // (SPARK - 1)] for i in range(SPARK)]


class Table:
    """All runs, as they were when they were last looked at."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[int, Row]] = {}  # newest first; each with its last change
        self._stamp = ""
        self._looked = 0.0
        self._lock = Lock()

    def news(self, seen: str) -> dict[str, Any] | None:
        """Rows that have changed since the reader was told `seen`, and which runs there are."""
        with self._lock:
            self._refresh()
            rows, stamp = dict(self._rows), self._stamp
        if stamp == seen:
            return None
        known = _revision(seen, stamp)
        return {
            "seen": stamp,
            "all": list(rows),
            "rows": [row for revision, row in rows.values() if revision > known],
        }

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < FRESH:
            return
        self._looked = time.monotonic()
        stamp = runs.stamp()
        if stamp == self._stamp:
            return
        before = self._rows if _store(stamp) == _store(self._stamp) else {}
        self._rows = {run.id: _kept(run, before.get(run.id)) for run in runs.listed()}
        self._stamp = stamp  # of before they were read: what came since is told again


def _kept(run: Run, before: tuple[int, Row] | None) -> tuple[int, Row]:
    return before if before and before[0] == run.revision else (run.revision, _row(run))


def _store(stamp: str) -> str:
    """Which store it is: another one where somebody has cleared the folder."""
    return stamp.rpartition("-")[0]


def _revision(seen: str, stamp: str) -> int:
    """The number of the last change that the reader knows of, if it knows this store."""
    number = seen.rpartition("-")[2]
    return int(number) if _store(seen) == _store(stamp) and number.isdecimal() else -1


@cache
def _table(_folder: Path) -> Table:
    return Table()


def table(seen: str) -> dict[str, Any] | None:
    """See `Table.news`; one table for each folder of runs."""
    return _table(storage.runs_folder()).news(seen)
