"""One process that does one piece of work, seen from whoever started it; the next one waits."""

import atexit
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict

import psutil

from explorer.base import storage
from explorer.base.tasks import wire
from explorer.base.tasks.records import (
    Ending,
    Output,
    Overrun,
    ProcessLimits,
    Progress,
    Refused,
    Work,
)

TICK = 0.1  # seconds between two measurements
GRACE = 1.0  # seconds in which a process that has closed its pipes has to have ended
MOST_TOLD = 2**53  # bytes or pictures: more, and no share of it can be shown
LONGEST = 2_000  # characters of a sentence from a process that is not trusted
# All that it learns of our surroundings: it needs no keys.
SURROUNDINGS = ("PATH", "PYTHONPATH", "HOME", "APPDATA", "SYSTEMROOT", "TEMP")
SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
BOUNDED = os.name == "posix"  # the process has the system bound it, as far as it does that
MEASURED = sys.platform != "linux"  # the rest is measured from here: memory, on Windows time too

log = logging.getLogger(__name__)


class Broken(Exception):
    """The process ended without an answer, or with one that is none."""


class Process:
    """A Python process that waits for one piece of work; `modules` are imported beforehand."""

    def __init__(self, modules: Sequence[str]) -> None:
        known = {name: os.environ[name] for name in SURROUNDINGS if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "explorer.base.tasks.child", *modules],
            cwd=storage.PROJECT,
            env={**known, **SETTINGS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is for the server alone
        )
        assert self._process.stdin
        assert self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        # Ended, it has to be taken note of, or it stays on as a zombie.
        reaper = threading.Thread(target=self._process.wait, name="task ended", daemon=True)
        try:
            reaper.start()
        except RuntimeError:  # the system gives no more threads
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether it can still be given work, or works."""
        return self._process.returncode is None

    def end(self) -> None:
        """End it at once, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()

    def run(self, work: Work, language: str, progress: Progress) -> Output:
        """Have the work done; `progress` hears how far it is.

        Raises:
            Refused: its sentence for the visitor.
            Overrun: it took more than a limit allows, and was ended.
            Broken: it failed, or was ended.
        """
        with closing(self), self._watched(work.limits) as overrun:
            try:
                self._ask(work, language)
                return self._listen(work.limits, progress)
            except wire.Garbled:
                self.end()
                raise Broken("the process answered what is no message, and was ended") from None
            except (EOFError, OSError):
                code = self._status()
                if code == -getattr(signal, "SIGXCPU", 0) != 0:  # the system kept this limit for us
                    overrun.append(Ending.CPU)
                if overrun:
                    raise Overrun(overrun[0]) from None
                raise Broken(f"the process ended with status {code}") from None

    def _ask(self, work: Work, language: str) -> None:
        asked = {
            "function": work.function,
            "arguments": dict(work.arguments),
            "limits": asdict(work.limits),
            "bytes": len(work.content),
            "language": language,
            "bound": BOUNDED,
        }
        wire.write(self._stdin, asked)
        self._stdin.write(work.content)
        self._stdin.flush()

    def _listen(self, limits: ProcessLimits, progress: Progress) -> Output:
        while True:
            header, arrays = wire.read(self._stdout, limits.output_bytes)
            match header:
                case {"kind": "progress", "done": int(done), "total": int(total)} if (
                    0 <= done <= total <= MOST_TOLD
                ):
                    progress(done, total)
                case {"kind": "done", "facts": dict(facts)}:
                    return Output(facts, arrays)
                case {"kind": "refused", "sentence": str(sentence)}:
                    raise Refused(sentence[:LONGEST])
                case {"kind": "memory"}:
                    raise Overrun(Ending.MEMORY)
                case {"kind": "broken", "trace": str(trace)}:
                    raise Broken(trace)
                case _:
                    raise wire.Garbled

    def _status(self) -> int:
        """With what it has ended; one that only closed its pipes is ended here."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(GRACE)
        self.end()
        return self._process.wait()

    def close(self) -> None:
        """End it, and wait until it has ended."""
        self.end()
        self._process.wait()
        for stream in (self._stdin, self._stdout):
            with suppress(OSError):  # what was not sent any more
                stream.close()

    # -- limits -------------------------------------------------------------------------------

    @contextmanager
    def _watched(self, limits: ProcessLimits) -> Iterator[list[Ending]]:
        """As long as this is open, the process is ended when it takes too much: of what."""
        overrun: list[Ending] = []
        finished = threading.Event()

        def watch() -> None:
            began = time.monotonic()
            while not finished.wait(TICK) and self.alive:
                if over := self._over(limits, time.monotonic() - began):
                    overrun.append(over)
                    self.end()
                    return

        watcher = threading.Thread(target=watch, name="task limits", daemon=True)
        watcher.start()
        try:
            yield overrun
        finally:
            finished.set()
            watcher.join()

    def _over(self, limits: ProcessLimits, seconds: float) -> Ending | None:
        """Which limit is passed; time and memory are measured where the system bounds neither."""
        if seconds > limits.wall_seconds:
            return Ending.WALL
        if not MEASURED:
            return None
        with suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            if process.memory_info().rss > limits.memory_bytes:
                return Ending.MEMORY
            if sum(process.cpu_times()[:2]) > limits.cpu_seconds:
                return Ending.CPU
        return None


class Spare:
    """One process always ready to be given work, with these modules imported beforehand."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._ready: Process | None = None
        self._lock = threading.Lock()
        atexit.register(self.close)

    def take(self) -> Process:
        """A process for one piece of work."""
        with self._lock:
            process, self._ready = self._living(), None
        with suppress(RuntimeError):  # the system gives no more threads: the next has to wait
            threading.Thread(target=self.prepare, name="spare process", daemon=True).start()
        return process or Process(self._modules)

    def prepare(self) -> None:
        """See that one is ready, if the system gives one; else the next work begins without."""
        with self._lock, suppress(RuntimeError, OSError):
            self._ready = self._living() or Process(self._modules)

    def _living(self) -> Process | None:
        """The one that waits, unless it has died meanwhile."""
        if self._ready and not self._ready.alive:
            self._ready.close()
            return None
        return self._ready

    def close(self) -> None:
        """End the one that waits."""
        with self._lock:
            if self._ready:
                self._ready.close()
            self._ready = None
