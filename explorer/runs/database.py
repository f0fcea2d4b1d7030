"""The one SQLite file of all runs: opened once per process, in write-ahead mode.

Readers are never blocked by a writer, and what is committed survives the death of any process.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from explorer.base import storage
from explorer.base.reasons import CodedError
from explorer.runs import migrations

SECONDS_TO_WAIT = 10  # for another writer
LOG_BYTES = 16 * 2**20  # the write-ahead log is cut back to, once it has been larger
# What SQLite says of its side files where there is no room for them, among other things.
_PERHAPS_NO_ROOM = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
T = TypeVar("T")

log = logging.getLogger("store")


class StoreError(CodedError):
    """The store cannot be read or written; the sentence says why and what to do."""


class DiskFullError(StoreError, storage.NoRoomError):
    """There is no room left for what has to be kept in the store."""


class Link:
    """One connection to the file, made when it is asked for; `lock` is held while it is used."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._path = path
        self._open: tuple[int, sqlite3.Connection] | None = None  # inode, connection

    def connection(self) -> sqlite3.Connection:
        """The connection; another one where somebody has cleared the folder."""
        inode = self._path.stat().st_ino if self._path.exists() else 0
        if self._open and self._open[0] != inode:
            self.close()
        if self._open is None:
            storage.private(self._path.parent)
            connection = self._opened()
            self._open = self._path.stat().st_ino, connection
        return self._open[1]

    def _opened(self) -> sqlite3.Connection:
        folder = self._path.parent
        try:
            connection = _connect(self._path)
        except (sqlite3.Error, OSError) as error:
            if not (_without_room(error, folder) and give_up_ballast(folder)):
                raise
            return _connect(self._path)
        keep_ballast(folder)
        return connection

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            if self._open:
                self._open[1].close()
            self._open = None


class Database:
    """One SQLite file. The threads of this process share one connection to read and one to write.

    Who looks waits neither for who writes nor for who waits to write. Where `patient` is set, a
    store that another process holds is waited for as long as it takes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.patient = False
        self._reader = Link(path)
        self._writer = Link(path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing of it.

        Raises:
            StoreError: it could not be kept.
        """
        with self._writer.lock, self._explained():
            with self._explained(OSError):  # what the body says of its own files is its own
                connection = self._once_free(self._writer.connection)
            self._once_free(lambda: connection.execute("BEGIN IMMEDIATE"))
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def vital(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """A small transaction that must not fail for want of room: the ballast makes some.

        Raises:
            StoreError: it could not be kept even so.
        """
        try:
            with self.writing() as connection:
                return work(connection)
        except DiskFullError:
            if not give_up_ballast(self.path.parent):
                raise
        with self.writing() as connection:
            return work(connection)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """What a query finds; nothing if there is no store yet, so that looking leaves no trace.

        Raises:
            StoreError: it could not be read.
        """
        with self._reader.lock, self._explained(OSError):
            if not self.path.exists():
                return []
            return self._once_free(
                lambda: self._reader.connection().execute(query, values).fetchall()
            )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own, for what takes long to read: it holds up nobody.

        Raises:
            StoreError: it could not be read.
        """
        with self._explained():
            connection = _plain(f"{self.path.as_uri()}?mode=ro", uri=True)
            try:
                yield connection
            finally:
                connection.close()

    def news(self) -> int:
        """A number that changes when anybody has written: the cheapest question of all."""
        rows = self.rows("PRAGMA data_version")
        return int(rows[0][0]) if rows else 0

    def sync(self) -> None:
        """Make what is committed survive a failure of the machine's power, too.

        Raises:
            StoreError: the disk does not take it.
        """
        with self._writer.lock, self._explained(OSError):
            connection = self._once_free(self._writer.connection)
            busy, log, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if busy or done < log:  # another one is at it, or somebody still reads what was before
                storage.flush(self.path.with_name(f"{self.path.name}-wal"))

    def keep_ballast(self) -> None:
        """Make the ballast again where it was given up and there is room."""
        if self.path.exists():
            keep_ballast(self.path.parent)

    def close(self) -> None:
        """Let go of the file; it is opened again when it is asked for."""
        self._reader.close()
        self._writer.close()

    def _once_free(self, work: Callable[[], T]) -> T:
        """Do `work`, which does nothing as long as another process holds the store."""
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                if not (self.patient and _code(error) == sqlite3.SQLITE_BUSY):
                    raise
                log.warning("Another process holds the store of runs: waiting for it.")

    @contextmanager
    def _explained(self, other: type[Exception] = sqlite3.DatabaseError) -> Iterator[None]:
        """Say in a sentence what SQLite says, or an error of another kind."""
        try:
            yield
        except (sqlite3.DatabaseError, other) as error:
            raise explained(error, self.path.parent) from error


def _plain(path: str | Path, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False, uri=uri
    )
    connection.row_factory = sqlite3.Row
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = _plain(path)
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=NORMAL")  # what is committed survives kill -9
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=OFF")  # else what is deleted is written once more
        connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        if migrations.migrate(connection) > migrations.VERSION:
            raise StoreError("store_newer")  # noqa: TRY301 (whatever it is, the file is let go of)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """For this one SQLite does not wait by itself until others let go of the file."""
    end = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _code(error: Exception) -> int:
    """What SQLite says, in one of its primary codes; 0 where it was not SQLite."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _without_room(error: Exception, folder: Path) -> bool:
    """Whether something failed because the disk is full; SQLite does not always say so itself."""
    if _code(error) == sqlite3.SQLITE_FULL or storage.tells_of_no_room(error):
        return True
    return _code(error) in _PERHAPS_NO_ROOM and storage.is_full(folder)


def explained(error: Exception, folder: Path) -> StoreError:
    """The sentence for what SQLite or the system said about a file in `folder`."""
    if _without_room(error, folder):
        return DiskFullError("no_room", folder=str(folder))
    why = str(getattr(error, "strerror", None) or error)
    if _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreError("store_damaged", folder=str(folder), why=why)
    if _code(error) == sqlite3.SQLITE_BUSY:
        return StoreError("store_busy", folder=str(folder), seconds=SECONDS_TO_WAIT)
    return StoreError("store_unusable", folder=str(folder), why=why)


def marks(values: Iterable[object]) -> str:
    """A question mark for each value of a query."""
    return ", ".join("?" for _value in values)


_databases: dict[Path, Database] = {}
_opening = threading.Lock()


def database() -> Database:
    """The store in the program's folder."""
    path = storage.runs_folder() / "runs.db"
    with _opening:
        return _databases.setdefault(path, Database(path))


# -- the ballast: a file that holds a few megabytes for the moment at which the disk is full ------

BALLAST = 4 * 2**20  # bytes, at most
_LEAST = 2**16  # bytes: with less it would help nobody
_SHARE = 16  # of what is free it takes one part at most


def keep_ballast(folder: Path) -> None:
    """Make it, where it is missing and there is plenty of room."""
    path = folder / "ballast"
    size = min(BALLAST, storage.free(folder) // _SHARE)
    if path.exists() or size < _LEAST:
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):  # it may be made another time
        try:
            with unfinished.open("wb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.write(os.urandom(size))  # noughts may take no room
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def give_up_ballast(folder: Path) -> bool:
    """Let it go; whether it was there. It makes room for what frees more: opening the store,
    ending runs, deleting them."""
    try:
        (folder / "ballast").unlink()
    except OSError:
        return False
    return True
