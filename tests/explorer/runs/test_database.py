"""The store's file: what survives, who waits for whom, what is said when it cannot be written."""

import dataclasses
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock, Thread, Timer

import pytest

from explorer import runs
from explorer.base import storage
from explorer.runs import (
    database,
)
from explorer.training.recipes import Recipe
from tests.explorer.runs.played import STARTED, added, started, steps
from tests.run_processes import until

pytestmark = pytest.mark.usefixtures("home")


def test_a_folder_that_cannot_be_made_is_told(home: Path, monkeypatch: pytest.MonkeyPatch):
    (home / "file").touch()
    monkeypatch.setenv(storage.VARIABLE, str(home / "file" / "below"))
    with pytest.raises(ValueError, match="CONVSCOPE_HOME"):
        runs.launch(Recipe("lenet", dataset="digits"))
    assert runs.listed() == []


def test_a_full_disk_is_told_and_harms_nothing():
    number, writer = started(dataclasses.replace(STARTED, total_steps=10**6))
    connection = database.database()._writer.connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 8}").fetchone()  # SQLite's own full disk
    writer.tell(steps(0, 100))
    with pytest.raises(database.DiskFullError, match="is full"):
        writer.tell(steps(100, 10_000))
    assert len(runs.curves(number, most=10**6).step) == 100
    connection.execute("PRAGMA max_page_count=1000000").fetchone()
    writer.tell(steps(100, 100))
    assert len(runs.curves(number, most=10**6).step) == 200
    assert database.database().rows("PRAGMA integrity_check")[0][0] == "ok"


@contextmanager
def held(home: Path) -> Iterator[sqlite3.Connection]:
    """The store in another's hands, who has begun to write."""
    other = sqlite3.connect(
        home / "runs" / "runs.db", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    yield other
    if other.in_transaction:
        other.execute("ROLLBACK")
    other.close()


def test_a_worker_waits_for_a_store_that_is_held_and_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(database, "SECONDS_TO_WAIT", 0.05)
    number, writer = started()
    database.database().close()
    with held(home) as other:
        with pytest.raises(database.StoreError, match="Another process has been writing"):
            writer.tell(steps(0, 5))  # a page is told
        monkeypatch.setattr(database.database(), "patient", True)
        Timer(0.4, other.rollback).start()
        writer.tell(steps(0, 5))
    assert "waiting for it" in caplog.text
    assert runs.curves(number).step == [1, 2, 3, 4, 5]


def test_who_looks_does_not_wait_for_who_waits_to_write(home: Path):
    number = added()
    told: list[str] = []
    with held(home) as other:
        writer = Thread(target=runs.rename, args=(number, "later"))
        writer.start()
        until(lambda: not _free(database.database()._writer.lock))
        told += [run.name for run in runs.listed()]  # while the other one holds the store
        other.rollback()
        writer.join()
    assert told == ["a run"]
    assert runs.get(number).name == "later"


def _free(lock: RLock) -> bool:
    taken = lock.acquire(blocking=False)
    if taken:
        lock.release()
    return taken


def test_settling_reaches_the_disk_though_somebody_still_reads(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    """A checkpoint goes no further than the oldest reader: then the log itself has to be safe."""
    flushed: list[str] = []

    def watched(handle: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        fsync(handle)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", watched)
    number = added()
    database.database().settle()
    assert flushed == []  # SQLite has done it
    with closing(sqlite3.connect(home / "runs" / "runs.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchall()
        runs.rename(number, "newer")
        database.database().settle()
    assert flushed == ["runs.db-wal"]


def test_what_is_kept_is_its_owners_alone(home: Path, monkeypatch: pytest.MonkeyPatch):
    place = home / "named" / "here"
    monkeypatch.setenv(storage.VARIABLE, str(place))
    added()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place, place / "runs")] == [0o700] * 2
    open_to_all = home / "program"
    (open_to_all / "local").mkdir(parents=True)
    (open_to_all / "local").chmod(0o755)
    monkeypatch.setattr(storage, "PROJECT", open_to_all)
    monkeypatch.delenv(storage.VARIABLE)
    added()
    assert stat.S_IMODE((open_to_all / "local").stat().st_mode) == 0o700


def test_a_newer_or_damaged_store_is_told(home: Path):
    path = home / "runs" / "runs.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database, not a database, not a database " * 100)
    with pytest.raises(ValueError, match="damaged"):
        runs.listed()
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(ValueError, match="newer version"):
        runs.listed()


def test_a_folder_that_was_cleared_is_begun_anew(home: Path):
    added()
    for path in (home / "runs").iterdir():
        path.unlink()
    assert runs.listed() == []
    assert added() == 1
    assert [run.id for run in runs.listed()] == [1]
