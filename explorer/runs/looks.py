"""Reading the store; now and then a look also finds the dead (`watchdog`)."""

from pathlib import Path

from explorer.runs import artifacts, metrics, store, watchdog
from explorer.runs.artifacts import KeptEpochs
from explorer.runs.records import Curve, EpochRow, Predictions, Run, SnapshotRow


def get(run: int) -> Run:
    """One run, as it is now.

    Raises:
        ValueError: there is none with this number.
    """
    watchdog.tend()
    return store.get(run)


def listed() -> list[Run]:
    """Every run, the newest first."""
    watchdog.tend()
    return store.listed()


def stamp() -> str:
    """A word that changes whenever anything about any run has."""
    watchdog.tend()
    return store.stamp()


def count_waiting(owner: str) -> tuple[int, int]:
    """How many runs of this visitor wait or train, and how many of all visitors together."""
    return store.count_waiting(owner)


def curves(run: int, since_step: int = 0, most: int = 2000) -> Curve:
    """The run's steps after `since_step`, thinned; a whole run has at most about `most` points."""
    return metrics.curve(get(run), since_step, most)


def epochs(run: int, since_epoch: int = 0) -> list[EpochRow]:
    """The figures of the epochs that are done, after `since_epoch`."""
    return metrics.epochs(run, since_epoch)


def snapshots(run: int) -> list[int]:
    """The epochs of which there is a snapshot; 0 is before the first step."""
    return metrics.snapshot_epochs(run)


def snapshot(run: int, epoch: int | None = None) -> SnapshotRow | None:
    """First kernels and sample predictions of an epoch, or of now; None if there are none yet."""
    return metrics.snapshot(run, epoch)


def predictions(run: int, epoch: int | None = None) -> Predictions:
    """Every test image's predicted class at the end of an epoch, or of the last one.

    Raises:
        ValueError: that epoch is not done.
    """
    return metrics.predictions(run, epoch)


def checkpoint(run: int, epoch: int | None = None) -> Path:
    """The file with the weights at the end of an epoch, or of the last one kept.

    Raises:
        ValueError: there is none.
    """
    return artifacts.checkpoint(run, epoch)


def checkpoints(run: int) -> list[int]:
    """The epochs whose weights are kept."""
    return list(artifacts.checkpoints(run))


def weights(run: int) -> KeptEpochs:
    """Of which epochs the weights are kept, and of which they had to make room."""
    return artifacts.weights(run, (row.epoch for row in metrics.epochs(run)))
