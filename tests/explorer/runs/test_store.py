"""Runs as rows: what is kept, what tells of a change, who may write."""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer import runs
from explorer.base.reasons import Reason
from explorer.runs import Status, process, store, watchdog
from explorer.runs.engines.local import processes
from explorer.runs.protocols import Alive, Ended, NotMine, Resumed
from explorer.server import feed as run_feed
from explorer.server import run_list
from tests.explorer.runs.played import (
    SETTINGS,
    added,
    begun,
    claimed,
    epoch,
    started,
    steps,
)
from tests.run_processes import until

pytestmark = pytest.mark.usefixtures("home")


def test_looking_leaves_no_trace(home: Path):
    assert runs.listed() == []
    assert runs.stamp() == ""
    with pytest.raises(ValueError, match="no run 1"):
        runs.get(1)
    assert list(home.iterdir()) == []


def test_a_stamp_tells_of_every_change():
    stamps = {runs.stamp()}
    number = added()
    stamps.add(runs.stamp())
    runs.rename(number, "b")
    stamps.add(runs.stamp())
    writer = claimed()
    stamps.add(runs.stamp())
    writer.claim()
    stamps.add(runs.stamp())
    writer.tell(Resumed())
    stamps.add(runs.stamp())
    writer.tell(Ended(Status.STOPPED))
    stamps.add(runs.stamp())
    runs.delete(number)
    stamps.add(runs.stamp())
    assert len(stamps) == 8


def test_a_clock_that_was_set_back_hides_no_change(monkeypatch: pytest.MonkeyPatch):
    number, writer = started()
    writer.tell(steps(0, 5))
    fresh = run_list.Table()
    seen = (fresh.news("") or {})["seen"]
    feed = run_feed.Feed(number)
    known = json.loads(feed.answer(run_feed.Question()) or b"")["seen"]
    yesterday = time.time() - 86_400
    monkeypatch.setattr(time, "time", lambda: yesterday)
    writer.tell(steps(5, 5))
    other = added("another")
    monkeypatch.setattr(run_list, "FRESH", 0.0)
    monkeypatch.setattr(run_feed, "FRESH", 0.0)
    table = fresh.news(seen)
    assert table
    assert {row["id"] for row in table["rows"]} == {number, other}
    assert fresh.news(table["seen"]) is None
    news = json.loads(feed.answer(run_feed.Question(since=5, seen=known)) or b"")
    assert news["progress"]["step"] == 10


def test_a_table_tells_a_cleared_folder_from_the_one_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_list, "FRESH", 0.0)
    table = run_list.Table()
    for _number in range(3):
        added("of before")
    seen = (table.news("") or {})["seen"]
    for path in (home / "runs").iterdir():
        path.unlink()
    added("anew")
    news = table.news(seen) or {}
    assert [row["name"] for row in news["rows"]] == ["anew"]
    assert news["all"] == [1]


def test_numbers_are_never_given_twice():
    first = added()
    runs.cancel(first)
    runs.delete(first)
    assert added() > first


def test_a_number_that_no_run_can_have_is_answered():
    with pytest.raises(ValueError, match="There is no run"):
        runs.get(10**30)


def test_folders_without_a_row_are_swept_when_a_server_starts(home: Path):
    kept = added()
    for name in (str(kept), "77", "measured", "7x"):
        (home / "runs" / name).mkdir()
    (home / "runs" / "88").touch()
    watchdog.watch("cpu")
    left = {path.name for path in (home / "runs").iterdir() if not path.name.startswith("runs.db")}
    assert left == {str(kept), "measured", "7x", "88", "ballast"}


def test_recipes_of_another_version_are_listed_all_the_same():
    number = store.add('{"network": "lenet", "magic": 3}', "old", "cpu")
    (run,) = runs.listed()
    assert run.id == number
    with pytest.raises(ValueError, match="magic"):
        _ = run.recipe


# Who may write


def test_a_run_is_given_to_one_worker_only():
    added()
    assert store.claim("cpu", "1:1:1")
    assert store.claim("cpu", "2:2:2") is None


def test_who_has_lost_a_run_writes_nothing_more():
    number, writer = started()
    writer.tell(steps(0, 5))
    store.lost(runs.get(number), Reason("lost"))
    for write in (
        lambda: writer.tell(steps(5, 5)),
        lambda: writer.tell(epoch(1)),
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


def test_a_run_of_an_engine_that_is_gone_spoils_no_look(monkeypatch: pytest.MonkeyPatch):
    number = store.add(SETTINGS, "far away", "cpu", engine="cloud")
    assert store.claim("cpu", "1:1:1", "cloud")
    waiting = store.add(SETTINGS, "here", "cpu")
    woken: list[str] = []
    monkeypatch.setattr(processes, "wake", woken.append)
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
