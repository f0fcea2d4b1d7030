"""The store of runs: who may write what, what survives, what is said when it cannot be written."""

import dataclasses
import json
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock, Thread, Timer

import numpy as np
import pytest
import torch

from explorer import runs
from explorer.base import storage
from explorer.base.reasons import Reason
from explorer.base.units import duration
from explorer.cli import watch_run
from explorer.cli.main import main
from explorer.runs import (
    Request,
    Status,
    artifacts,
    database,
    placement,
    process,
    processes,
    store,
    watchdog,
)
from explorer.runs.placement import Placement
from explorer.runs.protocols import Alive, Ended, Held, Loading, NotMine, Resumed
from explorer.server import feed as run_feed
from explorer.server import run_list
from explorer.training import Capture, Snapshot
from explorer.training.recipes import Recipe
from tests.explorer.runs.played import SETTINGS, STARTED, added, begun, claimed, epoch, steps
from tests.run_processes import until


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own. No host is started here: runs stay in the queue."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    monkeypatch.setattr(processes, "wake", lambda _device: None)
    return tmp_path


# What is kept


def test_looking_leaves_no_trace(home: Path):
    assert runs.listed() == []
    assert runs.stamp() == ""
    with pytest.raises(ValueError, match="no run 1"):
        runs.get(1)
    assert list(home.iterdir()) == []


def test_a_launched_run_waits_with_its_recipe(home: Path):
    recipe = Recipe("bn_lenet", dataset="digits", epochs=2, seed=7)
    first, second = runs.launch(recipe), runs.launch(recipe, "  mine ")
    run = runs.get(first)
    assert run.recipe == recipe
    assert (run.status, run.device, run.name) == (Status.QUEUED, "cpu", "LeNet with batch norm · 1")
    assert runs.get(second).name == "mine"
    assert [each.id for each in runs.listed()] == [second, first]
    assert (home / "runs" / "runs.db").exists()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"learning_rate": float("nan")}, "learning rate"),
        ({"epochs": 0}, "number of epochs"),
        ({"network": "lenett"}, "lenett"),
        ({"size": 224}, "fc1"),
        ({"device": "cuda:7"}, "cuda:7"),
    ],
)
def test_what_cannot_be_trained_is_not_queued(change: dict[str, object], part: str):
    recipe = dataclasses.replace(Recipe("lenet", dataset="digits"), **change)
    with pytest.raises(ValueError, match=part):
        runs.launch(recipe)
    assert runs.listed() == []


def test_names_and_notes():
    number = added()
    runs.rename(number, "  sharper  ")
    runs.note(number, "lower rate\nthan before " + "x" * 3000)
    run = runs.get(number)
    assert run.name == "sharper"
    assert run.note.startswith("lower rate\nthan before")
    assert len(run.note) == 2000
    with pytest.raises(ValueError, match="at least one character"):
        runs.rename(number, " ")
    with pytest.raises(ValueError, match="no run 99"):
        runs.note(99, "")


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
    number = added()
    writer = begun()
    writer.tell(STARTED)
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


# The queue


def test_any_device_of_a_kind_takes_what_waits_for_the_kind_again_and_again():
    anywhere = store.add(SETTINGS, "anywhere", "cuda")  # its recipe asks for the best device
    only_first = store.add('{"device": "cuda:0"}', "only the first", "cuda:0")
    assert [runs.expected(runs.get(n)).position for n in (anywhere, only_first)] == [1, 2]
    assert store.claim("cpu", "1:2:3") is None
    assert store.claim("cuda:1", "1:2:3") == store.get(anywhere)
    assert store.get(anywhere).device == "cuda:1"
    assert store.claim("cuda:1", "1:2:4") is None  # what is left waits for another
    store.lost(store.get(anywhere), Reason("lost"))  # before it began
    assert store.get(anywhere).device == "cuda"
    taken = store.claim("cuda:0", "1:2:5")
    assert taken
    assert (taken.id, taken.device) == (anywhere, "cuda:0")
    store.move(anywhere, [Status.STARTING], Status.PAUSED)
    assert store.enqueue(anywhere, first=True)
    assert store.get(anywhere).device == "cuda"
    assert store.move(only_first, [Status.QUEUED], Status.PAUSED)
    assert store.enqueue(only_first, first=False)
    assert store.get(only_first).device == "cuda:0"


class Spare:
    """What a waiting worker measures, once it answers."""

    def __init__(self, free: int | None) -> None:
        self.free = free

    def free_memory(self) -> int | None:
        return self.free


