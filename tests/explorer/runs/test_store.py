"""Runs as rows: what is kept, what tells of a change, who may write; and the file itself."""

import dataclasses
import json
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock, Thread, Timer
from typing import Any

import pytest

from explorer import runs
from explorer.base import storage
from explorer.base.reasons import Reason
from explorer.runs import Request, Status, database, process, store, watchdog
from explorer.runs.protocols import Alive, Ended, NotMine, Resumed
from explorer.server import feed as run_feed
from explorer.training.recipes import Recipe
from tests.explorer.runs import played
from tests.explorer.runs.played import SETTINGS, added, begun, claimed, started, steps
from tests.run_processes import until

pytestmark = pytest.mark.usefixtures("home")


def test_looking_leaves_no_trace(home: Path):
    assert runs.listed() == []
    assert runs.stamp() == ""
    for number in (1, 10**30):  # the latter is more than SQLite can count
        with pytest.raises(ValueError, match=f"There is no run {number}"):
            runs.get(number)
    assert list(home.iterdir()) == []


def test_a_stamp_tells_of_every_change():
    stamps = {runs.stamp()}

    def changed(result: Any) -> Any:
        stamps.add(runs.stamp())
        return result

    number = changed(added())
    changed(runs.rename(number, "b"))
    writer = changed(claimed())
    changed(writer.claim())
    changed(writer.tell(Resumed()))
    changed(writer.tell(Ended(Status.STOPPED)))
    changed(runs.delete(number))
    assert len(stamps) == 8
    assert added() > number, "numbers are never given twice"


def test_a_clock_that_was_set_back_hides_no_change(monkeypatch: pytest.MonkeyPatch):
    number, writer = started()
    writer.tell(steps(0, 5))
    fresh = run_feed.Table()
    before = (fresh.news("") or {})["seen"]
    feed = run_feed.Feed(number)
    mark = json.loads(feed.answer(run_feed.Question()) or b"")["seen"]
    yesterday = time.time() - 86_400
    monkeypatch.setattr(time, "time", lambda: yesterday)
    writer.tell(steps(5, 5))
    other = added("another")
    monkeypatch.setattr(run_feed, "FRESH", 0.0)
    table = fresh.news(before)
    assert table
    assert {row["id"] for row in table["rows"]} == {number, other}
    assert fresh.news(table["seen"]) is None
    news = json.loads(feed.answer(run_feed.Question(since=5, stamp=mark)) or b"")
    assert news["progress"]["step"] == 10


def test_a_table_tells_a_cleared_folder_from_the_one_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_feed, "FRESH", 0.0)
    table = run_feed.Table()
    for _number in range(3):
        added("of before")
    before = (table.news("") or {})["seen"]
    for path in (home / "runs").iterdir():
        path.unlink()
    assert runs.listed() == []
    assert added("anew") == 1
    news = table.news(before) or {}
    assert [row["name"] for row in news["rows"]] == ["anew"]
    assert news["all"] == [1]


def test_folders_without_a_row_are_swept_when_a_server_starts(home: Path):
    number = added()
    for name in (str(number), "77", "measured", "7x"):
        (home / "runs" / name).mkdir()
    (home / "runs" / "88").touch()
    watchdog.watch("cpu")
    left = {path.name for path in (home / "runs").iterdir() if not path.name.startswith("runs.db")}
    assert left == {str(number), "measured", "7x", "88", "ballast"}


def test_recipes_of_another_version_are_listed_all_the_same():
    number = store.add('{"network": "lenet", "magic": 3}', "old", "cpu")
    (run,) = runs.listed()
    assert run.id == number
    with pytest.raises(ValueError, match="magic"):
        _ = run.recipe


# Who may write


def test_a_run_that_was_given_to_a_worker_is_never_left_without_it(monkeypatch: pytest.MonkeyPatch):
    """The store fails between two queries: a host gives its worker what it was told, or nothing."""
    number, rows = added(), database.Database.rows

    def unread_once_given(self: database.Database, query: str, values: Sequence[object] = ()):
        if rows(self, "SELECT 1 FROM runs WHERE status = ?", (Status.STARTING,)):
            raise database.StoreError("store_busy", folder="runs", seconds=10)
        return rows(self, query, values)

    monkeypatch.setattr(database.Database, "rows", unread_once_given)
    run = store.claim("cpu", "1:1:1")
    assert run
    assert (run.id, run.status, run.worker) == (number, Status.STARTING, "1:1:1")


