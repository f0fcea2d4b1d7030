"""A run's figures for other programs: tables as CSV, curves as TensorBoard event files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from itertools import chain
from pathlib import Path

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.runs import metrics, store
from explorer.runs.records import EpochRow, Run

_SUFFIX = ".convscope"  # of our event files: others may write theirs into the same folder
_EPOCH = tuple(field.name for field in fields(EpochRow))


def steps_csv(run: int) -> Iterator[str]:
    """Every step of a run, one row each under a row of names; empty where there is no number.

    It comes in pieces: a long run has a hundred megabytes of them.

    Raises:
        ValueError: there is no such run.
    """
    return spreadsheet.pieces(chain([metrics.STEP], metrics.every_step(store.get(run).id)))


def epochs_csv(run: int) -> Iterator[str]:
    """Every epoch of a run, one row each under a row of names, in pieces.

    Raises:
        ValueError: there is no such run.
    """
    rows = map(astuple, metrics.epochs(store.get(run).id))
    return spreadsheet.pieces(chain([_EPOCH], rows))


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
    for row in metrics.every_step(run.id):
        step = dict(zip(metrics.STEP, row, strict=True))
        for name in ("loss", "accuracy", "gradient_norm", "learning_rate"):
            yield f"train/{name}", step[name], step["step"], step["seconds"]
    for epoch in metrics.epochs(run.id):
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
