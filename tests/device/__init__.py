"""A device of the tests' own, which torch takes for a GPU: the way to a GPU is walked without one.

`testgpu.cpp` is the device, `plugin/` tells torch of it. The program under test knows nothing of
either: its processes are started with `environment()`, and find two devices of the kind "testgpu".
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
SOURCE = HERE / "testgpu.cpp"
PLUGIN = HERE / "plugin"
BUILT = HERE.parents[1] / "build" / "testgpu"
_TORCH = Path(torch.__file__).parent


def environment(memory: int | None = None) -> dict[str, str]:
    """Variables that give a process the devices; `memory` is what each of them has, in bytes."""
    return {
        "TESTGPU_LIBRARY": str(library()),
        "PYTHONPATH": os.pathsep.join([str(PLUGIN), str(HERE.parents[1])]),
        **({"TESTGPU_MEMORY": str(memory)} if memory else {}),
    }


def library() -> Path:
    """The device as a shared library, built (half a minute) unless this very source has been.

    Where there is no compiler the test is skipped; in CI it fails.
    """
    command = _command()
    content = SOURCE.read_bytes() + " ".join([*command, torch.__version__]).encode()
    done = BUILT / hashlib.sha256(content).hexdigest()[:16] / "libtestgpu.so"
    if not done.exists():
        _build(command, done)
    return done


def _command() -> list[str]:
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        missing = "The test device needs a C++ compiler: run .ci/compiler, or install g++."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    headers = (_TORCH / "include", _TORCH / "include/torch/csrc/api/include")
    return [
        *(compiler, "-std=c++20", "-O1", "-fPIC", "-shared", "-w", str(SOURCE)),
        *(part for each in headers for part in ("-isystem", str(each))),
        *(f"-L{_TORCH / 'lib'}", f"-Wl,-rpath,{_TORCH / 'lib'}"),
        *("-ltorch", "-ltorch_cpu", "-lc10"),
    ]


def _build(command: list[str], done: Path) -> None:
    """Whoever comes second waits for the first; a build that is cut short leaves nothing."""
    done.parent.mkdir(parents=True, exist_ok=True)
    with (done.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            growing = done.with_suffix(".part")
            built = subprocess.run(
                [*command, "-o", str(growing)], capture_output=True, text=True, check=False
            )
            assert built.returncode == 0, built.stderr
            growing.replace(done)
