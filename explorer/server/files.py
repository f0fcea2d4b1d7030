"""A run's files for the reader to take along."""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from explorer import runs
from explorer.base.language import _
from explorer.runs import export
from explorer.training import checkpoints

_PIECE = 2**16  # bytes sent at once
KINDS = {
    "steps.csv": "text/csv",
    "epochs.csv": "text/csv",
    "card.json": "application/json",
    "weights.safetensors": "application/octet-stream",
    "events.zip": "application/zip",
}


@dataclass(frozen=True)
class File:
    """A file to send: lying at `path`, or made piece by piece as it is sent."""

    name: str
    kind: str
    pieces: Iterable[str | bytes] = ()
    path: Path | None = None


def made(number: int, name: str, epoch: int | None = None) -> File:
    """One of `KINDS` of a run; `epoch` counts for card and weights (None: the last one kept).

    Raises:
        ValueError: no such run, file or epoch.
    """
    run = runs.get(number)
    if name not in KINDS:
        raise ValueError(
            _("A run has no file {given}. It has: {known}.").format(
                given=name[:40], known=", ".join(KINDS)
            )
        )
    stem, kind = f"run-{run.id}", KINDS[name]
    if name == "steps.csv":
        return File(f"{stem}-steps.csv", kind, export.steps_csv(number))
    if name == "epochs.csv":
        return File(f"{stem}-epochs.csv", kind, export.epochs_csv(number))
    if name == "events.zip":
        return File(f"{stem}-tensorboard.zip", kind, _events(number))
    path = runs.checkpoint(number, epoch)
    if name == "card.json":
        card = json.dumps(asdict(checkpoints.read_card(path)), indent=2, sort_keys=True)
        return File(f"{stem}-{path.stem}.json", kind, [card])
    return File(f"{stem}-{path.name}", kind, path=path)


def _events(number: int) -> Iterator[bytes]:
    """The event file in the folder that TensorBoard wants it in, zipped, on disk until it is sent.

    Raises:
        ValueError: it could not be written.
    """
    with tempfile.TemporaryFile() as packed:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w") as archive:
            events = export.to_tensorboard(number, Path(folder))
            archive.write(events, events.relative_to(folder), zipfile.ZIP_DEFLATED)
        packed.seek(0)
        while piece := packed.read(_PIECE):
            yield piece
