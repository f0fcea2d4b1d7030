"""What is asked of runs: launch, name, stop, resume, retry, delete; what is refused, and how."""

import dataclasses
import sqlite3
import time
from pathlib import Path

import pytest

from explorer import runs
from explorer.base.reasons import Reason
from explorer.runs import Status, artifacts, store, watchdog
from explorer.runs.engines.local import processes
from explorer.runs.protocols import Ended
from explorer.training.recipes import Recipe
from tests.explorer.runs.played import STARTED, added, begun, claimed, epoch, steps

pytestmark = pytest.mark.usefixtures("home")


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
    assert tried == ["cpu"] * 3, "to be kept ready, to take the run, and a round later"
    runs.pause(number)
    runs.resume(number)
    assert runs.get(number).status is Status.QUEUED


def test_an_unknown_engine_is_refused_before_anything_is_queued():
    with pytest.raises(ValueError, match="no engine called “cloud”"):
        runs.launch(Recipe("lenet", dataset="digits"), engine="cloud")
    assert runs.listed() == []


@pytest.mark.parametrize("status", Status)
def test_what_a_reader_is_offered_can_be_done_and_nothing_else_resumes(status: Status):
    for command in {*runs.COMMANDS[status], "resume"}:
        number = runs.launch(Recipe("lenet", dataset="digits"))
        if status.active:
            claimed()
        store.move(number, [*Status], status)
        if command in runs.COMMANDS[status]:
            getattr(runs, command)(number)
        else:
            with pytest.raises(ValueError, match=str(runs.get(number).name)):
                runs.resume(number)
        store.move(number, [*Status], Status.FINISHED)
