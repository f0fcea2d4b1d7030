"""Which process is meant, and whether it still lives.

A process number alone comes back: the system gives it to another process later. Number, time of
start and the machine's boot together do not.
"""

import os
from functools import cache
from pathlib import Path

import psutil

# Exit statuses of a worker that could not write its run's end.
FAILED = 1
DISK_FULL = 3

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def identity(pid: int) -> str:
    """The process with number `pid` in one word: "4711:987654:boot"; empty if it has ended."""
    started = _from_proc(pid) if _BOOT.exists() else _from_system(pid)
    return f"{pid}:{started}:{_boot()}" if started else ""


def own() -> str:
    """This process's identity."""
    return identity(os.getpid())


def alive(name: str) -> bool:
    """Whether the process with this identity has not ended."""
    number = name.partition(":")[0]
    return number.isdigit() and identity(int(number)) == name


def pid_of(name: str) -> int:
    """The process number in an identity."""
    return int(name.partition(":")[0])


@cache
def _boot() -> str:
    return _BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else "-"


def _from_proc(pid: int) -> str:
    """Ticks from boot to the process's start; empty if it has ended or only waits to be reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in brackets and may hold anything.
    fields = text.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return "" if state in "ZX" else started


def _from_system(pid: int) -> str:
    """The same on other systems, which know the time of day of a start."""
    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return "" if ended else str(process.create_time())
    except psutil.Error:
        return ""
