"""One process that does one piece of work, seen from whoever started it; the next one waits."""

import atexit
import json
import logging
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import psutil

from explorer.base import storage
from explorer.base.tasks.records import (
    Array,
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
MOST_PROGRESS = 2**53  # bytes or pictures: more, and no share of it can be shown
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
        variables = {name: os.environ[name] for name in SURROUNDINGS if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "explorer.base.tasks.child", *modules],
            cwd=storage.PROJECT,
            env={**variables, **SETTINGS},
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
            except Garbled:
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
        request = {
            "function": work.function,
            "arguments": dict(work.arguments),
            "limits": asdict(work.limits),
            "bytes": len(work.content),
            "language": language,
            "bound": BOUNDED,
        }
        write(self._stdin, request)
        self._stdin.write(work.content)
        self._stdin.flush()

    def _listen(self, limits: ProcessLimits, progress: Progress) -> Output:
        while True:
            header, arrays = read(self._stdout, limits.output_bytes)
            match header:
                case {"kind": "progress", "done": int(done), "total": int(total)} if (
                    0 <= done <= total <= MOST_PROGRESS
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
                    raise Garbled

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


# -- what the two processes say to each other -------------------------------------------------
#
# JSON with raw numbers after it, never a pickle. A message is its header's length (4 bytes, big
# endian), the header (JSON), and the bytes of the arrays that the header announces. Whoever reads
# takes only so much as is allowed, and only whole numbers: what the other side claims is checked
# before room is made for it.

LONGEST_HEADER = 1_000_000  # bytes; a hundred classes' names take six thousand
MOST_ARRAYS = 4
MOST_DIMENSIONS = 4
_Dtype = np.dtype[np.uint8] | np.dtype[np.int64]
DTYPES: dict[str, _Dtype] = {"u1": np.dtype(np.uint8), "i8": np.dtype(np.int64)}

Message = tuple[dict[str, Any], tuple[Array, ...]]


class Garbled(Exception):
    """What came is no message: the other side says what it may not say."""


def write(stream: IO[bytes], header: Mapping[str, Any], *arrays: Array) -> None:
    """Send one message."""
    announced = [[each.dtype.str[1:], list(each.shape)] for each in arrays]
    text = json.dumps({**header, "arrays": announced}).encode()
    stream.write(struct.pack(">I", len(text)) + text)
    for each in arrays:
        stream.write(_raw(np.ascontiguousarray(each)))
    stream.flush()


def read(stream: IO[bytes], most_bytes: int) -> Message:
    """The next message, whose arrays have at most so many bytes.

    Raises:
        EOFError: the other side has ended, before it or within it.
        Garbled: it is none.
        Overrun: it announces more than is allowed.
    """
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    if length > LONGEST_HEADER:
        raise Overrun(Ending.OUTPUT)
    try:
        header = json.loads(_exactly(stream, length))
        shapes = [_announced(*each) for each in header.pop("arrays")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Garbled from None
    total = sum(math.prod(shape) * dtype.itemsize for dtype, shape in shapes)
    if len(shapes) > MOST_ARRAYS or total > most_bytes:
        raise Overrun(Ending.OUTPUT)
    return header, tuple(_array(stream, dtype, shape) for dtype, shape in shapes)


_Shape = tuple[_Dtype, tuple[int, ...]]


def _announced(name: str, shape: list[int]) -> _Shape:
    if len(shape) > MOST_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise Garbled
    return DTYPES[name], tuple(shape)


def _array(stream: IO[bytes], dtype: _Dtype, shape: tuple[int, ...]) -> Array:
    array: Array = np.empty(shape, dtype)
    _fill(stream, _raw(array))
    return array


def _raw(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _exactly(stream: IO[bytes], length: int) -> bytes:
    room = bytearray(length)
    _fill(stream, memoryview(room))
    return bytes(room)


def _fill(stream: IO[bytes], room: memoryview) -> None:
    at = 0
    while at < len(room):
        got = stream.readinto(room[at:])  # type: ignore[attr-defined]  # a pipe is no plain IO
        if not got:
            raise EOFError
        at += got