def test_who_has_lost_a_run_writes_nothing_more():
    number, writer = started()
    writer.tell(steps(0, 5))
    store.lost(runs.get(number), Reason("lost"))
    for write in (
        lambda: writer.tell(steps(5, 5)),
        lambda: writer.tell(played.epoch(1)),
        lambda: writer.tell(Ended(Status.FINISHED)),
        lambda: writer.tell(Alive()),
    ):
        runs.resume(number)
        store.claim("cpu", "1:1:1")
        with pytest.raises(NotMine):
            write()
        # Not `runs.get`: whoever looks finds the worker dead, and gives the run back.
        store.lost(dataclasses.replace(store.get(number), claimed_at=1.0), Reason("lost"))
    assert runs.get(number).status is Status.INTERRUPTED
    assert runs.curves(number).step == [1, 2, 3, 4, 5]
    assert runs.epochs(number) == []


def test_a_worker_that_dies_before_it_begins_gives_the_run_back_but_not_for_ever():
    number = added()
    for attempt in (1, 2):
        claimed("1:1:1")
        assert store.lost(store.get(number), Reason("lost"))
        run = store.get(number)
        assert (run.status, run.attempts) == (Status.QUEUED, attempt)
    claimed("1:1:1")
    store.lost(store.get(number), Reason("lost"))
    run = store.get(number)
    assert run.status is Status.FAILED
    assert "died 3 times before it could begin" in str(run.reason)
    runs.resume(number)
    assert store.get(number).attempts == 0


@pytest.mark.parametrize(
    ("verb", "attempts", "status"),
    [
        (runs.stop, 1, Status.STOPPED),
        (runs.stop, store.MOST_ATTEMPTS, Status.STOPPED),
        (runs.pause, 1, Status.PAUSED),
    ],
)
def test_what_was_asked_of_a_worker_that_died_before_it_began_is_done(
    verb: Callable[[int], None], attempts: int, status: Status
):
    number = added()
    for _attempt in range(attempts):
        claimed("1:1:1")
        before = store.get(number)
        if before.attempts == attempts - 1:
            verb(number)  # after the host has looked
        store.lost(before, Reason("lost"))
    run = store.get(number)
    assert (run.status, run.requested) == (status, Request.GO_ON)


def test_who_asks_of_a_run_that_is_over_is_told_so_though_a_request_stands_in_its_row():
    number = added("the one")
    claimed("1:1:1")
    runs.stop(number)
    store.move(number, [Status.STARTING], Status.FAILED)
    with pytest.raises(ValueError, match="the one is failed"):
        runs.stop(number)


def test_a_run_whose_worker_and_host_are_gone_is_found_at_the_next_look():
    number = added()
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert ended.stdin
    worker = process.identity(ended.pid)
    begun(worker)
    assert runs.get(number).status is Status.STARTING
    assert process.alive(worker)
    ended.kill()
    ended.stdin.close()
    until(lambda: not process.alive(worker))  # also while it waits to be reaped
    ended.wait()
    time.sleep(watchdog.EVERY)
    run = runs.get(number)
    assert run.status is Status.INTERRUPTED
    assert "resumed" in str(run.reason)


def test_a_run_of_an_engine_that_is_gone_spoils_no_look(woken: list[str]):
    number = store.add(SETTINGS, "far away", "cpu", engine="cloud")
    assert store.claim("cpu", "1:1:1", "cloud")
    waiting = store.add(SETTINGS, "here", "cpu")
    watchdog.submit(waiting)
    time.sleep(watchdog.EVERY)
    assert [run.id for run in runs.listed()] == [waiting, number]
    assert woken == ["cpu"] * 3  # watched for and submitted, then submitted again at the look


def test_a_process_number_that_came_back_is_another_process():
    pid, started, boot = process.own().split(":")
    assert process.alive(f"{pid}:{started}:{boot}")
    assert not process.alive(f"{pid}:{int(started) - 1}:{boot}")
    assert not process.alive(f"{pid}:{started}:another-boot")
    assert not process.alive("")


# -- the store's file -----------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_told(home: Path, monkeypatch: pytest.MonkeyPatch):
    (home / "file").touch()
    monkeypatch.setenv(storage.VARIABLE, str(home / "file" / "below"))
    with pytest.raises(ValueError, match="CONVSCOPE_HOME"):
        runs.launch(Recipe("lenet", dataset="digits"))
    assert runs.listed() == []


def test_a_full_disk_is_told_and_harms_nothing():
    number, writer = started(dataclasses.replace(played.STARTED, total_steps=10**6))
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
    with held(home) as other:
        writer = Thread(target=runs.rename, args=(number, "later"))
        writer.start()
        until(lambda: not _free(database.database()._writer.lock))
        (run,) = runs.listed()  # while the other one holds the store
        other.rollback()
        writer.join()
    assert run.name == "a run"
    assert runs.get(number).name == "later"


def _free(lock: RLock) -> bool:
    free = lock.acquire(blocking=False)
    if free:
        lock.release()
    return free


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
    database.database().sync()
    assert flushed == []  # SQLite has done it
    with closing(sqlite3.connect(home / "runs" / "runs.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchall()
        runs.rename(number, "newer")
        database.database().sync()
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
