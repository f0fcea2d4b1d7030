"""What a visitor of a class may launch, and what ends a run that takes too much."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from explorer import runs
from explorer.base import storage
from explorer.base.access import IN_CLASS, NO_LIMITS, Denied, RunLimits
from explorer.runs import Status, quota, store
from explorer.runs import artifacts as run_folder
from explorer.training.recipes import Recipe, as_json, course_recipe
from tests.journeys.visitors import AS_ANNA, stored_run
from tests.run_processes import SHORT, over, until

LONG = replace(SHORT, epochs=1000)


@pytest.fixture(scope="module")
def warm(workshop: Path) -> None:
    """Where runs are really trained: one host for all of them, whose workers are warm."""
    runs.watch("cpu")


LAUNCHER = """
import json, sys
from explorer.base.access import Denied, RunLimits, Visitor
from explorer.runs import store
cookie, recipe, waiting, queue = sys.argv[1:]
for number in range(40):
    owner = cookie or f"{sys.argv[0]}{number}"
    try:
        store.add(recipe, "again", "nowhere", visitor=Visitor(
            owner, teacher=False, limits=RunLimits(waiting=int(waiting), queue=int(queue))))
    except Denied as denied:
        print(denied)
"""


@pytest.mark.parametrize(
    ("owner", "limits", "refusal"),
    [
        ("anna", RunLimits(waiting=6, queue=60), "6 of your runs wait or train"),
        ("", RunLimits(waiting=6, queue=25), "25 runs of this class wait or train"),
    ],
    ids=["one visitor", "a new one each time"],
)
def test_four_processes_that_launch_and_launch(
    home: Path, owner: str, limits: RunLimits, refusal: str
) -> None:
    words = [owner, json.dumps(as_json(SHORT)), str(limits.waiting), str(limits.queue)]
    command = [sys.executable, "-c", LAUNCHER, *words]
    environment = {**os.environ, storage.VARIABLE: str(home)}
    processes = [
        subprocess.Popen(
            command, cwd=storage.PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _number in range(4)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    allowed = limits.waiting if owner else limits.queue
    assert len(store.listed()) == allowed
    assert sum(each.count(refusal) for each in outputs) == 160 - allowed


def test_runs_that_were_resumed_count(home: Path) -> None:
    few = replace(AS_ANNA, limits=RunLimits(waiting=1))
    paused = stored_run(who=few, status=Status.PAUSED)
    other = stored_run(who=few)
    with pytest.raises(Denied, match="1 of your runs waits"):
        store.enqueue(paused.id, first=True, limits=few.limits)
    assert store.get(paused.id).status is Status.PAUSED
    assert store.move(other.id, [Status.QUEUED], Status.CANCELLED)
    assert store.enqueue(paused.id, first=True, limits=few.limits)


def test_limits_stay_with_the_run(home: Path) -> None:
    run = stored_run()
    assert (run.owner, run.limits) == (AS_ANNA.owner, IN_CLASS)
    assert store.move(run.id, [Status.QUEUED], Status.STOPPED)
    assert store.enqueue(run.id, first=False)
    assert store.get(run.id).limits == NO_LIMITS, "who resumed it on the machine has none"
    assert store.get(run.id).owner == AS_ANNA.owner


def test_what_would_take_too_much_is_not_queued(home: Path) -> None:
    alexnet = course_recipe("alexnet", {})
    assert (
        quota.needed(alexnet) == 46_764_746 * 4 * 5
    )  # twice its weights; with Adam's, three times
    tries: list[tuple[Recipe, RunLimits, str]] = [
        (replace(SHORT, epochs=101), RunLimits(epochs=100), "101 epochs; here 100"),
        (alexnet, RunLimits(run_bytes=500_000_000), "take about 935 MB; here 500 MB"),
        (alexnet, RunLimits(all_bytes=500_000_000), "about 935 MB more; 500 MB are allowed"),
        (SHORT, RunLimits(free_bytes=10**18), "are to stay free"),
    ]
    for recipe, limits, refusal in tries:
        who = replace(AS_ANNA, limits=limits)
        with pytest.raises(Denied, match=refusal):
            runs.launch(recipe, visitor=who)
    with pytest.raises(Denied, match="about 2 h 0 min of training; here 1 h 0 min"):
        runs.launch(SHORT, seconds=7200, visitor=AS_ANNA)
    assert store.listed() == []


def test_a_run_ends_when_its_seconds_are_spent_and_the_teacher_takes_it_up(
    warm: None,
) -> None:
    who = replace(AS_ANNA, limits=RunLimits(seconds=1.0))
    run = over(runs.launch(LONG, visitor=who))
    assert run.status is Status.STOPPED
    assert run.reason.code == "seconds_spent"
    assert "as long as a run may here" in str(run.reason)
    assert 1.0 <= run.progress.seconds < 10
    assert run_folder.state_file(run.id).exists()
    with pytest.raises(Denied, match="here 1 s are allowed"):
        runs.resume(run.id, visitor=who)
    runs.resume(run.id)
    until(lambda: store.get(run.id).progress.step > run.progress.step)
    runs.stop(run.id)
    assert not over(run.id).reason


def test_old_weights_give_way_before_the_disk_does(warm: None) -> None:
    who = replace(AS_ANNA, limits=RunLimits(run_bytes=quota.needed(SHORT)))
    run = over(runs.launch(replace(SHORT, epochs=8), visitor=who))
    assert run.status is Status.FINISHED, str(run.reason)
    assert 1 <= len(runs.checkpoints(run.id)) <= 4


@pytest.mark.parametrize("name", ["run_bytes", "all_bytes", "free_bytes"])
def test_a_run_that_takes_the_disk_is_stopped(warm: None, name: str) -> None:
    """As if its size had been thought too small before."""
    most = 10**18 if name == "free_bytes" else 300_000
    who = replace(AS_ANNA, limits=replace(NO_LIMITS, **{name: most}))
    number = store.add(json.dumps(as_json(LONG)), "large", "cpu", visitor=who)
    run = over(number)
    assert run.status is Status.STOPPED
    assert run.reason.code == name.replace("bytes", "disk_spent")
    assert "allowed" in str(run.reason) or "stay free" in str(run.reason)
    assert quota.used() < 20_000_000
