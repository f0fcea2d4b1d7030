"""Where the program keeps what it downloads and what it trains."""

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from explorer.base.reasons import CodedError

PROJECT = Path(__file__).resolve().parent.parent.parent
VARIABLE = "CONVSCOPE_HOME"
_OWNER_ALONE = 0o700
LITTLE = 2**20  # bytes: with less free, a disk counts as full
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NoRoomError(CodedError):
    """There is no room left for what has to be kept."""


def home() -> Path:
    """The one folder for everything kept: `$CONVSCOPE_HOME`, else `local/` beside the program."""
    named = os.environ.get(VARIABLE, "").strip()
    return Path(named).expanduser().resolve() if named else PROJECT / "local"


def data_folder() -> Path:
    """Downloaded data sets."""
    return home() / "data"


def runs_folder() -> Path:
    """Training runs: their store and their checkpoints."""
    return home() / "runs"


def private(folder: Path) -> Path:
    """Make a folder of ours, where it is missing, for its owner's eyes alone; the folder.

    So is `home`, if it is made now, or lies beside the program. One that was named and is there
    already stays as open as its owner has it.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=_OWNER_ALONE, exist_ok=True)
    default = PROJECT / "local"
    if home() == default and default.exists() and default.stat().st_mode & 0o077:
        with suppress(PermissionError):  # it is somebody else's
            default.chmod(_OWNER_ALONE)
    return folder


# -- the disk ---------------------------------------------------------------------------------


def free(folder: Path) -> int:
    """Bytes that may still be written on the disk that holds `folder`, if it is there or not."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(nearest).free


def is_full(folder: Path) -> bool:
    """Whether the disk has room for nothing more."""
    try:
        return free(folder) < LITTLE
    except OSError:
        return False


def tells_of_no_room(error: object) -> bool:
    """Whether that is what the system itself said."""
    return getattr(error, "errno", None) in _NO_ROOM


def flush(path: Path) -> None:
    """Have the disk really hold a file, or a folder's list of files."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