def test_of_idle_devices_of_a_kind_the_emptiest_takes_a_run_and_none_waits_without_end(
    monkeypatch: pytest.MonkeyPatch,
):
    hosts = {"cuda:0": process.own(), "cuda:1": process.identity(os.getppid()), "cuda:2": "1:2:3"}
    with database.database().writing() as connection:
        rows = [(known, "host", place) for place, known in hosts.items()]
        connection.executemany(
            "INSERT INTO processes (identity, role, device) VALUES (?, ?, ?)", rows
        )
    first, second = (Placement(place, hosts[place]) for place in ("cuda:0", "cuda:1"))
    store.move(store.add(SETTINGS, "its own", "cuda:0"), [Status.QUEUED], Status.PAUSED)
    assert first.is_here(Spare(None))  # nothing waits for all of them
    waiting = store.add(SETTINGS, "anywhere", "cuda")
    assert not first.is_here(Spare(5))  # before it knows of the other; the dead one is no rival
    assert not second.is_here(Spare(None))
    assert second.is_here(Spare(9))
    assert not first.is_here(Spare(None))  # it leaves the run to the other
    with monkeypatch.context() as later:
        later.setattr(processes, "FRESH", 0.0)
        assert not first.is_here(Spare(5))
        later.setattr(placement, "PATIENCE", 0.0)
        assert first.is_here(Spare(5))  # the other one does not measure: nobody waits for ever
    assert store.claim("cuda:1", hosts["cuda:1"]) == store.get(waiting)
    store.add(SETTINGS, "the next", "cuda")
    assert first.is_here(Spare(None))  # the other one is busy


def test_the_queue_goes_by_its_order_and_one_device():
    first, second = added(), added()
    other = store.add(SETTINGS, "elsewhere", "cuda:0")
    assert runs.expected(runs.get(first)).position == 1
    assert runs.expected(runs.get(second)).position == 2
    assert runs.expected(runs.get(other)).position == 1
    assert claimed().run.id == first
    assert claimed().run.id == second
    assert store.claim("cpu", "1:2:3") is None


def test_a_paused_run_comes_back_to_the_head_of_the_queue():
    first, second, third = added(), added(), added()
    writer = begun()
    runs.pause(first)
    assert writer.tell(Alive()) is Request.PAUSE
    writer.tell(Ended(Status.PAUSED))
    runs.resume(first)
    order = [run.id for run in store.with_status(Status.QUEUED)]
    assert order == [first, second, third]
    runs.stop(second)
    assert runs.get(second).status is Status.CANCELLED
    runs.resume(second)
    assert [run.id for run in store.with_status(Status.QUEUED)] == [first, third, second]


def test_waiting_times_follow_the_rates_measured():
    first, second, third = added(), added(), added()
    writer = begun()
    assert runs.expected(runs.get(second)).until_start is None  # nothing is known yet
    writer.tell(STARTED)
    writer.tell(steps(0, 10))  # 10 of 30 steps in 5 seconds
    assert runs.expected(runs.get(first)).left == pytest.approx(10)
    assert runs.expected(runs.get(second)).until_start == pytest.approx(10)
    assert runs.expected(runs.get(third)).until_start == pytest.approx(10 + 15)
    assert runs.expected(runs.get(third)).left == pytest.approx(15)
    assert runs.expected(runs.get(third)).position == 2
    writer.tell(Ended(Status.STOPPED))
    assert runs.expected(runs.get(first)).left is None


def test_a_run_that_was_taken_up_again_is_judged_by_its_pace_since_then():
    number = added()
    writer = begun()
    writer.tell(STARTED)
    writer.tell(dataclasses.replace(steps(0, 10), seconds=100.0))  # beside something busy
    writer.tell(Ended(Status.PAUSED))
    runs.resume(number)
    waiting = added()
    writer = begun(resumed=Resumed(10, 100.0))
    writer.tell(STARTED)
    assert runs.expected(runs.get(number)).left == pytest.approx(200)  # nothing else is known yet
    writer.tell(dataclasses.replace(steps(10, 4), seconds=102.0))
    assert runs.expected(runs.get(number)).left == pytest.approx(16 * 0.5)
    assert runs.expected(runs.get(waiting)).left == pytest.approx(30 * 0.5)
    writer.tell(Held(1, 2))  # what is written beside it takes nothing away
    assert runs.expected(runs.get(number)).left == pytest.approx(16 * 0.5)


