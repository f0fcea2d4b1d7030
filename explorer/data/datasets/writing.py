"""Files that appear under their name only when they are complete."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from explorer.base import storage

ABANDONED = 24 * 3600.0  # seconds without a write after which an unfinished file is nobody's


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, in the same folder; it becomes `path` if all goes well, and else is gone."""
    storage.private(path.parent)
    _sweep(path.parent)
    prefix = f"{os.getpid()}-"
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=prefix, suffix=".part", delete=False
    ) as part:
        temporary = Path(part.name)
        try:
            yield part
            part.flush()
            temporary.chmod(0o644)  # as any file; temporary ones are for their maker alone
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed have left unfinished."""
    for left in folder.glob("*.part"):
        writer = left.name.partition("-")[0]
        killed = writer.isdecimal() and not psutil.pid_exists(int(writer))
        with suppress(FileNotFoundError):  # finished meanwhile
            if killed or left.stat().st_mtime < time.time() - ABANDONED:
                left.unlink()
