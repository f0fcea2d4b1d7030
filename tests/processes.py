"""Work done apart: by a fresh process, Python in the folder of the project; or in a thread."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.serving import ROOT

Result = TypeVar("Result")
PATIENCE = 120  # seconds


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` gives, done in a thread of its own: Playwright leaves a loop running in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(work, PATIENCE)).result()


def ended(*arguments: str, home: Path = ROOT, stdin: str = "", **environment: str) -> "Ended":
    """Once it has ended; `given` is what it reads."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=home, input=stdin, capture_output=True, text=True,
        check=False, timeout=300, env={**os.environ, **environment},
    )  # fmt: skip


def printed(*arguments: str, home: Path = ROOT, stdin: str = "", **environment: str) -> str:
    """What it prints; it ends well."""
    done = ended(*arguments, home=home, stdin=stdin, **environment)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


Ended = subprocess.CompletedProcess[str]
