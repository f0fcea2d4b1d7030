"""`python -m explorer.base.tasks.child MODULE …`: waits for one piece of work, does it, and ends.

The modules named are imported beforehand. Nothing is asked of this process twice, and it may do
little: the system bounds its time and memory, and it writes no file. It ends with its parent.
"""

import importlib
import math
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from explorer.base import language
from explorer.base.tasks import process
from explorer.base.tasks.records import Output, ProcessLimits, Refused

PAUSE = 0.1  # seconds between two words on how far the work is
NICE = 10  # behind the pages
MOST_FILES = 64  # that may be open
TAIL = 4_000  # characters of a fault's traceback that are told


def main(modules: list[str]) -> None:
    """One piece of work, from the standard input to the standard output."""
    for module in modules:
        importlib.import_module(module)
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        request, _none = process.read(source, 0)
    except EOFError:
        return  # not needed any more
    sys.stdout = sys.stderr  # whatever prints does not garble the answers
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (no path)
        os.dup2(nowhere.fileno(), 2)  # libraries' remarks on damaged files; our faults are told
    content = source.read(request["bytes"])
    threading.Thread(target=_end_with_parent, args=(source,), daemon=True).start()
    language.ask(lambda: str(request["language"]))
    if request["bound"]:
        _bound(ProcessLimits(**request["limits"]))
    answer(answers, request["function"], content, request["arguments"])


def answer(answers: IO[bytes], function: str, content: bytes, arguments: dict[str, Any]) -> None:
    """Do the work, and say what came of it."""
    module, _colon, name = function.partition(":")
    try:
        call: Callable[..., Output] = getattr(importlib.import_module(module), name)
        output = call(content, _teller(answers), **arguments)
    except Refused as refused:
        process.write(answers, {"kind": "refused", "sentence": str(refused)})
    except MemoryError:
        process.write(answers, {"kind": "memory"})
    except Exception:  # noqa: BLE001 (whatever it is, it is told)
        process.write(answers, {"kind": "broken", "trace": traceback.format_exc()[-TAIL:]})
    else:
        process.write(answers, {"kind": "done", "facts": output.facts}, *output.arrays)


def _teller(answers: IO[bytes]) -> Callable[[int, int], None]:
    """Says how far the work is, not too often."""
    last = [0.0]

    def tell(done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= PAUSE:
            last[0] = now
            process.write(answers, {"kind": "progress", "done": done, "total": total})

    return tell


def _end_with_parent(source: IO[bytes]) -> None:
    """Wait for the end of what the parent has to say: it has gone, and nobody waits for us."""
    source.read(1)
    os._exit(1)


# -- bounds -----------------------------------------------------------------------------------


def _bound(limits: ProcessLimits) -> None:
    """Let the system end this process when it takes too much, as far as this system can."""
    try:
        import resource  # noqa: PLC0415 (Windows has none)
    except ImportError:
        return  # whoever started us measures, and ends us
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime + limits.cpu_seconds)
    # The first is a signal that tells of this limit; a second later comes an end without words.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    bounds = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: MOST_FILES,
    }
    if mapped := _mapped():
        bounds[resource.RLIMIT_AS] = mapped + limits.memory_bytes
    for kind, most in bounds.items():
        resource.setrlimit(kind, (most, most))
    os.nice(NICE)


def _mapped() -> int:
    """Bytes of addresses that this process has; 0 where the system does not bound them."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return 0
    return int(status.read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main(sys.argv[1:])
