"""What is asked of runs, what is refused and how; whose turn it is, on which device, and when."""

import dataclasses
import json
import os
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from explorer import runs
from explorer.base.reasons import Reason
from explorer.base.units import duration
from explorer.cli import watch_run
from explorer.runs import Request, Status, artifacts, database, process, store, watchdog
from explorer.runs.engines.local import host, processes
from explorer.runs.engines.local.host import Placement
from explorer.runs.protocols import Alive, Ended, Held, Loading, Resumed
from explorer.server import feed as run_feed
from explorer.training.recipes import Recipe
from tests.explorer.runs import played
from tests.explorer.runs.played import SETTINGS, STARTED, added, begun, claimed, started, steps

pytestmark = pytest.mark.usefixtures("home")


def test_a_launched_run_waits_with_its_recipe(home: Path):
    recipe = Recipe("bn_lenet", dataset="digits", epochs=2, seed=7)
    first, second = runs.launch(recipe), runs.launch(recipe, "  mine ")
    run = runs.get(first)
    assert run.recipe == recipe
    assert (run.status, run.device, run.name) == (Status.QUEUED, "cpu", "LeNet with batch norm · 1")
    assert runs.get(second).name == "mine"
    again = runs.get(runs.retry(first))
    assert (again.recipe, again.parent, again.status) == (recipe, first, Status.QUEUED)
    assert [each.id for each in runs.listed()] == [again.id, second, first]
    assert (home / "runs" / "runs.db").exists()


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


