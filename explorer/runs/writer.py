"""What a session tells of its run, as rows of the store: one transaction for each record.

Every write names the process that has the run. Once somebody else has it (this process was taken
for dead, or the run was deleted), nothing is written any more: `NotMine`.
"""

import json
import sqlite3
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from torch import Tensor

from explorer.runs.database import database, marks
from explorer.runs.metrics import FIGURES, packed
from explorer.runs.protocols import Alive, Ended, Held, Loading, NotMine, Placed, Resumed
from explorer.runs.records import ACTIVE, Request, Run, Status
from explorer.training import TEST_SHARE, Capture, Epoch, Snapshot, Started, Steps, Testing

if TYPE_CHECKING:
    from explorer.runs.protocols import Message

Columns = dict[str, Any]

_NEW_RATE = 0.3  # weight of the newest rate in the one that is shown
_SURE = 1.0  # seconds of training after which the whole run's time can be told


class StoreWriter:
    """The rows of one run, in the hands of the process `worker`."""

    def __init__(self, run: Run, worker: str) -> None:
        self.run = run
        self._worker = worker
        self._images = 0
        self._seconds = 0.0
        self._resumed = Resumed()
        self._rate = 0.0
        self._steps_per_epoch = 1
        self._images_in_all = 0.0  # every test picture counted as the share that it costs

    def claim(self) -> None:
        """Take the run on: from here on the death of this process is the run's, too."""
        now = time.time()
        with database().writing() as connection:
            self._requested(connection)
            self._set(connection, taken=now, started=self.run.started or now)

    def tell(self, record: "Message") -> Request:
        """Write a record; what is requested of the run.

        Raises:
            NotMine: another process has the run, or it is gone.
            StoreError: it could not be written.
        """
        if isinstance(record, Ended):
            database().vital(lambda connection: self._end(connection, record))
            return Request.GO_ON
        with database().writing() as connection:
            requested = self._requested(connection)
            self._set(connection, **self._columns(connection, record))
            return requested

    def _requested(self, connection: sqlite3.Connection) -> Request:
        """What is requested; the run is this process's until the transaction ends."""
        query = "SELECT wish FROM runs WHERE id = ? AND worker = ? AND status IN (?, ?)"
        row = connection.execute(query, (self.run.id, self._worker, *ACTIVE)).fetchone()
        if row is None:
            raise NotMine
        return Request(row["wish"])

    def _end(self, connection: sqlite3.Connection, record: Ended) -> None:
        """The last word: from here on the run is nobody's."""
        self._requested(connection)
        reason = record.reason.as_json()
        self._set(connection, status=record.status, reason=reason, wish="", ended=time.time())

    def _columns(  # noqa: C901 (one case for each kind of record)
        self, connection: sqlite3.Connection, record: "Message"
    ) -> Columns:
        """Write what stands beside the run's own columns; what is to stand in those."""
        match record:
            case Placed():
                return dict(device_title=record.device.title, device_uuid=record.device.uuid)
            case Resumed():
                return self._resume(connection, record)
            case Started():
                return self._start(connection, record)
            case Steps():
                return self._add_steps(connection, record)
            case Testing() | Alive() if record.seconds is not None:
                self._seconds = record.seconds
                return dict(seconds=record.seconds)
            case Epoch():
                return self._add_epoch(connection, record)
            case Snapshot():
                values = record.epoch, record.step, record.kernels, record.probabilities
                self._replace(connection, "snapshots", *values)
            case Capture():
                self._put(connection, capture=asdict(record))
            case Loading():
                self._put(connection, loading=(record.done, record.total))
            case Held():
                connection.execute(
                    "UPDATE runs SET facts = json_set(facts, '$.memory', ?, '$.peak_memory', "
                    "MAX(?, COALESCE(json_extract(facts, '$.peak_memory'), 0))) WHERE id = ?",
                    (record.needed, record.peak, self.run.id),
                )
        return {}

    def _resume(self, connection: sqlite3.Connection, record: Resumed) -> Columns:
        """Go on from that step; whatever came after it will be written again."""
        for table in ("steps", "epochs", "snapshots"):
            query = f"DELETE FROM {table} WHERE run = ? AND step > ?"
            connection.execute(query, (self.run.id, record.step))
        images, epochs, accuracy = connection.execute(
            "SELECT (SELECT MAX(images) FROM steps WHERE run = ?1), COUNT(*), (SELECT "
            "test_accuracy FROM epochs WHERE run = ?1 ORDER BY epoch DESC LIMIT 1) "
            "FROM epochs WHERE run = ?1",
            (self.run.id,),
        ).fetchone()
        self._images, self._seconds, self._resumed = images or 0, record.seconds, record
        columns = dict(step=record.step, seconds=record.seconds, epoch=epochs)
        # Who watches starts its curve anew.
        return dict(columns, test_accuracy=accuracy, taken=time.time())

    def _start(self, connection: sqlite3.Connection, record: Started) -> Columns:
        """Training has begun. What earlier sessions have told of memory and launching stands."""
        self._steps_per_epoch = record.steps_per_epoch
        images = record.train_images + record.test_images * TEST_SHARE
        self._images_in_all = record.epochs * images
        session = self._resumed.step, self._resumed.seconds
        self._put(connection, **asdict(record), sitting=session, loading=None)
        return dict(status=Status.RUNNING, total_steps=record.total_steps, epochs=record.epochs)

    def _add_steps(self, connection: sqlite3.Connection, record: Steps) -> Columns:
        """The steps since the last such record. Their time is spread evenly over them."""
        count = len(record.loss)
        images = (record.images - self._images) / max(count, 1)
        seconds = (record.seconds - self._seconds) / max(count, 1)
        columns = (record.loss, record.accuracy, record.gradient_norm, record.learning_rate)
        rows = [
            (
                self.run.id,
                step := record.first_step + number,
                step / self._steps_per_epoch,
                round(self._images + number * images),
                self._seconds + number * seconds,
                *values,
            )
            for number, values in enumerate(zip(*columns, strict=True), start=1)
        ]
        if count and seconds:
            rate = images / seconds
            self._rate += (rate - self._rate) * (_NEW_RATE if self._rate else 1)
        self._images, self._seconds = record.images, record.seconds
        connection.executemany(f"INSERT INTO steps VALUES ({marks(range(9))})", rows)
        self._estimate(connection)
        return dict(
            step=record.first_step + count, seconds=record.seconds, images_per_second=self._rate
        )

    def _estimate(self, connection: sqlite3.Connection) -> None:
        """How long it will take, if nobody measured that before the launch."""
        if self._images_in_all and self._rate and self._seconds >= _SURE:
            connection.execute(
                "UPDATE runs SET estimate = ? WHERE id = ? AND estimate IS NULL",
                (self._images_in_all / self._rate, self.run.id),
            )
            self._images_in_all = 0.0

    def _add_epoch(self, connection: sqlite3.Connection, record: Epoch) -> Columns:
        """An epoch is done."""
        figures = [getattr(record, name) for name in FIGURES]
        tensors = record.predicted, record.confidence, record.true_probability
        self._replace(connection, "epochs", *figures, *tensors)
        self._seconds = record.seconds
        return {name: getattr(record, name) for name in _OF_THE_RUN}

    def _replace(self, connection: sqlite3.Connection, table: str, *values: Any) -> None:
        """Write a row of the run, in place of the one of the same epoch."""
        cells = [packed(each.numpy()) if isinstance(each, Tensor) else each for each in values]
        query = f"INSERT OR REPLACE INTO {table} VALUES (?, {marks(cells)})"
        connection.execute(query, (self.run.id, *cells))

    def _put(self, connection: sqlite3.Connection, **metadata: Any) -> None:
        """Write metadata beside those that are there already."""
        words: list[str] = []
        for name, each in metadata.items():  # JSON knows no NaN and no infinity
            words += [f"$.{name}", json.dumps(each, allow_nan=False)]
        places = ", ?, json(?)" * len(metadata)
        query = f"UPDATE runs SET facts = json_set(facts{places}) WHERE id = ?"
        connection.execute(query, (*words, self.run.id))

    def _set(self, connection: sqlite3.Connection, **columns: Any) -> None:
        """Write the run's own row."""
        names = ", ".join(f"{name} = ?" for name in columns) or "id = id"  # that is a change, too
        query = f"UPDATE runs SET {names} WHERE id = ?"
        connection.execute(query, (*columns.values(), self.run.id))


_OF_THE_RUN = ("epoch", "step", "seconds", "test_accuracy")  # in its own row, too
