"""Who looks at runs finds the dead among them, and sees that the queue is worked off."""

import logging
import threading
import time
from contextlib import suppress

from explorer.runs import engines, store
from explorer.runs.database import StoreError, database
from explorer.runs.records import ACTIVE, LOCAL, Run, Status

EVERY = 1.0  # seconds, at most
_UNHEARD = "Run %s is queued, but nothing may have taken note of it yet: %s"

log = logging.getLogger("runs")

_watching = threading.Event()  # set once this process has launched or resumed a run, or shows them
_resting = threading.Lock()
_next_round = [0.0]  # when, on the monotonic clock


def watch(device: str = "auto", engine: str = LOCAL) -> None:
    """Say that this process shows runs: what computes on the device is kept ready until it ends.

    Raises:
        ValueError: there is no such engine or device, or the store cannot be written.
    """
    with suppress(StoreError, OSError):  # another time, then
        store.sweep()
    engines.get(engine).watch(device)
    _watching.set()


def submit(number: int) -> None:
    """Hand a queued run to its engine, now or in a later round; this process watches from now on.

    It is queued, so nothing that goes wrong here is its caller's: the log has it.
    """
    _watching.set()
    try:
        run = store.get(number)
        computing = engines.get(run.engine)
    except ValueError as error:
        log.warning(_UNHEARD, number, error)
        return
    # A device that is gone cannot be watched; whoever takes the run up lets it fail and says why.
    for tell in (lambda: computing.watch(run.device), lambda: computing.submit(run)):
        try:
            tell()
        except ValueError as error:
            log.warning(_UNHEARD, number, error)


def get(run: int) -> Run:
    """One run, as it is now.

    Raises:
        ValueError: there is none with this number.
    """
    _check()
    return store.get(run)


def listed() -> list[Run]:
    """Every run, the newest first."""
    _check()
    return store.listed()


def stamp() -> str:
    """A word that changes whenever anything about any run has."""
    _check()
    return store.stamp()


def _check() -> None:
    """One round, unless the last one has just been."""
    with _resting:
        if time.monotonic() < _next_round[0]:
            return
        _next_round[0] = time.monotonic() + EVERY
    with suppress(StoreError):  # a full disk is no reason not to show what is there
        database().keep_ballast()
        going = store.with_status(*ACTIVE)
        for name in {run.engine for run in going}:
            with suppress(ValueError):  # an engine that is no longer known
                lost = engines.get(name).lost([run for run in going if run.engine == name])
                for run in going:
                    if run.id in lost:
                        store.lost(run, lost[run.id])
        if _watching.is_set():
            for run in store.with_status(Status.QUEUED, *ACTIVE):  # a host may have died, too
                with suppress(ValueError):  # its engine is no longer known, or cannot start
                    engines.get(run.engine).submit(run)