WHOLE = dataclasses.replace(STARTED, train_images=60_000, test_images=10_000)


@pytest.mark.parametrize(
    ("going", "waiting", "share"),
    [
        ({}, {"train_subset": 4000, "test_subset": 1000}, 4333.3 / 63_333.3),
        ({"train_subset": 4000, "test_subset": 1000}, {}, 63_333.3 / 4333.3),
        ({}, {"test_subset": 1000, "epochs": 6}, 2 * 60_333.3 / 63_333.3),
    ],
    ids=["a part after all pictures", "all pictures after a part", "longer, with fewer tests"],
)
def test_runs_on_a_part_of_the_pictures_and_on_all_of_them_are_told_apart(
    going: dict[str, int], waiting: dict[str, int], share: float
):
    recipe = Recipe("lenet", epochs=3)
    runs.launch(dataclasses.replace(recipe, **going))
    second, third = (runs.launch(dataclasses.replace(recipe, **waiting)) for _ in range(2))
    part = dataclasses.replace(STARTED, train_images=4000, test_images=1000)
    writer = begun()
    writer.tell(part if going else WHOLE)
    writer.tell(steps(0, 10))  # 10 of 30 steps in 5 seconds
    turn = runs.expected(runs.get(third))
    assert turn.left == pytest.approx(15 * share, rel=1e-4)
    assert turn.until_start == pytest.approx(10 + 15 * share, rel=1e-4)
    told = [
        (1, "number 1 in the queue, its turn in about 10 s", 10.0),
        (
            2,
            f"number 2 in the queue, its turn in about {duration(10 + 15 * share)}",
            10 + 15 * share,
        ),
    ]
    for number, (position, words, until_start) in zip((second, third), told, strict=True):
        assert words in watch_run.now(runs.get(number))  # in a terminal
        news = json.loads(run_feed.Feed(number).answer(run_feed.Question()) or b"")  # on a page
        assert news["queue"] == {"position": position, "until": round(until_start)}
        assert news["left"] == pytest.approx(15 * share, rel=1e-3)


def test_own_pictures_that_nobody_has_counted_yet_promise_nothing():
    settings = '{"network": "lenet", "epochs": 3, "dataset": "images/gone-1"}'
    _first, second = (store.add(settings, "own", "cpu") for _ in range(2))
    writer = begun()
    writer.tell(STARTED)
    writer.tell(steps(0, 10))
    assert runs.expected(runs.get(second)).until_start == pytest.approx(10)
    assert runs.expected(runs.get(second)).left is None


def test_an_estimate_stands_in_until_a_rate_is_known():
    runs.launch(Recipe("lenet", dataset="digits"), seconds=40)
    second = runs.launch(Recipe("nin", dataset="digits", size=224), seconds=600)
    assert runs.expected(runs.get(second)).until_start == 40
    assert runs.expected(runs.get(second)).left == 600


def test_a_download_is_followed_in_a_terminal():
    number = added()
    writer = claimed()
    writer.claim()
    assert watch_run.now(runs.get(number)) == "reading the data …"
    writer.tell(Loading(4_640_000, 11_594_722))
    told = watch_run.now(runs.get(number))
    assert "40 %  downloading the data, 4.64 MB of 11.6 MB" in told
    assert told.startswith("█████████▋ ")
    writer.tell(Loading(11_594_722, 11_594_722))
    assert watch_run.now(runs.get(number)) == "reading the data …"


# Who may write


def test_a_run_is_given_to_one_worker_only():
    added()
    assert store.claim("cpu", "1:1:1")
    assert store.claim("cpu", "2:2:2") is None


def test_who_has_lost_a_run_writes_nothing_more():
    number = added()
    writer = begun()
    writer.tell(STARTED)
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
    claimed("1:1:1")
    waiting = store.add(SETTINGS, "here", "cpu")
    woken: list[str] = []
    monkeypatch.setattr(processes, "wake", woken.append)
    watchdog.submit(waiting)
    time.sleep(watchdog.EVERY)
    assert [run.id for run in runs.listed()] == [waiting, number]
    assert woken == ["cpu", "cpu"]  # when it was submitted, and at the look


def test_a_number_that_no_run_can_have_is_answered():
    with pytest.raises(ValueError, match="There is no run"):
        runs.get(10**30)


