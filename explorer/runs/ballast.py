"""A file that holds a few megabytes for the moment at which the disk is full.

Given up, it makes room for what frees more: opening the store, ending runs, deleting them.
"""

import os
from contextlib import suppress
from pathlib import Path

from explorer.base import storage

MOST = 4 * 2**20  # bytes
LEAST = 2**16  # bytes: with less it would help nobody
SHARE = 16  # of what is free it takes one part at most


def keep(folder: Path) -> None:
    """Make it, where it is missing and there is plenty of room."""
    path = _path(folder)
    size = min(MOST, storage.free(folder) // SHARE)
    if path.exists() or size < LEAST:
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):  # it may be made another time
        try:
            _fill(unfinished, size)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.write(os.urandom(size))  # noughts may take no room


def give_up(folder: Path) -> bool:
    """Let it go; whether it was there."""
    try:
        _path(folder).unlink()
    except OSError:
        return False
    return True


def _path(folder: Path) -> Path:
    return folder / "ballast"
