"""Readers of strangers' files, tried in a process of its own: what they say, what they take.

Run as a program it reads a list of [reader, path] from its standard input, and answers with
one line of JSON for each. Its memory is measured by the system, torch's and Pillow's with it, and
bounded by it: what wants more fails.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import printed

PEAK = Path("/proc/self/clear_refs")  # written to, a process's peak begins anew
POSSIBLE = PEAK.exists()  # on Linux
ROOM = 1_000_000_000  # bytes of addresses that the process may take besides what it has
# What is freed is given back to the system, and does not hide what the next file takes.
SETTINGS = {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
NETWORK, PUBLISHED = "lenet", "torchvision/squeezenet1_1"  # for which files are read


@dataclass(frozen=True)
class Outcome:
    """How one reading ended: `message` is its error's words, empty if the file was taken."""

    message: str
    error: str  # the error's class
    sentence: bool  # whether it is an error for visitors
    took: int  # bytes of memory at the height, besides what the process had before
    seconds: float  # of the processor


def tried(files: Mapping[str, tuple[str, Path]]) -> dict[str, Outcome]:
    """Each file (name → its reader, its path) read after the other in one process."""
    requests = json.dumps([[reader, str(path)] for reader, path in files.values()])
    lines = printed("-m", "tests.measured", stdin=requests, **SETTINGS).splitlines()
    outcomes = (Outcome(**json.loads(line)) for line in lines)
    return dict(zip(files, outcomes, strict=True))


# -- in the process of its own ----------------------------------------------------------------


def _readers() -> dict[str, Callable[[Path], object]]:
    from explorer import weights
    from explorer.base.tasks import unheard
    from explorer.data.decoding import pictures
    from explorer.networks import NetworkSpec
    from explorer.training import checkpoints
    from explorer.ui.model_picker import weight_sources
    from explorer.weights import published

    def shipped(path: Path) -> object:
        weights.FOLDER = path.parent
        for source in weights.sources(NETWORK):  # who only lists them must not fall over it
            weight_sources.title(NETWORK, source)
        return weights.load(NetworkSpec.parse(NETWORK), f"shipped:{path.stem}")

    def downloaded(path: Path) -> object:
        name = path.with_suffix(".pth")
        name.symlink_to(path)  # torch goes by the name
        return published.build(PUBLISHED, name)

    return {
        "picture": lambda path: pictures.decode(path.read_bytes(), unheard, side=1024),
        "card": checkpoints.read_card,
        "checkpoint": checkpoints.load,
        "shipped": shipped,
        "published": downloaded,
    }


def status(key: str) -> int:
    """A line of the system's account of this process, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def _measured(read: Callable[[Path], object], path: Path) -> dict[str, Any]:
    idle = status("VmRSS:")
    PEAK.write_text("5", encoding="ascii")
    start, message, error, sentence = time.process_time(), "", "", True
    try:
        read(path)
    except BaseException as caught:  # noqa: BLE001 (whatever it is, it is told)
        message, error = str(caught), type(caught).__name__
        sentence = isinstance(caught, ValueError)
    seconds = time.process_time() - start
    took = status("VmHWM:") - idle
    return dict(message=message, error=error, sentence=sentence, took=took, seconds=seconds)


if __name__ == "__main__":
    import resource

    readers = _readers()
    most = status("VmSize:") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for reader, path in json.load(sys.stdin):
        print(json.dumps(_measured(readers[reader], Path(path))), flush=True)
