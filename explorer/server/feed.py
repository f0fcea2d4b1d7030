"""What the browsers that watch runs are told: read once, for however many are watching.

Thirty pages ask twice a second each. Their answers are made from what this process keeps of the
run, which it brings up to date from the store at most every `FRESH` seconds.
"""

import json
import math
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from explorer import runs
from explorer.base import storage
from explorer.base.cache import SizedCache
from explorer.runs import Run, Status, outcome, verdict
from explorer.runs.records import EpochRow

FRESH = 0.3  # seconds for which what was read is new enough
FRESH_QUEUE = 1.0  # of a run that waits: its turn follows from all the others
MOST_POINTS = 1000  # of a curve: more than a chart has pixels
MOST_WATCHED = 64  # runs kept at a time
DIGITS = 4  # of each number that is sent

_COLUMNS = ("step", "seconds", "loss", "accuracy", "gradient_norm", "learning_rate")
Points = dict[str, list[Any]]


def short(number: float | None) -> float | None:
    """As many digits as anybody can see; whole numbers stay as they are. None if not finite."""
    if not isinstance(number, float):
        return number
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


@dataclass(frozen=True)
class Question:
    """What a browser has: the curve up to a step, so many epochs, and the stamps of the rest."""

    since: int = 0
    epochs: int = 0
    session: str = ""
    stamp: str = ""
    snapshot: str = ""


