"""The one SQLite file of all runs: opened once per process, in write-ahead mode.

Readers are never blocked by a writer, and what is committed survives the death of any process.
"""

import errno
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer import storage
from explorer.language import _
from explorer.runs import migrations

SECONDS_TO_WAIT = 10  # for another writer
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StoreError(ValueError):
    """The store cannot be read or written; the sentence says why and what to do."""


class DiskFullError(StoreError):
    """There is no room left for what has to be kept."""


class Database:
    """One SQLite file; its connection is shared by the threads of this process, one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._open: tuple[int, sqlite3.Connection] | None = None  # inode, connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing of it.

        Raises:
            StoreError: it could not be kept.
        """
        with self._lock, self._explained():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """What a query finds; nothing if there is no store yet, so that looking leaves no trace.

        Raises:
            StoreError: it could not be read.
        """
        with self._lock, self._explained():
            if not self.path.exists():
                return []
            return self._connection().execute(query, values).fetchall()

    def news(self) -> int:
        """A number that changes when another process has written: the cheapest question of all."""
        rows = self.rows("PRAGMA data_version")
        return int(rows[0][0]) if rows else 0

    def settle(self) -> None:
        """Make what is committed survive a failure of the machine's power, too."""
        with self._lock, self._explained():
            self._connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Let go of the file; it is opened again when it is asked for."""
        with self._lock:
            if self._open:
                self._open[1].close()
            self._open = None

    def _connection(self) -> sqlite3.Connection:
        inode = self.path.stat().st_ino if self.path.exists() else 0
        if self._open and self._open[0] != inode:  # somebody has cleared the folder
            self.close()
        if self._open is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = _connect(self.path)
            self._open = self.path.stat().st_ino, connection
        return self._open[1]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise explained(error, self.path.parent) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # what is committed survives kill -9
        connection.execute("PRAGMA foreign_keys=ON")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    if migrations.migrate(connection) > migrations.VERSION:
        raise StoreError(
            _("The runs were kept by a newer version of this program. Use that one, or move them.")
        )


def explained(error: Exception, folder: Path) -> StoreError:
    """The sentence for what SQLite or the system said about a file in `folder`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in _NO_ROOM:
        return disk_full(folder)
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        text = _("The store of runs in {folder} is damaged: {why}. Move the folder away.")
    else:
        text = _(
            "The runs in {folder} cannot be read or written: {why}. Make the folder writable, or "
            "name another in the environment variable CONVSCOPE_HOME."
        )
    return StoreError(text.format(folder=folder, why=getattr(error, "strerror", None) or error))


def disk_full(folder: Path) -> DiskFullError:
    """The sentence for a disk without room for `folder`."""
    return DiskFullError(
        _("The disk that holds {folder} is full. Delete runs or other files, then resume.").format(
            folder=folder
        )
    )


_databases: dict[Path, Database] = {}
_opening = threading.Lock()


def database() -> Database:
    """The store in the program's folder."""
    path = storage.runs_folder() / "runs.db"
    with _opening:
        return _databases.setdefault(path, Database(path))
