"""Where the program keeps what it downloads and what it trains."""

import os
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VARIABLE = "CONVSCOPE_HOME"
_OWNER_ALONE = 0o700


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