def test_what_a_dead_worker_had_begun_to_write_is_taken_away():
    place = artifacts.checkpoint_file(7, 1)
    place.parent.mkdir(parents=True)
    for name in (place.name, f".{place.name}.4711"):
        place.with_name(name).touch()
    artifacts.forget_after(7, 1)
    assert list(place.parent.iterdir()) == [place]


def test_a_process_number_that_came_back_is_another_process():
    pid, started, boot = process.own().split(":")
    assert process.alive(f"{pid}:{started}:{boot}")
    assert not process.alive(f"{pid}:{int(started) - 1}:{boot}")
    assert not process.alive(f"{pid}:{started}:another-boot")
    assert not process.alive("")


@pytest.mark.parametrize("status", [Status.STARTING, Status.QUEUED])
def test_what_waits_or_goes_is_not_deleted(status: Status):
    number = added()
    if status is Status.STARTING:
        claimed()
    with pytest.raises(ValueError, match="Stop it before"):
        runs.delete(number)
    assert runs.get(number).status is status


def test_deleting_takes_everything_away(home: Path):
    number, other = added(), added()
    writer = begun()
    writer.tell(STARTED)
    writer.tell(steps(0, 10))
    writer.tell(epoch(1))
    artifacts.checkpoint_file(number, 1).parent.mkdir()
    artifacts.checkpoint_file(number, 1).touch()
    writer.tell(Ended(Status.FINISHED))
    runs.delete(number)
    assert [run.id for run in runs.listed()] == [other]
    assert not artifacts.folder(number).exists()
    with sqlite3.connect(home / "runs" / "runs.db") as connection:
        left = "SELECT run FROM steps UNION SELECT run FROM epochs UNION SELECT run FROM snapshots"
        assert connection.execute(left).fetchall() == []
    connection.close()


@pytest.mark.parametrize("verb", [runs.pause, runs.stop, runs.cancel, runs.resume])
def test_verbs_on_a_finished_run_are_refused_in_a_sentence(verb):
    number = added("the best")
    claimed().tell(Ended(Status.FINISHED))
    with pytest.raises(ValueError, match="the best is finished"):
        verb(number)


def test_a_paused_run_can_be_stopped():
    number = added()
    runs.pause(number)
    assert runs.get(number).status is Status.PAUSED
    runs.stop(number)
    assert runs.get(number).status is Status.STOPPED


def test_a_diverged_run_is_not_resumed():
    number = added()
    claimed().tell(Ended(Status.DIVERGED, Reason("disk_full")))
    with pytest.raises(ValueError, match="lower learning rate"):
        runs.resume(number)


def test_retry_is_a_new_run_with_the_same_recipe():
    recipe = Recipe("lenet", dataset="digits", seed=3)
    number = runs.launch(recipe)
    again = runs.get(runs.retry(number))
    assert again.recipe == recipe
    assert again.parent == number
    assert again.status is Status.QUEUED


