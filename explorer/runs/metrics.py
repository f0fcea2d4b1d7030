"""Reading a run's curves, epochs, snapshots and predictions."""

import io
import math
import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.base.language import _
from explorer.runs import artifacts, store
from explorer.runs.artifacts import KeptEpochs
from explorer.runs.database import database
from explorer.runs.records import Array, Curve, EpochRow, Predictions, SnapshotRow

STEP = ("step", "epoch", "images", "seconds", "loss", "accuracy", "gradient_norm", "learning_rate")
CHUNK = 2000  # rows read at once
FIGURES = tuple(EpochRow.__dataclass_fields__)  # columns of the epochs


def curves(number: int, since_step: int = 0, most: int = 2000) -> Curve:
    """The points that end after `since_step`; for the whole run at most about `most` of them.

    A point is the mean of its steps and is given once all of them are there, or once the run is
    over: the next call begins after the last point's step.
    """
    run = store.get(number)
    stride = stride_for(run.progress.total_steps, most)
    columns = [f"{'MAX' if name in STEP[:4] else 'AVG'}({name}) AS {name}" for name in STEP]
    query = (
        f"SELECT {', '.join(columns)} FROM steps "
        "WHERE run = ? AND step > ? GROUP BY (step - 1) / ? ORDER BY step"
    )
    with database().reading() as connection:  # a long run's steps take a while
        rows = connection.execute(query, (run.id, since_step, stride)).fetchall()
    last = run.progress.step if run.status.over else run.progress.total_steps
    whole = [row for row in rows if row["step"] % stride == 0 or row["step"] == last]
    return Curve(stride, **{name: [row[name] for row in whole] for name in STEP})


def every_step(run: int) -> Iterator[tuple[Any, ...]]:
    """Each step's row, as the columns of `STEP`, a chunk at a time on a connection of its own.

    However long the run is, it takes little memory, holds up nobody who looks, and keeps no
    transaction open while whoever reads is slow.

    Raises:
        StoreError: the store cannot be read.
    """
    query = f"SELECT {', '.join(STEP)} FROM steps WHERE run = ? AND step > ? ORDER BY step LIMIT ?"
    last = 0
    with database().reading() as connection:
        while rows := connection.execute(query, (run, last, CHUNK)).fetchall():
            yield from map(tuple, rows)
            last = rows[-1]["step"]


def stride_for(total_steps: int, most: int) -> int:
    """Steps per point: the smallest power of two with which the run has at most `most` points."""
    return int(2 ** max(0, math.ceil(math.log2(max(total_steps, 1) / max(most, 1)))))


def epochs(run: int, since_epoch: int = 0) -> list[EpochRow]:
    """The epochs that are done, after `since_epoch`."""
    query = f"SELECT {', '.join(FIGURES)} FROM epochs WHERE run = ? AND epoch > ? ORDER BY epoch"
    return [EpochRow(**dict(row)) for row in database().rows(query, (run, since_epoch))]


def weights(run: int) -> KeptEpochs:
    """Of which epochs that are done the weights are kept, and of which they had to make room."""
    kept = artifacts.checkpoints(run)
    done = (row.epoch for row in epochs(run))
    return KeptEpochs(tuple(kept), tuple(each for each in done if each not in kept))


def snapshots(run: int) -> list[int]:
    """The epochs of which there is a snapshot, 0 (before the first step) among them."""
    query = "SELECT epoch FROM snapshots WHERE run = ? ORDER BY epoch"
    return [row["epoch"] for row in database().rows(query, (run,))]


def snapshot(run: int, epoch: int | None = None) -> SnapshotRow | None:
    """The last look at the network within an epoch, or the very last; None if there is none."""
    rows = database().rows(
        "SELECT * FROM snapshots WHERE run = ? AND (? IS NULL OR epoch = ?) "
        "ORDER BY epoch DESC LIMIT 1",
        (run, epoch, epoch),
    )
    if not rows:
        return None
    (row,) = rows
    kernels = None if row["kernels"] is None else unpacked(row["kernels"])
    return SnapshotRow(row["epoch"], row["step"], kernels, unpacked(row["probabilities"]))


def predictions(run: int, epoch: int | None = None) -> Predictions:
    """What the network made of every test image at the end of an epoch, or of the last one.

    Raises:
        ValueError: that epoch is not done.
    """
    rows: list[sqlite3.Row] = database().rows(
        "SELECT * FROM epochs WHERE run = ? AND (? IS NULL OR epoch = ?) "
        "ORDER BY epoch DESC LIMIT 1",
        (run, epoch, epoch),
    )
    if not rows:
        raise ValueError(
            _("Run {number} has no predictions of epoch {epoch}.").format(
                number=run, epoch=1 if epoch is None else epoch
            )
        )
    (row,) = rows
    return Predictions(
        row["epoch"],
        unpacked(row["predicted"]).astype(np.int64),
        unpacked(row["confidence"]).astype(np.float32),
        unpacked(row["true_probability"]).astype(np.float32),
    )


def packed(array: Array) -> bytes:
    """An array with its type and shape, in NumPy's own format."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def unpacked(blob: bytes) -> Array:
    """The inverse of `packed`; nothing in the bytes is run."""
    array: Array = np.load(io.BytesIO(blob), allow_pickle=False)
    return array
