"""Who has given the teacher's key: known to all processes of a server, while its key holds.

Each is an empty file. Its name is a sum of the browser's cookie and of the key as it is kept, which
no two starts of a server share: with the key all who gave it are forgotten.
"""

import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from explorer.base import storage

_KEPT = 30 * 86_400.0  # seconds; by then the server was started anew, or the teacher asks again
_only_here: set[Path] = set()  # a full disk is when a teacher is needed


def _mark(owner: str, key: str) -> Path:
    return storage.home() / "teachers" / sha256(f"{key} {owner}".encode()).hexdigest()


def add(owner: str, key: str) -> None:
    """Count `owner` (see `access.Visitor`) among the teachers; `key` is as `Rules` keeps it."""
    mark = _mark(owner, key)
    try:
        storage.private(mark.parent)
        mark.touch(mode=0o600)
        _sweep(mark.parent)
    except OSError:
        _only_here.add(mark)


def remove(owner: str, key: str) -> None:
    """Count `owner` among the visitors again."""
    mark = _mark(owner, key)
    _only_here.discard(mark)
    with suppress(FileNotFoundError, NotADirectoryError):
        mark.unlink()


def include(owner: str, key: str) -> bool:
    """Whether `owner` is one of them."""
    mark = _mark(owner, key)
    return mark.exists() or mark in _only_here


def _sweep(folder: Path) -> None:
    """Forget those of servers that have ended long ago."""
    for mark in folder.iterdir():
        with suppress(OSError):
            if time.time() - mark.stat().st_mtime > _KEPT:
                mark.unlink()
