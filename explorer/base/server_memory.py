"""How much memory one server process may count on: its share of the machine's."""

import os
from collections.abc import Mapping
from pathlib import Path

import psutil

PROCESSES = "CONVSCOPE_PROCESSES"  # the variable that says how many servers share the machine
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def share(environment: Mapping[str, str] = os.environ, container: Path = _CONTAINER) -> int:
    """Bytes: the machine's, or the container's where that has less, by the servers on it."""
    total = psutil.virtual_memory().total
    if container.is_file():
        bound = container.read_text(encoding="ascii").strip()
        total = min(total, int(bound)) if bound.isdecimal() else total
    return total // int(environment.get(PROCESSES, "1"))