class Feed:
    """One run, as it was when it was last looked at."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.run = runs.get(number)
        self.points: Points = {name: [] for name in _COLUMNS}
        self.epochs: list[dict[str, Any]] = []
        self.snapshot = ""
        self.now: dict[str, Any] = {}
        self._classes = 0  # that the network tells apart; 0 before its first snapshot
        self._expected: runs.Expected | None = None
        self._revision = -1
        self._looked = 0.0
        self._answers: dict[Question, bytes | None] = {}  # since the last look
        self._lock = Lock()
        self._read(self.run)

    @property
    def session(self) -> str:
        """One word for each time that a process took the run up."""
        return f"{self.run.claimed_at or 0:.3f}"

    @property
    def fresh(self) -> bool:
        """Whether the next answer needs no look at the store."""
        enough = FRESH_QUEUE if self.run.status is Status.QUEUED else FRESH
        return time.monotonic() - self._looked < enough

    def answer(self, question: Question) -> bytes | None:
        """The news as JSON; None if there are none since the question's stamp.

        Raises:
            ValueError: the run is gone.
        """
        with self._lock:
            if not self.fresh:
                self._read(runs.get(self.number))
            if question not in self._answers:
                news = self._news(question)
                text = news and json.dumps(news, separators=(",", ":"), allow_nan=False)
                self._answers[question] = text.encode() if text else None
            return self._answers[question]

    # -- reading --------------------------------------------------------------------------------

    def _read(self, run: Run) -> None:
        if run.claimed_at != self.run.claimed_at:
            self.points = {name: [] for name in _COLUMNS}
            self.epochs = []
        self.run = run
        if run.status is Status.QUEUED or run.status.active:
            self._expected = runs.expected(run)
        if run.revision != self._revision:
            self._read_curves()
            self._read_snapshot()
        self._revision = run.revision
        self._looked = time.monotonic()
        self._answers.clear()

    def _read_curves(self) -> None:
        since = self.points["step"][-1] if self.points["step"] else 0
        curve = runs.curves(self.number, since, MOST_POINTS)
        for name in _COLUMNS:
            self.points[name].extend(short(each) for each in getattr(curve, name))
        for row in runs.epochs(self.number, len(self.epochs)):
            self.epochs.append({key: short(each) for key, each in asdict(row).items()})

    def _read_snapshot(self) -> None:
        """About once a second of training, as often as there is another one."""
        progress = self.run.progress
        stamp = f"{self.session}-{self.run.status}-{progress.epoch}-{int(progress.seconds)}"
        if stamp != self.snapshot:
            self.snapshot = stamp
            row = runs.snapshot(self.number)
            self.now = outcome.now(row)
            self._classes = row.probabilities.shape[1] if row else 0

    # -- telling --------------------------------------------------------------------------------

    def _news(self, question: Question) -> dict[str, Any] | None:
        """The answer to a browser that has the curve up to a step; None if nothing is new."""
        run, progress, facts = self.run, self.run.progress, self.run.metadata
        stamp = str(run.revision)
        if run.status is Status.QUEUED:
            stamp += f"-{self._queue()}"
        if stamp == question.stamp:
            return None
        same = question.session == self.session
        first = bisect_right(self.points["step"], question.since if same else 0)
        return {
            "seen": stamp,  # to be sent with the next question: without news there is no answer
            "session": self.session,  # another one: the curve may have been cut back: all of it
            "status": run.status,
            "requested": run.requested,
            "progress": {
                "step": progress.step,
                "total": progress.total_steps,
                "epoch": progress.epoch,
                "epochs": progress.epochs,
                "rate": short(progress.images_per_second) or 0,
                "seconds": short(progress.seconds) or 0,
            },
            "per": int(facts.get("steps_per_epoch", 1)),  # steps of an epoch
            "images": int(facts.get("train_images", 0)),  # pictures of an epoch
            "batch": run.recipe.batch_size,
            "flops": int(facts.get("forward_flops", 0)),  # of one picture
            "asked": run.recipe.epochs,
            "verdict": self._verdict(),
            "queue": self._queue(),
            "loading": self._loading(),
            "left": short(self._expected.left) if self._expected else None,  # seconds
            "points": {name: values[first:] for name, values in self.points.items()},
            "epochs": self.epochs[question.epochs if same else 0 :],
            "snapshot": self.snapshot,
            # Kernels and answers to the samples, if the browser has others.
            "now": self.now if question.snapshot != self.snapshot else None,
        }

    def _verdict(self) -> dict[str, Any] | None:
        """Whether it learns; None before it has begun."""
        tests = self.run.metadata.get("test_images", 0)
        if not tests or not self._classes:
            return None
        rows = [EpochRow(**each) for each in self.epochs]
        return asdict(verdict.learning(rows, self._classes, tests))

    def _queue(self) -> dict[str, float | None] | None:
        if self.run.status is not Status.QUEUED or self._expected is None:
            return None
        until = self._expected.until_start
        return {
            "position": self._expected.position,
            "until": None if until is None else round(until),
        }

    def _loading(self) -> list[int] | None:
        """How far the data are, if the run waits for them to be downloaded."""
        done, total = self.run.metadata.get("loading") or (0, 0)
        waits = self.run.status is Status.STARTING and done < total
        return [done, total] if waits else None


_feeds: SizedCache[Feed] = SizedCache(MOST_WATCHED, lambda _feed: 1)


def watched(number: int) -> Feed | None:
    """The feed of a run that somebody watches already."""
    return _feeds.peek((storage.runs_folder(), number))


def feed(number: int) -> Feed:
    """The one feed of a run in this process.

    Raises:
        ValueError: there is no such run.
    """
    return _feeds.get((storage.runs_folder(), number), lambda: Feed(number))


# -- the table of runs: only what has changed is sent ---------------------------------------------

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

    def news(self, last: str) -> dict[str, Any] | None:
        """Rows that have changed since the reader's `last` stamp, and which runs there are."""
        with self._lock:
            self._refresh()
            rows, stamp = self._rows, self._stamp
        if stamp == last:
            return None
        since = _revision(last, stamp)
        return {
            "seen": stamp,
            "all": list(rows),
            "rows": [row for revision, row in rows.values() if revision > since],
        }

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < FRESH:
            return
        self._looked = time.monotonic()
        stamp = runs.stamp()
        if stamp == self._stamp:
            return
        before = self._rows if _store(stamp) == _store(self._stamp) else {}
        rows: dict[int, tuple[int, Row]] = {}
        for run in runs.listed():
            revision, row = before.get(run.id, (None, {}))
            rows[run.id] = run.revision, row if revision == run.revision else _row(run)
        self._rows = rows
        self._stamp = stamp  # of before they were read: what came since is told again


def _store(stamp: str) -> str:
    """Which store it is: another one where somebody has cleared the folder."""
    return stamp.rpartition("-")[0]


def _revision(last: str, stamp: str) -> int:
    """The number of the last change that the reader knows of, if it knows this store."""
    number = last.rpartition("-")[2]
    return int(number) if _store(last) == _store(stamp) and number.isdecimal() else -1


@cache
def _table(_folder: Path) -> Table:
    return Table()


def table(last: str) -> dict[str, Any] | None:
    """See `Table.news`; one table for each folder of runs."""
    return _table(storage.runs_folder()).news(last)
