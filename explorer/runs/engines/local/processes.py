"""Which processes work with this folder: one host for each device, and those that watch.

A host is started by whoever needs one, in a session of its own: the end of a web server or of a
terminal does not reach it. It stays warm while somebody watches, and ends by itself after that.
"""

import logging
import os
import subprocess
import sys
import threading
from sqlite3 import Connection

from explorer.base import storage
from explorer.base.language import N_, _
from explorer.runs import process
from explorer.runs.database import database, marks
from explorer.runs.records import ACTIVE, LOCAL, Status, kind_of

HOST = "host"
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
            connection.execute(query, (HOST, device))
            _add(connection, identity, HOST, device)
    return True


def host(device: str) -> str:
    """The process that is this device's host, or was; empty where there has been none.

    There is never more than one.
    """
    query = "SELECT identity FROM processes WHERE role = ? AND device = ?"
    rows = database().rows(query, (HOST, device))
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