@pytest.mark.parametrize("place", [None, (artifacts, "remove"), (database.Database, "sync")])
def test_a_deleted_run_leaves_nothing_to_be_seen_or_taken_up(
    monkeypatch: pytest.MonkeyPatch, place: tuple[object, str] | None
):
    """Nor does one whose process ends before the files have gone, or between two parts of rows."""
    monkeypatch.setattr(store, "_PARTS", {**store._PARTS, "steps": ("step", 4)})
    number, writer = started()
    other = added()
    writer.tell(steps(0, 10))
    writer.tell(played.epoch(1))
    artifacts.checkpoint_file(number, 1).parent.mkdir()
    artifacts.checkpoint_file(number, 1).touch()
    writer.tell(Ended(Status.STOPPED))
    stamp = runs.stamp()
    if place:
        with monkeypatch.context() as power:
            power.setattr(*place, Mock(side_effect=KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                runs.delete(number)
    else:
        runs.delete(number)
    assert [run.id for run in runs.listed()] == [other]
    assert runs.stamp() != stamp
    for verb in (runs.get, runs.resume, runs.retry, runs.delete):
        with pytest.raises(ValueError, match=f"There is no run {number}"):
            verb(number)
    if place:
        store.sweep()
    assert not artifacts.folder(number).exists()
    rows = "SELECT id FROM runs UNION SELECT run FROM steps UNION SELECT run FROM epochs"
    assert [row[0] for row in database.database().rows(rows)] == [other]


@pytest.mark.parametrize(
    ("verb", "status", "words"),
    [
        *((verb, Status.FINISHED, "the best is finished") for verb in (runs.pause, runs.stop)),
        (runs.resume, Status.FINISHED, "the best is finished. A new run can repeat it"),
        (runs.resume, Status.DIVERGED, "lower learning rate"),
    ],
)
def test_verbs_on_a_run_that_is_over_are_refused_in_a_sentence(verb, status: Status, words: str):
    number = added("the best")
    claimed().tell(Ended(status))
    with pytest.raises(ValueError, match=words):
        verb(number)


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
    assert tried == ["cpu"] * 3, "to be kept ready, to take the run, and a round later"
    runs.pause(number)
    runs.resume(number)
    assert runs.get(number).status is Status.QUEUED


def test_an_unknown_engine_is_refused_before_anything_is_queued():
    with pytest.raises(ValueError, match="no engine called “cloud”"):
        runs.launch(Recipe("lenet", dataset="digits"), engine="cloud")
    assert runs.listed() == []


@pytest.mark.parametrize("status", Status)
def test_what_is_offered_can_be_done_and_nothing_else_resumes_or_is_deleted(status: Status):
    for command in {*runs.COMMANDS[status], "resume"}:
        number = runs.launch(Recipe("lenet", dataset="digits"))
        if status.active:
            claimed()
        store.move(number, [*Status], status)
        if not status.over:
            with pytest.raises(ValueError, match="Stop it before"):
                runs.delete(number)
        if command in runs.COMMANDS[status]:
            getattr(runs, command)(number)
            if status is Status.PAUSED and command == "stop":
                assert runs.get(number).status is Status.STOPPED
        else:
            with pytest.raises(ValueError, match=str(runs.get(number).name)):
                runs.resume(number)
        store.move(number, [*Status], Status.FINISHED)


# -- the queue: whose turn it is, on which device, and when ---------------------------------------


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
    assert store.claim("cuda:0", "1:2:5") == store.get(anywhere)
    assert store.get(anywhere).device == "cuda:0"
    store.move(anywhere, [Status.STARTING], Status.PAUSED)
    assert store.enqueue(anywhere, first=True)
    assert store.get(anywhere).device == "cuda"
    assert store.move(only_first, [Status.QUEUED], Status.PAUSED)
    assert store.enqueue(only_first, first=False)
    assert store.get(only_first).device == "cuda:0"


def test_of_idle_devices_of_a_kind_the_emptiest_takes_a_run_and_none_waits_without_end(
    monkeypatch: pytest.MonkeyPatch,
):
    def spare(free: int | None) -> SimpleNamespace:  # a waiting worker, and what it measures
        return SimpleNamespace(free_memory=lambda: free)

    hosts = {"cuda:0": process.own(), "cuda:1": process.identity(os.getppid()), "cuda:2": "1:2:3"}
    with database.database().writing() as connection:
        for place, identity in hosts.items():
            processes._add(connection, identity, "host", place)
    first, second = (Placement(place, hosts[place]) for place in ("cuda:0", "cuda:1"))
    store.move(store.add(SETTINGS, "its own", "cuda:0"), [Status.QUEUED], Status.PAUSED)
    assert first.is_here(spare(None))  # nothing waits for all of them
    waiting = store.add(SETTINGS, "anywhere", "cuda")
    assert not first.is_here(spare(5))  # before it knows of the other; the dead one is no rival
    assert not second.is_here(spare(None))
    assert second.is_here(spare(9))
    assert not first.is_here(spare(None))  # it leaves the run to the other
    with monkeypatch.context() as later:
        later.setattr(host, "FRESH", 0.0)
        assert not first.is_here(spare(5))
        later.setattr(host, "SECONDS_TO_MEASURE", 0.0)
        assert first.is_here(spare(5))  # the other one does not measure: nobody waits for ever
    assert store.claim("cuda:1", hosts["cuda:1"]) == store.get(waiting)
    store.add(SETTINGS, "the next", "cuda")
    assert first.is_here(spare(None))  # the other one is busy


def test_a_paused_run_comes_back_to_the_head_of_the_queue():
    first, second, third = added(), added(), added()
    other = store.add(SETTINGS, "elsewhere", "cuda:0")
    assert [runs.expected(runs.get(n)).position for n in (first, second, other)] == [1, 2, 1]
    writer = begun()
    assert writer.run.id == first
    runs.pause(first)
    assert writer.tell(Alive()) is Request.PAUSE
    writer.tell(Ended(Status.PAUSED))
    runs.resume(first)
    waiting = partial(store.with_status, Status.QUEUED, device="cpu")
    assert [run.id for run in waiting()] == [first, second, third]
    runs.stop(second)
    assert runs.get(second).status is Status.CANCELLED
    runs.resume(second)
    assert [run.id for run in waiting()] == [first, third, second]


def test_waiting_times_follow_the_rates_measured():
    first, second, third = added(), added(), added()
    writer = begun()
    assert runs.expected(runs.get(second)).until_start is None  # nothing is known yet
    writer.tell(STARTED)
    writer.tell(steps(0, 10))  # 10 of 30 steps in 5 seconds
    expected = [runs.expected(runs.get(number)) for number in (first, second, third)]
    assert [each.until_start for each in expected] == pytest.approx([0, 10, 10 + 15])
    assert [each.left for each in expected] == pytest.approx([10, 15, 15])
    assert [each.position for each in expected] == [0, 1, 2]
    writer.tell(Ended(Status.STOPPED))
    assert runs.expected(runs.get(first)).left is None


def test_a_run_that_was_taken_up_again_is_judged_by_its_pace_since_then():
    number, writer = started()
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
    for position, number in enumerate((second, third), 1):
        until_start = 10 + 15 * share * (position - 1)
        words = f"number {position} in the queue, its turn in about {duration(until_start)}"
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
    line = watch_run.now(runs.get(number))
    assert line.startswith("█████████▋ ")
    assert "40 %  downloading the data, 4.64 MB of 11.6 MB" in line
    writer.tell(Loading(11_594_722, 11_594_722))
    assert watch_run.now(runs.get(number)) == "reading the data …"
