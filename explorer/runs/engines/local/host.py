"""The host of one device (`python -m …host DEVICE`): works off its queue, one run after the other.

It computes nothing and never imports torch: it keeps a worker process ready, gives it the next
run, and notices at once when a worker dies.
"""

import logging
import os
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.connection import wait

from explorer.base.reasons import Reason
from explorer.runs import process, store
from explorer.runs.database import StoreError, database, marks
from explorer.runs.engines.local import processes
from explorer.runs.engines.local.workers import WorkerProcess
from explorer.runs.records import ACTIVE, LOCAL, Request, Run, kind_of

TICK = 0.1  # seconds between two looks into the queue
LINGER = 2.0  # seconds without anything to do, or anybody watching, before it ends
SECONDS_TO_STOP = 30.0  # seconds that a worker has to obey a stop before it is ended
REST = 1.0  # seconds after something went wrong

log = logging.getLogger("host")


FRESH = 5.0  # seconds after which what was free on a device has to be measured anew
SECONDS_TO_MEASURE = 15.0  # a worker that has just begun imports torch


class Placement:
    """The view of the host `identity` of one device, which takes what waits if it is the emptiest.

    Each host measures its own device, and no oftener than there is such a choice: on a GPU the
    measuring alone takes memory. The hosts tell each other through the store.
    """

    def __init__(self, device: str, identity: str) -> None:
        self._device, self._identity = device, identity
        self._since: float | None = None  # when there began to be a choice

    def is_here(self, spare: WorkerProcess) -> bool:
        """Whether this device is to take what waits for it first; `spare` measures it."""
        room = self._room()
        if len(room) < 2:
            self._since = None
            return True
        self._since = self._since or time.monotonic()
        if room.get(self._device) is None and (free := spare.free_memory()) is not None:
            with database().writing() as connection:
                query = "UPDATE processes SET free = ?, measured = ? WHERE identity = ?"
                connection.execute(query, (free, time.time(), self._identity))
            room[self._device] = free
        measured = {name: free for name, free in room.items() if free is not None}
        if len(measured) < len(room) and time.monotonic() - self._since < SECONDS_TO_MEASURE:
            return False
        most = max(measured.values(), default=0)
        emptiest = [name for name, free in measured.items() if free == most]
        return min(emptiest, default=self._device) == self._device

    def _room(self) -> dict[str, int | None]:
        """Bytes free on each device that may take what is first here: it has a living host and
        trains nothing. None: they have not been measured lately."""
        kind = kind_of(self._device)
        if kind == self._device or store.first_queue(self._device) != kind:
            return {}
        query = (
            "SELECT device, identity, free, measured FROM processes "
            "WHERE role = ? AND device LIKE ? || ':%' AND device NOT IN "
            f"(SELECT device FROM runs WHERE engine = ? AND status IN ({marks(ACTIVE)}))"
        )
        room = {}
        for row in database().rows(query, (processes.HOST, kind, LOCAL, *ACTIVE)):
            if process.alive(row["identity"]):
                age = abs(time.time() - (row["measured"] or 0))  # clocks may be set back
                room[row["device"]] = row["free"] if age < FRESH else None
        return room


# -- the host itself ----------------------------------------------------------------------------


class Host:
    """The one process that gives this device's runs to workers."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.identity = process.own()
        self._spare: WorkerProcess | None = None
        self._busy: WorkerProcess | None = None
        self._idle_since = time.monotonic()
        self._placement = Placement(device, self.identity)
        self._going: list[Run] = []
        self._news = -1

    def work(self) -> None:
        """Until nothing is left to do and nobody watches, or another host has taken over."""
        ours = True
        with suppress(StoreError):
            self._alive()  # finds the dead at once; a worker takes seconds to be ready
        while ours:
            try:
                self._renew()
                ours = self._turn() and not self._may_leave()
                wait([hand.sentinel for hand in (self._busy, self._spare) if hand], TICK)
            except (StoreError, OSError) as error:  # a full disk, say: it may have room later
                log.warning("%s", error)
                time.sleep(REST)
        if self._spare:
            self._spare.close()

    def _turn(self) -> bool:
        """One look at the store, if there is anything to see; whether this is the host still."""
        news = database().news()
        if news == self._news and not self._going:
            return True
        if processes.host(self.device) != self.identity:
            return False
        self._going = self._alive()
        if self._going:
            self._insist()
        elif self._spare and not self._placement.is_here(self._spare):
            return True  # looked at again, without news
        elif self._spare and (run := store.claim(self.device, self._spare.identity)):
            self._spare.give(run.id)
            self._busy, self._spare = self._spare, None
            self._going = [run]
        if self._going:
            self._idle_since = time.monotonic()
        self._news = news
        return True

    def _renew(self) -> None:
        """Bury the dead, and keep one worker ready."""
        if self._busy and self._busy.ended():
            for run in self._active():
                if run.worker == self._busy.identity and not process.alive(run.worker):
                    store.lost(run, self._busy.reason())
            self._busy.close()
            self._busy = None
        if self._spare and self._spare.ended():
            log.warning("a waiting worker ended: %s", self._spare.reason())
            self._spare.close()
            self._spare = None
            time.sleep(REST)
        if self._spare is None:
            self._spare = WorkerProcess(self.device)

    def _active(self) -> list[Run]:
        return store.with_status(*ACTIVE, engine=LOCAL, device=self.device)

    def _alive(self) -> list[Run]:
        """Runs that a worker has, an earlier host's among them."""
        going = []
        for run in self._active():
            ours = self._busy and self._busy.identity == run.worker  # if it is dead, buried next
            if ours or process.alive(run.worker):
                going.append(run)
            else:
                store.lost(run, Reason("lost"))
        return going

    def _insist(self) -> None:
        """End a worker that does not answer to a stop."""
        for run in self._going:
            seconds = time.time() - (run.requested_at or 0)
            if run.requested is Request.STOP and seconds > SECONDS_TO_STOP:
                with suppress(ProcessLookupError):
                    os.kill(process.pid_of(run.worker), signal.SIGKILL)

    def _may_leave(self) -> bool:
        if time.monotonic() - self._idle_since < LINGER:
            return False
        self._idle_since = time.monotonic() - LINGER / 2  # ask again in a second
        return processes.leave(self.device, self.identity)


def main(device: str) -> None:
    """Be the host of this device, unless another process is."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host = Host(device)
    database().patient = True
    if processes.be_host(device, host.identity):
        with suppress(StoreError, OSError):  # another time, then
            store.sweep()
        host.work()


if __name__ == "__main__":
    main(sys.argv[1])