def test_launching_never_fails_once_the_run_is_queued(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """A host that cannot be started is tried again by whoever looks."""
    tried: list[str] = []

    def refuse(device: str) -> None:
        tried.append(device)
        raise ValueError("The process for runs could not be started; see its log.")

    monkeypatch.setattr(processes, "wake", refuse)
    number = runs.launch(Recipe("lenet", dataset="digits"))
    assert "could not be started" in caplog.text
    assert f"Run {number} is queued" in caplog.text
    time.sleep(watchdog.EVERY)
    assert runs.get(number).status is Status.QUEUED
    assert tried == ["cpu", "cpu"]
    runs.pause(number)
    runs.resume(number)
    assert runs.get(number).status is Status.QUEUED


def test_an_unknown_engine_is_refused_before_anything_is_queued():
    with pytest.raises(ValueError, match="no engine called “cloud”"):
        runs.launch(Recipe("lenet", dataset="digits"), engine="cloud")
    assert runs.listed() == []


def test_folders_without_a_row_are_swept_when_a_server_starts(home: Path):
    kept = added()
    for name in (str(kept), "77", "measured", "7x"):
        (home / "runs" / name).mkdir()
    (home / "runs" / "88").touch()
    watchdog.watch("cpu")
    left = {path.name for path in (home / "runs").iterdir() if not path.name.startswith("runs.db")}
    assert left == {str(kept), "measured", "7x", "88", "ballast"}


# Curves


def every_step(number: int) -> runs.Curve:
    return runs.curves(number, most=10**6)


def trained(count: int, since: int = 0) -> int:
    number = added()
    writer = begun()
    writer.tell(dataclasses.replace(STARTED, total_steps=count))
    for first in range(since, count, 7):
        writer.tell(steps(first, min(7, count - first)))
    writer.tell(Ended(Status.FINISHED))
    return number


def test_every_step_is_kept_as_it_was():
    curve = runs.curves(trained(30))
    assert curve.stride == 1
    assert curve.step == list(range(1, 31))
    assert curve.loss == [1 / n for n in curve.step]
    assert curve.images == [32 * n for n in curve.step]
    assert curve.epoch == [n / 10 for n in curve.step]
    np.testing.assert_allclose(curve.seconds, [0.5 * n for n in curve.step])


def test_thinned_points_are_means_of_their_steps():
    number = trained(1000)
    curve = runs.curves(number, most=130)
    assert curve.stride == 8
    assert curve.step == list(range(8, 1001, 8))
    loss = (1 / np.arange(1, 1001)).reshape(-1, 8).mean(axis=1)
    np.testing.assert_allclose(curve.loss, loss)


def test_points_come_once_whatever_the_rhythm_of_asking():
    number = added()
    writer = begun()
    writer.tell(dataclasses.replace(STARTED, total_steps=100))
    seen: list[int] = []
    losses: list[float | None] = []
    for first in range(0, 100, 7):
        writer.tell(steps(first, min(7, 100 - first)))
        curve = runs.curves(number, seen[-1] if seen else 0, most=25)
        seen += curve.step
        losses += curve.loss
    writer.tell(Ended(Status.FINISHED))
    whole = runs.curves(number, most=25)
    assert (seen, losses) == (whole.step, whole.loss)
    assert len(seen) == 25


def test_numbers_that_are_not_finite_are_gaps():
    number = added()
    writer = begun()
    writer.tell(STARTED)
    writer.tell(steps(0, 2, loss=float("nan")))
    assert runs.curves(number).loss == [None, None]


def test_resuming_replaces_what_came_after_the_state():
    number = added()
    writer = begun()
    writer.tell(STARTED)
    writer.tell(steps(0, 10))
    writer.tell(epoch(1))
    writer.tell(steps(10, 4))
    writer.tell(Snapshot(2, 14, None, torch.zeros(2, 10)))
    store.lost(runs.get(number), Reason("lost"))
    runs.resume(number)
    again = begun(resumed=Resumed(12, 6.0))
    run = runs.get(number)
    assert (run.progress.step, run.progress.epoch, run.progress.seconds) == (12, 1, 6.0)
    assert run.test_accuracy == 0.25
    assert runs.curves(number).step == list(range(1, 13))
    assert runs.snapshots(number) == []
    again.tell(STARTED)
    again.tell(steps(12, 8))
    again.tell(epoch(2))
    assert runs.curves(number).step == list(range(1, 21))
    assert runs.curves(number).images == [32 * n for n in range(1, 21)]
    assert [row.epoch for row in runs.epochs(number)] == [1, 2]
    assert runs.get(number).test_accuracy == 0.5


def test_what_an_earlier_session_told_of_memory_and_launching_stands():
    number = added()
    writer = begun()
    writer.tell(STARTED)
    writer.tell(Capture(captured=False, reason="differs", excess=2.5))
    writer.tell(Held(100, 700))
    store.lost(runs.get(number), Reason("lost"))
    runs.resume(number)
    again = begun(resumed=Resumed(4, 2.0))
    again.tell(Loading(3, 9))
    facts = runs.get(number).metadata
    assert (facts["loading"], facts["train_images"]) == ([3, 9], 320)
    again.tell(dataclasses.replace(STARTED, threads=2))
    facts = runs.get(number).metadata
    assert not facts["loading"]
    assert (facts["threads"], facts["samples"], facts["sitting"]) == (2, [0, 1], [4, 2.0])
    assert (facts["channels_last"], facts["first_kernels"]) == (False, "conv1")
    again.tell(Held(90, 600))  # the new one has held less by now
    facts = runs.get(number).metadata
    assert (facts["memory"], facts["peak_memory"]) == (90, 700)
    assert facts["capture"]["excess"] == 2.5


def test_epochs_snapshots_and_predictions_come_back_as_they_were():
    number = added()
    writer = begun()
    writer.tell(STARTED)
    kernels, answers = torch.rand(6, 1, 5, 5), torch.rand(2, 10)
    writer.tell(Snapshot(0, 0, kernels, answers))
    writer.tell(Snapshot(1, 3, kernels + 1, answers))
    writer.tell(Snapshot(1, 10, kernels + 2, answers))
    writer.tell(epoch(1))
    assert runs.snapshots(number) == [0, 1]
    last = runs.snapshot(number)
    assert last
    assert (last.epoch, last.step) == (1, 10)
    assert last.kernels is not None
    np.testing.assert_array_equal(last.kernels, (kernels + 2).numpy())
    first = runs.snapshot(number, 0)
    assert first
    np.testing.assert_array_equal(first.probabilities, answers.numpy())
    assert runs.snapshot(number, 7) is None
    (row,) = runs.epochs(number)
    assert (row.epoch, row.test_loss, row.test_accuracy) == (1, None, 0.25)
    seen = runs.predictions(number)
    assert seen.predicted.tolist() == [0, 1, 2, 1, 9]
    assert seen.true_probability.tolist() == [0.5, 0.125, 1, 0, 0.5]
    with pytest.raises(ValueError, match="no predictions of epoch 2"):
        runs.predictions(number, 2)
    assert runs.get(number).metadata["samples"] == [0, 1]


# Checkpoints


def test_checkpoints_are_found_by_epoch_and_the_oldest_give_way(home: Path):
    number = added()
    with pytest.raises(ValueError, match="no epoch of it is done"):
        runs.checkpoint(number)
    for which in (1, 2, 3):
        path = artifacts.checkpoint_file(number, which)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100))
    assert runs.checkpoint(number).name == "epoch-0003.safetensors"
    assert runs.checkpoint(number, 2) == home / "runs" / str(number) / "epoch-0002.safetensors"
    artifacts.make_room(number, 250)
    assert runs.checkpoints(number) == [2, 3]
    artifacts.make_room(number, 10)
    assert runs.checkpoints(number) == [3]
    with pytest.raises(ValueError, match="It has those of 3"):
        runs.checkpoint(number, 1)


