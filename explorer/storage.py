"""Where the program keeps what it downloads and what it trains."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VARIABLE = "CONVSCOPE_HOME"


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
