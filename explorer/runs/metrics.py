"""A run's curves, epochs, snapshots and predictions; the figures for other programs, too."""

import io
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from explorer.base import spreadsheet
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
    # The smallest power of two with which the run has at most `most` points.
    stride = 2 ** max(0, math.ceil(math.log2(max(run.progress.total_steps, 1) / max(most, 1))))
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


def epochs(run: int, since_epoch: int = 0) -> list[EpochRow]:
    """The epochs that are done, after `since_epoch`."""
    query = f"SELECT {', '.join(FIGURES)} FROM epochs WHERE run = ? AND epoch > ? ORDER BY epoch"
    return [EpochRow(**dict(row)) for row in database().rows(query, (run, since_epoch))]


def weights(run: int) -> KeptEpochs:
    """Of which epochs that are done the weights are kept, and of which they had to make room."""
    available = artifacts.checkpoints(run)
    missing = {row.epoch for row in epochs(run)} - {*available}
    return KeptEpochs(tuple(available), tuple(sorted(missing)))


def snapshots(run: int) -> list[int]:
    """The epochs of which there is a snapshot, 0 (before the first step) among them."""
    query = "SELECT epoch FROM snapshots WHERE run = ? ORDER BY epoch"
    return [row["epoch"] for row in database().rows(query, (run,))]


def snapshot(run: int, epoch: int | None = None) -> SnapshotRow | None:
    """The last look at the network within an epoch, or the very last; None if there is none."""
    row = _last("snapshots", run, epoch)
    if row is None:
        return None
    kernels = None if row["kernels"] is None else unpacked(row["kernels"])
    return SnapshotRow(row["epoch"], row["step"], kernels, unpacked(row["probabilities"]))


def predictions(run: int, epoch: int | None = None) -> Predictions:
    """What the network made of every test image at the end of an epoch, or of the last one.

    Raises:
        ValueError: that epoch is not done.
    """
    row = _last("epochs", run, epoch)
    if row is None:
        text = _("Run {number} has no predictions of epoch {epoch}.")
        raise ValueError(text.format(number=run, epoch=1 if epoch is None else epoch))
    return Predictions(
        row["epoch"],
        unpacked(row["predicted"]).astype(np.int64),
        unpacked(row["confidence"]).astype(np.float32),
        unpacked(row["true_probability"]).astype(np.float32),
    )


def _last(table: str, run: int, epoch: int | None) -> sqlite3.Row | None:
    """The row of an epoch, or the last one; None if there is none."""
    query = f"SELECT * FROM {table} WHERE run = ?1 AND epoch = COALESCE(?2, epoch) "
    rows = database().rows(f"{query} ORDER BY epoch DESC LIMIT 1", (run, epoch))
    return rows[0] if rows else None


def packed(array: Array) -> bytes:
    """An array with its type and shape, in NumPy's own format."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def unpacked(blob: bytes) -> Array:
    """The inverse of `packed`; nothing in the bytes is run."""
    array: Array = np.load(io.BytesIO(blob), allow_pickle=False)
    return array


# -- for other programs: tables as CSV, curves as TensorBoard event files -------------------------

_SUFFIX = ".convscope"  # of our event files: others may write theirs into the same folder


TABLES = ("steps", "epochs")


def csv(run: int, table: str) -> Iterator[str]:
    """Each row of one of the `TABLES` under a row of names; empty where there is no number.

    It comes in pieces: a long run has a hundred megabytes of steps.

    Raises:
        ValueError: there is no such run.
    """
    number = store.get(run).id
    if table == "epochs":
        return spreadsheet.pieces(chain([FIGURES], map(astuple, epochs(number))))
    return spreadsheet.pieces(chain([STEP], every_step(number)))


def to_csv(run: int, folder: Path) -> list[Path]:
    """Write both tables into `folder`; the files.

    Raises:
        ValueError: there is no such run, or the folder cannot be written to.
    """
    tables = {folder / f"run-{run}-{name}.csv": csv(run, name) for name in TABLES}
    with _written_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for path, pieces in tables.items():
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
    return list(tables)


def to_tensorboard(run: int, folder: Path) -> Path:
    """Write the curves as an event file into `folder`/run-N, in place of our last one; its path.

    Tags are train/… for each step and test/… for each epoch, over the number of steps; the time of
    an event is that of the run's start and its seconds of training.

    Raises:
        ValueError: there is no such run, or the folder cannot be written to.
    """
    from tensorboardX import SummaryWriter  # half a second that only this command needs

    row = store.get(run)
    start = row.started or row.created
    place = folder / f"run-{run}"
    with _written_to(folder):
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob(f"*{_SUFFIX}"):
            old.unlink()  # TensorBoard would draw both
        with SummaryWriter(str(place), filename_suffix=_SUFFIX) as writer:
            for tag, value, step, seconds in _scalars(run):
                if value is not None:
                    writer.add_scalar(tag, value, step, start + seconds)
        return next(place.glob(f"*{_SUFFIX}"))


_TAGS = {  # tag → figure of an epoch
    "test/loss": "test_loss",
    "test/accuracy": "test_accuracy",
    "epoch/train_loss": "train_loss",
    "epoch/train_accuracy": "train_accuracy",
    "epoch/images_per_second": "images_per_second",
}


def _scalars(run: int) -> Iterator[tuple[str, float | None, int, float]]:
    """Tag, value, step, seconds."""
    for row in every_step(run):
        step = dict(zip(STEP, row, strict=True))
        for name in STEP[4:]:
            yield f"train/{name}", step[name], step["step"], step["seconds"]
    for epoch in epochs(run):
        for tag, name in _TAGS.items():
            yield tag, getattr(epoch, name), epoch.step, epoch.seconds


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = _("Nothing could be written to {folder}: {why}. Name another folder.")
        raise ValueError(text.format(folder=folder, why=error.strerror or error)) from error
