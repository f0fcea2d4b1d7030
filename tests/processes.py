"""A fresh process that is waited for: Python with some arguments, in the folder of the project."""

import os
import subprocess
import sys
from pathlib import Path

from tests.serving import ROOT


def ended(*arguments: str, home: Path = ROOT, given: str = "", **environment: str) -> "Ended":
    """Once it has ended; `given` is what it reads."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=home, input=given, capture_output=True, text=True,
        check=False, timeout=300, env={**os.environ, **environment},
    )  # fmt: skip


def printed(*arguments: str, home: Path = ROOT, given: str = "", **environment: str) -> str:
    """What it prints; it ends well."""
    done = ended(*arguments, home=home, given=given, **environment)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


Ended = subprocess.CompletedProcess[str]
