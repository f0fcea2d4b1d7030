"""A file that holds a few megabytes for the moment at which the disk is full.

Given up, it makes room for what frees more: opening the store, ending runs, deleting them.
"""

import os
from contextlib import suppress
from pathlib import Path

from explorer import storage

BYTES = 4 * 2**20
PLENTY = 16 * BYTES  # free beside it, before it is made (again)


def keep(folder: Path) -> None:
    """Make it, where it is missing and there is plenty of room."""
    path = _path(folder)
    if path.exists() or storage.free(folder) < PLENTY:
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):  # it may be made another time
        try:
            _fill(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, BYTES)
        else:
            file.write(os.urandom(BYTES))  # noughts may take no room


def give_up(folder: Path) -> bool:
    """Let it go; whether it was there."""
    try:
        _path(folder).unlink()
    except OSError:
        return False
    return True


def _path(folder: Path) -> Path:
    return folder / "ballast"