def test_epochs_whose_weights_made_room_are_told(capsys: pytest.CaptureFixture[str]):
    number = added()
    writer = begun()
    writer.tell(STARTED)
    artifacts.checkpoint_file(number, 1).parent.mkdir()
    for which in (1, 2, 3):
        writer.tell(epoch(which))
        artifacts.checkpoint_file(number, which).write_bytes(bytes(100))
        artifacts.make_room(number, 200)
        if which == 2:
            assert not str(runs.weights(number))
    assert main(["runs", "show", str(number)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The weights of these epochs are kept: 2–3. Those of 1 are not: a run keeps at most "
        "2.00 GB, and saves no more often than the disk can follow."
    )
    assert main(["runs", "show", str(number), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weights"] == {"kept": [2, 3], "gone": [1]}


def test_rising_numbers_are_told_as_spans():
    assert artifacts.spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert artifacts.spans([4]) == "4"
    assert artifacts.spans([]) == "–"


# When it cannot be written


def test_a_folder_that_cannot_be_made_is_told(home: Path, monkeypatch: pytest.MonkeyPatch):
    (home / "file").touch()
    monkeypatch.setenv(storage.VARIABLE, str(home / "file" / "below"))
    with pytest.raises(ValueError, match="CONVSCOPE_HOME"):
        runs.launch(Recipe("lenet", dataset="digits"))
    assert runs.listed() == []


def test_a_full_disk_is_told_and_harms_nothing():
    number = added()
    writer = begun()
    writer.tell(dataclasses.replace(STARTED, total_steps=10**6))
    connection = database.database()._writer.connection()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages + 8}").fetchone()  # SQLite's own full disk
    writer.tell(steps(0, 100))
    with pytest.raises(database.DiskFullError, match="is full"):
        writer.tell(steps(100, 10_000))
    assert len(every_step(number).step) == 100
    connection.execute("PRAGMA max_page_count=1000000").fetchone()
    writer.tell(steps(100, 100))
    assert len(every_step(number).step) == 200
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
    number = added()
    writer = begun()
    writer.tell(STARTED)
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


def test_recipes_of_another_version_are_listed_all_the_same():
    number = store.add('{"network": "lenet", "magic": 3}', "old", "cpu")
    (run,) = runs.listed()
    assert run.id == number
    with pytest.raises(ValueError, match="magic"):
        _ = run.recipe


def test_the_host_never_imports_torch():
    code = "import sys, explorer.runs.host; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=storage.PROJECT, check=True)
