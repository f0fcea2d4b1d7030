"""Worker processes as their host sees them: made ready ahead, given a run, watched.

This module stays light, so that the host does. For the CPU, torch is imported by the process that
workers are forked from, once for all of them. For any other device each worker is a fresh process
that imports it while it waits: whatever library touches a GPU before a fork loses it to the child.
"""

import multiprocessing
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

from explorer.base.reasons import Reason
from explorer.runs import process

_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}


def _context(device: str) -> ForkServerContext | SpawnContext:
    """How processes are made that compute on this device."""
    if device == "cpu" and sys.platform == "linux":
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["explorer.runs.engines.local.warm"])
        return forking
    return multiprocessing.get_context("spawn")


class WorkerProcess:
    """A process with torch imported, waiting for the number of a run on this device."""

    def __init__(self, device: str) -> None:
        context = _context(device)
        theirs, self._orders = context.Pipe()
        self._device, self._measuring = device, False
        self._process = context.Process(target=_enter, args=(theirs,), name="worker")
        self._process.start()
        theirs.close()
        self.identity = process.identity(self._process.pid or 0)
        self._memory_kills = memory_kills()

    @property
    def sentinel(self) -> int:
        """Ready to be read once the process has ended."""
        return self._process.sentinel

    def give(self, run: int) -> None:
        """Let it train this run."""
        self._orders.send(run)

    def free_memory(self) -> int | None:
        """Bytes free on its device, measured by it; None until it has answered.

        It cannot know before it has imported torch, and its host never does.
        """
        if not self._measuring:
            self._orders.send(self._device)
            self._measuring = True
        if not self._orders.poll():
            return None
        self._measuring = False
        with suppress(EOFError):  # it has died; its host will notice
            return int(self._orders.recv())
        return None

    def ended(self) -> bool:
        """Whether it has; then `reason` says why."""
        return self._process.exitcode is not None

    def reason(self) -> Reason:
        """Why a process that has ended has done so."""
        return why(self._process.exitcode or 0, out_of_memory=memory_kills() > self._memory_kills)

    def close(self) -> None:
        """Let go: one that still waits ends by itself."""
        self._orders.close()
        self._process.join()
        self._process.close()


def _enter(orders: Connection) -> None:
    from explorer.runs.engines.local.warm import worker  # there already, if forked

    worker.main(orders)


def why(code: int, *, out_of_memory: bool) -> Reason:
    """What an exit status means; negative ones are signals.

    `out_of_memory`: in the meantime the system has ended some process for want of memory.
    """
    if code == process.DISK_FULL:
        return Reason("disk_full")
    if code >= 0:
        return Reason("exit_status", {"status": code})
    if -code == signal.SIGKILL and out_of_memory:
        return Reason("out_of_memory")
    name = signal.Signals(-code).name
    return Reason("crashed" if -code in _CRASHES else "killed", {"signal": name})


def memory_kills() -> int:
    """How often the system has ended a process for want of memory since it was started (Linux)."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
