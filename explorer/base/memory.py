"""The memory of this machine, or of the container that we are in, and a server's share of it."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

PROCESSES = "CONVSCOPE_PROCESSES"  # the variable that says how many servers share the machine
_GROUP = Path("/sys/fs/cgroup")  # Linux: the limits of a container, within which a machine ends


def whole() -> int:
    """Bytes in all."""
    total = int(psutil.virtual_memory().total)
    return min(total, _group("memory.max") or total)


def share(environment: Mapping[str, str] = os.environ) -> int:
    """Bytes that one server process may count on."""
    return whole() // int(environment.get(PROCESSES, "1"))


def free() -> int:
    """Bytes that could be taken now, about, without swapping."""
    available, limit = int(psutil.virtual_memory().available), _group("memory.max")
    return available if limit is None else min(available, max(limit - _group_used(), 0))


def _group(file: str) -> int | None:
    """A number of bytes from our control group, if there is one and it says "max" of nothing."""
    with suppress(OSError, ValueError):
        return int((_GROUP / file).read_text(encoding="utf-8"))
    return None


def _group_used() -> int:
    """Bytes that our control group holds and could not give back at once (the cache of files)."""
    cached = 0
    with suppress(OSError, ValueError):
        rows = (_GROUP / "memory.stat").read_text(encoding="utf-8").splitlines()
        cached = int(dict(row.split() for row in rows).get("inactive_file", "0"))
    return (_group("memory.current") or 0) - cached
