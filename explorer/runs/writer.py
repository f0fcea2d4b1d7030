"""What a worker writes of its run: one transaction for each record of the training.

Every write names the process that has the run. Once somebody else has it (this process was taken
for dead, or the run was deleted), nothing is written any more: `NotMine`.
"""

import json
import sqlite3
import time
from dataclasses import asdict
from typing import Any

from explorer.base.device import Device
from explorer.base.reasons import NO_REASON, Reason
from explorer.runs.database import database
from explorer.runs.metrics import packed
from explorer.runs.records import Run, Status, Wish
from explorer.training import TEST_SHARE, Capture, Epoch, Snapshot, Started, State, Steps

_NEW_RATE = 0.3  # weight of the newest rate in the one that is shown
_SURE = 1.0  # seconds of training after which the whole run's time can be told


class NotMine(Exception):
    """The run has been given to another process, or is gone."""


class Ledger:
    """The rows of one run, in the hands of the process `worker`."""

    def __init__(self, run: Run, worker: str) -> None:
        self.run = run
        self.epochs_done = 0
        self._worker = worker
        self._images = 0
        self._seconds = 0.0
        self._began = (0, 0.0)  # step and seconds of training at which this process went on
        self._rate = 0.0
        self._steps_per_epoch = 1
        self._images_in_all = 0.0  # every test picture counted as the share that it costs

    def take(self) -> None:
        """Take the run on: from here on the death of this process is the run's, too."""
        now = time.time()
        with database().writing() as connection:
            self._set(connection, taken=now, started=self.run.started or now)

    def placed(self, device: Device) -> None:
        """It trains on this device."""
        with database().writing() as connection:
            self._set(connection, device_title=device.title, device_uuid=device.uuid)

    def begin(self, state: State | None) -> None:
        """Go on from `state`; whatever came after it will be done, and written, again."""
        step = state.step if state else 0
        with database().writing() as connection:
            for table in ("steps", "epochs", "snapshots"):
                connection.execute(
                    f"DELETE FROM {table} WHERE run = ? AND step > ?",
                    (self.run.id, step),
                )
            last = connection.execute(
                "SELECT MAX(images) AS images FROM steps WHERE run = ?", (self.run.id,)
            ).fetchone()
            done = connection.execute(
                "SELECT COUNT(*) AS epochs, MAX(test_accuracy) FILTER (WHERE epoch = "
                "(SELECT MAX(epoch) FROM epochs WHERE run = ?1)) AS accuracy "
                "FROM epochs WHERE run = ?1",
                (self.run.id,),
            ).fetchone()
            self.epochs_done = int(done["epochs"])
            self._images = last["images"] or 0
            self._seconds = state.seconds if state else 0.0
            self._began = step, self._seconds
            self._set(
                connection,
                taken=time.time(),  # who watches starts its curve anew
                step=step,
                seconds=self._seconds,
                epoch=self.epochs_done,
                test_accuracy=done["accuracy"],
            )

    def started(self, record: Started) -> None:
        """Training has begun. What earlier sessions have told of memory and launching stands."""
        self._steps_per_epoch = record.steps_per_epoch
        images = record.train_images + record.test_images * TEST_SHARE
        self._images_in_all = record.epochs * images
        with database().writing() as connection:
            self._set(
                connection,
                status=Status.RUNNING,
                total_steps=record.total_steps,
                epochs=record.epochs,
            )
            self._tell(connection, **asdict(record), sitting=self._began, loading=None)

    def steps(self, record: Steps) -> None:
        """The steps since the last look. Their time is spread evenly over them."""
        count = len(record.loss)
        images = (record.images - self._images) / max(count, 1)
        seconds = (record.seconds - self._seconds) / max(count, 1)
        rows = [
            (
                self.run.id,
                step := record.first_step + number,
                step / self._steps_per_epoch,
                round(self._images + number * images),
                self._seconds + number * seconds,
                *values,
            )
            for number, values in enumerate(
                zip(
                    record.loss,
                    record.accuracy,
                    record.gradient_norm,
                    record.learning_rate,
                    strict=True,
                ),
                start=1,
            )
        ]
        if count and seconds:
            rate = images / seconds
            self._rate += (rate - self._rate) * (_NEW_RATE if self._rate else 1)
        self._images, self._seconds = record.images, record.seconds
        with database().writing() as connection:
            connection.executemany(f"INSERT INTO steps VALUES ({_marks(9)})", rows)
            self._estimate(connection)
            self._set(
                connection,
                step=record.first_step + count,
                seconds=record.seconds,
                images_per_second=self._rate,
            )

    def _estimate(self, connection: sqlite3.Connection) -> None:
        """How long it will take, if nobody measured that before the launch."""
        if self._images_in_all and self._rate and self._seconds >= _SURE:
            connection.execute(
                "UPDATE runs SET estimate = ? WHERE id = ? AND estimate IS NULL",
                (self._images_in_all / self._rate, self.run.id),
            )
            self._images_in_all = 0.0

    def snapshot(self, record: Snapshot) -> None:
        """The network as it is now, in place of what there was of the same epoch."""
        kernels = None if record.kernels is None else packed(record.kernels.numpy())
        row = (
            self.run.id,
            record.epoch,
            record.step,
            kernels,
            packed(record.probabilities.numpy()),
        )
        with database().writing() as connection:
            connection.execute(f"INSERT OR REPLACE INTO snapshots VALUES ({_marks(5)})", row)
            self._set(connection)

    def epoch(self, record: Epoch) -> None:
        """An epoch is done."""
        figures = {name: getattr(record, name) for name in _FIGURES}
        predictions = (
            packed(tensor.numpy())
            for tensor in (record.predicted, record.confidence, record.true_probability)
        )
        row = (self.run.id, *figures.values(), *predictions)
        with database().writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO epochs VALUES ({_marks(12)})",
                row,
            )
            self._set(
                connection,
                epoch=record.epoch,
                step=record.step,
                seconds=record.seconds,
                test_accuracy=record.test_accuracy,
            )
        self._seconds = record.seconds

    def loading(self, done: int, total: int) -> None:
        """So many bytes of the data set have been fetched."""
        with database().writing() as connection:
            self._set(connection)
            self._tell(connection, loading=(done, total))

    def held(self, needed: int, peak: int) -> None:
        """Bytes that a step was thought to need, and what the training has held at most."""
        with database().writing() as connection:
            self._set(connection)
            connection.execute(
                "UPDATE runs SET facts = json_set(facts, '$.memory', ?, '$.peak_memory', "
                "MAX(?, COALESCE(json_extract(facts, '$.peak_memory'), 0))) WHERE id = ?",
                (needed, peak, self.run.id),
            )

    def captured(self, record: Capture) -> None:
        """How its steps reach the device, and why so."""
        with database().writing() as connection:
            self._set(connection)
            self._tell(connection, capture=asdict(record))

    def alive(self, seconds: float) -> None:
        """Nothing new, but it goes on: so many seconds of training by now."""
        self._seconds = seconds
        with database().writing() as connection:
            self._set(connection, seconds=seconds)

    def wish(self) -> Wish:
        """What somebody has asked for in the meantime."""
        rows = database().rows(
            "SELECT wish FROM runs WHERE id = ? AND worker = ?", (self.run.id, self._worker)
        )
        if not rows:
            raise NotMine
        return Wish(rows[0]["wish"])

    def end(self, status: Status, reason: Reason = NO_REASON) -> None:
        """The last word: from here on the run is nobody's."""
        change = dict(status=status, reason=reason.as_json(), wish="", ended=time.time())
        database().vital(lambda connection: self._set(connection, **change))

    def _tell(self, connection: sqlite3.Connection, **facts: Any) -> None:
        """Write facts beside those that are there already."""
        words = [word for name, each in facts.items() for word in (f"$.{name}", _json(each))]
        query = f"UPDATE runs SET facts = json_set(facts{', ?, json(?)' * len(facts)}) WHERE id = ?"
        connection.execute(query, (*words, self.run.id))

    def _set(self, connection: sqlite3.Connection, **columns: Any) -> None:
        """Write the run's own row; with it stands or falls what else the transaction holds."""
        names = ", ".join(f"{name} = ?" for name in columns) or "id = id"  # that is a change, too
        query = f"UPDATE runs SET {names} WHERE id = ? AND worker = ? AND status IN (?, ?)"
        values = (*columns.values(), self.run.id, self._worker)
        if not connection.execute(query, (*values, Status.STARTING, Status.RUNNING)).rowcount:
            raise NotMine


_FIGURES = (
    "epoch",
    "step",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
    "images_per_second",
    "seconds",
)


def _json(facts: object) -> str:
    """For a column that SQLite reads as JSON, which knows no NaN and no infinity."""
    return json.dumps(facts, allow_nan=False)


def _marks(count: int) -> str:
    return ", ".join("?" * count)
