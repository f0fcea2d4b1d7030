"""Which processes work with this folder: one host for each device, and those that watch.

A host is started by whoever needs one, in a session of its own: the end of a web server or of a
terminal does not reach it. It stays warm while somebody watches, and ends by itself after that.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from sqlite3 import Connection

from explorer.base import storage
from explorer.base.language import N_, _
from explorer.runs import process, store
from explorer.runs.database import database, marks
from explorer.runs.engines.local.workers import WorkerProcess
from explorer.runs.records import ACTIVE, LOCAL, Status, kind_of

_HOST = "host"
_WATCHER = "watcher"
_UNSTARTED = N_("The process for runs could not be started; see its log.")

log = logging.getLogger("runs")


def watch() -> None:
    """Say that this process watches: hosts stay warm until it ends."""
    with database().writing() as connection:
        _add(connection, process.own(), _WATCHER, "")


def wake(device: str) -> None:
    """See that this device has a living host.

    Raises:
        ValueError: it could not be started.
    """
    if process.alive(host(device)):
        return
    be_host(device, _start(device))


def be_host(device: str, identity: str) -> bool:
    """Note a process as the device's host, unless another one is alive; whether it is it now.

    Its starter says so, which others then need not do, and so does it itself, which may be first.
    """
    with database().writing() as connection:
        if (other := host(device)) != identity and process.alive(other):
            return False
        if other != identity:
            query = "DELETE FROM processes WHERE role = ? AND device = ?"
            connection.execute(query, (_HOST, device))
            _add(connection, identity, _HOST, device)
    return True


def host(device: str) -> str:
    """The process that is this device's host, or was; empty where there has been none.

    There is never more than one.
    """
    query = "SELECT identity FROM processes WHERE role = ? AND device = ?"
    rows = database().rows(query, (_HOST, device))
    return str(rows[0]["identity"]) if rows else ""


def leave(device: str, identity: str) -> bool:
    """Let the host `identity` go if nothing is left to do and nobody watches; whether it may end.

    One transaction: whoever queues a run after it finds no host, and starts one.
    """
    states = (Status.QUEUED, *ACTIVE)
    query = (
        f"SELECT 1 FROM runs WHERE engine = ? AND device IN (?, ?) AND status IN ({marks(states)})"
    )
    with database().writing() as connection:
        ours = (LOCAL, device, kind_of(device), *states)
        if connection.execute(query, ours).fetchone() or _watched(connection):
            return False
        connection.execute("DELETE FROM processes WHERE identity = ?", (identity,))
    return True


def _watched(connection: Connection) -> bool:
    rows = connection.execute("SELECT identity FROM processes WHERE role = ?", (_WATCHER,))
    watchers = [row["identity"] for row in rows.fetchall()]
    dead = [identity for identity in watchers if not process.alive(identity)]
    connection.executemany("DELETE FROM processes WHERE identity = ?", [(each,) for each in dead])
    return len(dead) < len(watchers)


def _add(connection: Connection, identity: str, role: str, device: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO processes (identity, role, device) VALUES (?, ?, ?)",
        (identity, role, device),
    )


def _start(device: str) -> str:
    """Start a host, while others may write to the store; its identity."""
    try:
        with (storage.runs_folder() / "host.log").open("ab") as host_log:
            child = subprocess.Popen(  # noqa: S603 (our own program)
                [sys.executable, "-m", "explorer.runs.engines.local.host", device],
                cwd=storage.PROJECT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=host_log,
                stderr=host_log,
                start_new_session=True,
            )
    except OSError as error:  # the system gives no more processes, say
        log.warning("The host of %s could not be started: %s", device, error)
        raise ValueError(_(_UNSTARTED)) from error
    # It may outlive us; if it ends before, somebody has to take note, or it stays on as a zombie.
    threading.Thread(target=child.wait, name="host ended", daemon=True).start()
    identity = process.identity(child.pid)
    if not identity:
        raise ValueError(_(_UNSTARTED))
    return identity


def _environment() -> dict[str, str]:
    from explorer.training import environment  # brings torch, which a host does not need

    return {
        **os.environ,
        **environment(),
        storage.VARIABLE: str(storage.home()),
        # Threads that NumPy would start with its import do not go well with forking.
        "OPENBLAS_NUM_THREADS": "1",
    }


# -- which of several idle devices takes a run ----------------------------------------------------

FRESH = 5.0  # seconds after which what was free on a device has to be measured anew
PATIENCE = 15.0  # seconds for the others to measure: a worker that has just begun imports torch


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
        if len(measured) < len(room) and time.monotonic() - self._since < PATIENCE:
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
        for row in database().rows(query, (_HOST, kind, LOCAL, *ACTIVE)):
            if process.alive(row["identity"]):
                age = abs(time.time() - (row["measured"] or 0))  # clocks may be set back
                room[row["device"]] = row["free"] if age < FRESH else None
        return room
