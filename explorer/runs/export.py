"""A run's figures for other programs: tables as CSV, curves as TensorBoard event files."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path

from explorer.language import _
from explorer.runs import metrics, store
from explorer.runs.records import Curve, EpochRow, Run

_STEP = ("step", "epoch", "images", "seconds", "loss", "accuracy", "gradient_norm", "learning_rate")
_SUFFIX = ".convscope"  # of our event files: others may write theirs into the same folder
_EPOCH = tuple(field.name for field in fields(EpochRow))


def steps_csv(run: int) -> str:
    """Every step of a run, one row each under a row of names; empty where there is no number."""
    curve = _every_step(store.get(run))
    return _csv(_STEP, zip(*(getattr(curve, name) for name in _STEP), strict=True))


def epochs_csv(run: int) -> str:
    """Every epoch of a run, one row each under a row of names."""
    store.get(run)
    return _csv(_EPOCH, (astuple(row) for row in metrics.epochs(run)))


def to_csv(run: int, folder: Path) -> list[Path]:
    """Write both tables into `folder`; the files.

    Raises:
        ValueError: there is no such run, or the folder cannot be written to.
    """
    tables = {"steps": steps_csv(run), "epochs": epochs_csv(run)}
    with _written_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, text in tables.items():
            path = folder / f"run-{run}-{name}.csv"
            path.write_text(text, encoding="utf-8", newline="")
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
    curve = _every_step(run)
    for name in ("loss", "accuracy", "gradient_norm", "learning_rate"):
        for value, step, seconds in zip(
            getattr(curve, name), curve.step, curve.seconds, strict=True
        ):
            yield f"train/{name}", value, step, seconds
    for row in metrics.epochs(run.id):
        yield "test/loss", row.test_loss, row.step, row.seconds
        yield "test/accuracy", row.test_accuracy, row.step, row.seconds
        yield "epoch/train_loss", row.train_loss, row.step, row.seconds
        yield "epoch/train_accuracy", row.train_accuracy, row.step, row.seconds
        yield "epoch/images_per_second", row.images_per_second, row.step, row.seconds


def _every_step(run: Run) -> Curve:
    return metrics.curve(run, most=max(run.progress.total_steps, 1))


def _csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return file.getvalue()


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
