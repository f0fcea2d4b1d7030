"""A run's files: a checkpoint for every epoch, and the state from which it can be taken up."""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.base import storage
from explorer.base.language import _
from explorer.base.units import size

MOST_BYTES = 2 * 10**9  # of one run's checkpoints; beyond, the oldest give way
_EPOCH = re.compile(r"epoch-(\d+)\.safetensors")


@dataclass(frozen=True)
class KeptEpochs:
    """The epochs whose weights can be loaded, and finished ones whose weights cannot any more."""

    available: tuple[int, ...]
    missing: tuple[int, ...]

    def __str__(self) -> str:
        """A sentence where some are gone; nothing to say where all are there."""
        if not self.missing:
            return ""
        return _(
            "The weights of these epochs are kept: {kept}. Those of {gone} are not: a run keeps at "
            "most {most}, and saves no more often than the disk can follow."
        ).format(kept=spans(self.available), gone=spans(self.missing), most=size(MOST_BYTES))


def spans(numbers: Iterable[int]) -> str:
    """Rising whole numbers in few words: 1, 2, 3, 7 → "1–3, 7"; "–" where there are none."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    return ", ".join("–".join(map(str, span)) for span in spans) or "–"


def folder(run: int) -> Path:
    """Where everything of a run lies that is no row; it may not be there yet."""
    return storage.runs_folder() / str(run)


def state_file(run: int) -> Path:
    """Weights, optimiser and random numbers at one moment: overwritten, never kept."""
    return folder(run) / "resume.safetensors"


def log_file(run: int) -> Path:
    """What the worker's own program had to say: the details of a failure."""
    return folder(run) / "log.txt"


def checkpoint_file(run: int, epoch: int) -> Path:
    """Where the weights at the end of an epoch are to lie."""
    return folder(run) / f"epoch-{epoch:04d}.safetensors"


def checkpoint_files(run: int) -> dict[int, Path]:
    """Epoch → the file with its weights, by rising epoch."""
    matches = ((_EPOCH.fullmatch(path.name), path) for path in folder(run).glob("epoch-*"))
    return dict(sorted((int(match[1]), path) for match, path in matches if match))


def checkpoints(run: int) -> list[int]:
    """The epochs whose weights are kept, rising."""
    return list(checkpoint_files(run))


def checkpoint(run: int, epoch: int | None = None) -> Path:
    """The file with a run's weights at the end of an epoch, or of the last one kept.

    Raises:
        ValueError: there is none; says which there are.
    """
    files = checkpoint_files(run)
    if not files:
        text = _("Run {number} has kept no weights: no epoch of it is done.")
        raise ValueError(text.format(number=run))
    number = max(files) if epoch is None else epoch
    if number not in files:
        text = _("Run {number} has no weights of epoch {epoch}. It has those of {kept}.")
        raise ValueError(text.format(number=run, epoch=number, kept=spans(files)))
    return files[number]


def forget_after(run: int, epoch: int) -> None:
    """Take away the checkpoints of epochs that will be trained again, and half-written files."""
    for number, path in checkpoint_files(run).items():
        if number > epoch:
            path.unlink(missing_ok=True)
    for path in folder(run).glob(".*.safetensors.*"):  # of a worker that died as it wrote
        path.unlink(missing_ok=True)


def make_room(run: int, most: int = MOST_BYTES) -> None:
    """Let the oldest checkpoints go, down to `most` bytes; the last one always stays."""
    sizes = {}
    for path in checkpoint_files(run).values():
        with suppress(FileNotFoundError):  # another thread may be making room, too
            sizes[path] = path.stat().st_size
    for path in list(sizes)[:-1]:
        if sum(sizes.values()) <= most:
            return
        path.unlink(missing_ok=True)
        del sizes[path]


def remove(run: int) -> None:
    """Take away every file of a run."""
    shutil.rmtree(folder(run), ignore_errors=True)
