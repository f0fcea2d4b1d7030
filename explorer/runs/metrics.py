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
from explorer.runs.records import Array, Curve, EpochRow, Predictions, Run, SnapshotRow

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


# -- for other programs: tables as CSV, curves as TensorBoard event files -------------------------

_SUFFIX = ".convscope"  # of our event files: others may write theirs into the same folder


def steps_csv(run: int) -> Iterator[str]:
    """Every step of a run, one row each under a row of names; empty where there is no number.

    It comes in pieces: a long run has a hundred megabytes of them.

    Raises:
        ValueError: there is no such run.
    """
    return spreadsheet.pieces(chain([STEP], every_step(store.get(run).id)))


def epochs_csv(run: int) -> Iterator[str]:
    """Every epoch of a run, one row each under a row of names, in pieces.

    Raises:
        ValueError: there is no such run.
    """
    rows = map(astuple, epochs(store.get(run).id))
    return spreadsheet.pieces(chain([FIGURES], rows))


def to_csv(run: int, folder: Path) -> list[Path]:
    """Write both tables into `folder`; the files.

    Raises:
        ValueError: there is no such run, or the folder cannot be written to.
    """
    tables = {"steps": steps_csv(run), "epochs": epochs_csv(run)}
    with _written_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, pieces in tables.items():
            path = folder / f"run-{run}-{name}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
            paths.append(path)
    return paths


def to_tensorboard(run: int, folder: Path) -> Path:
    """Write the curves as an event file into `folder`/run-N, in place of our last one; its path.

    Tags are train/… for each step and test/… for each epoch, over the number of steps; the time of
    an event is that of the run's start and its seconds of training.

    Raises:
        ValueError: there is no such run, or the folder cannot be written to.
    """
    from tensorboardX import SummaryWriter  # half a second that only this command needs

    found = store.get(run)
    place = folder / f"run-{run}"
    with _written_to(folder):
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob(f"*{_SUFFIX}"):
            old.unlink()  # TensorBoard would draw both
        with SummaryWriter(str(place), filename_suffix=_SUFFIX) as writer:
            for tag, value, step, seconds in _scalars(found):
                if value is not None:
                    writer.add_scalar(tag, value, step, (found.started or found.created) + seconds)
        return next(place.glob(f"*{_SUFFIX}"))


def _scalars(run: Run) -> Iterator[tuple[str, float | None, int, float]]:
    """Tag, value, step, seconds."""
    for row in every_step(run.id):
        step = dict(zip(STEP, row, strict=True))
        for name in ("loss", "accuracy", "gradient_norm", "learning_rate"):
            yield f"train/{name}", step[name], step["step"], step["seconds"]
    for epoch in epochs(run.id):
        yield "test/loss", epoch.test_loss, epoch.step, epoch.seconds
        yield "test/accuracy", epoch.test_accuracy, epoch.step, epoch.seconds
        yield "epoch/train_loss", epoch.train_loss, epoch.step, epoch.seconds
        yield "epoch/train_accuracy", epoch.train_accuracy, epoch.step, epoch.seconds
        yield "epoch/images_per_second", epoch.images_per_second, epoch.step, epoch.seconds


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ValueError(
            _("Nothing could be written to {folder}: {why}. Name another folder.").format(
                folder=folder, why=error.strerror or error
            )
        ) from error
