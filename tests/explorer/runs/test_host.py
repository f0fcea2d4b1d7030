"""Runs in processes of their own: their turns, what is asked of them, who ends when."""

import dataclasses
import errno
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from explorer import runs
from explorer.base import storage
from explorer.data import datasets
from explorer.runs import Status, artifacts, engines, process, store
from explorer.runs.database import database
from explorer.runs.engines.local import processes, workers
from explorer.training import checkpoints
from explorer.training.recipes import Recipe
from tests import run_processes
from tests.run_processes import SHORT, Server, going, host, of_folder, over, unbroken, until

LONG = dataclasses.replace(SHORT, epochs=1000)
BRIEF = dataclasses.replace(SHORT, epochs=1, train_subset=64)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder and one warm host for all of these tests."""
    with run_processes.folder(tmp_path_factory.mktemp("home")) as home:
        runs.watch("cpu")
        over(runs.launch(SHORT, "mine"))
        yield home


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """No test leaves a run to the next."""
    yield
    for run in store.with_status(Status.QUEUED, Status.STARTING, Status.RUNNING):
        runs.stop(run.id)
        over(run.id)


def every_loss(number: int) -> list[float | None]:
    return runs.curves(number, most=10**6).loss


# A run from its launch to its end


def test_a_run_is_what_the_loop_does_and_leaves_everything_behind():
    run = runs.get(1)  # the first one, which `home` has launched
    assert (run.status, run.name, str(run.reason)) == (Status.FINISHED, "mine", "")
    assert run.created <= run.started <= run.ended
    assert (run.progress.step, run.progress.epoch, run.progress.fraction) == (32, 2, 1)
    assert run.progress.images_per_second > 0
    assert run.metadata["parameters"] == 61_706
    assert 61_706 * 16 < run.metadata["memory"] < 50e6  # weights, gradients and Adam's two moments
    assert 1e6 < run.metadata["peak_memory"] < 2e9
    np.testing.assert_allclose(every_loss(run.id), unbroken(SHORT))
    assert not artifacts.state_file(run.id).exists()  # there is nothing to be taken up
    assert [row.epoch for row in runs.epochs(run.id)] == [1, 2]
    assert runs.epochs(run.id)[-1].test_accuracy == run.test_accuracy
    assert runs.snapshots(run.id) == [0, 1, 2]
    assert len(runs.predictions(run.id).predicted) == 64
    tensors, card = checkpoints.load(runs.checkpoint(run.id))
    assert (card.epoch, card.test_accuracy) == (2, run.test_accuracy)
    network = checkpoints.build(card, tensors)
    kernels = runs.snapshot(run.id, 2).kernels
    np.testing.assert_allclose(network.get_parameter("conv1.weight").detach(), kernels)


def waits() -> list[float]:
    """Seconds from its turn to its start, of three runs launched alone and two in a queue."""
    first = [over(runs.launch(BRIEF)) for _ in range(3)]
    queued = [runs.launch(BRIEF) for _ in range(3)]
    done = [over(number) for number in queued]
    turns = [(run, run.created) for run in first]
    turns += [(run, max(run.created, before.ended)) for before, run in pairwise(done)]
    return [run.claimed_at - turn for run, turn in turns]


# As kind to others as host and worker are: seconds that one second of computing takes it.
KIND = """
import os, pathlib, time
os.nice(10)
try:
    pathlib.Path("/proc/self/autogroup").write_text("5")
except OSError:
    pass
began = time.perf_counter()
while time.process_time() < 0.1:
    pass
print((time.perf_counter() - began) / 0.1)
"""


def held_up() -> float:
    """How many times slower whoever lets others go first is made by them; 1 on an idle machine."""
    command = [sys.executable, "-S", "-c", KIND]
    done = subprocess.run(command, capture_output=True, check=True, start_new_session=True)
    return max(1.0, float(done.stdout))


def test_a_run_starts_within_a_third_of_a_second_of_its_turn():
    """The median of five; on a busy machine three times, and within the time that it is held up."""
    tries: list[tuple[float, float]] = []
    while not tries or (len(tries) < 3 and tries[-1][0] >= tries[-1][1]):
        before = held_up()
        median = statistics.median(waits())
        tries.append((median, 0.3 * max(before, held_up())))
    assert tries[-1][0] < tries[-1][1], tries


# What is asked of a run


def test_a_worker_that_is_told_to_end_saves_first():
    number = runs.launch(LONG)
    pid = process.pid_of(going(number, 20).worker)
    os.kill(pid, signal.SIGTERM)
    run = over(number)
    assert run.status is Status.INTERRUPTED
    assert "saved" in str(run.reason)
    _tensors, card = checkpoints.load(artifacts.state_file(number))
    assert card.step == run.progress.step


# Deaths


def test_a_dead_worker_is_noticed_at_once_and_a_run_that_cannot_go_on_keeps_what_it_has(
    tmp_path: Path,
):
    name = datasets.keep(run_processes.own_pictures(tmp_path / "own"))
    number = runs.launch(Recipe("lenet", dataset=name, batch_size=2, epochs=1000))
    os.kill(process.pid_of(going(number, 20).worker), signal.SIGKILL)  # before any state is saved
    # By the host: nobody else looks.
    until(lambda: store.get(number).status is Status.INTERRUPTED, seconds=5)
    assert "SIGKILL" in str(runs.get(number).reason)
    before, weights = len(every_loss(number)), runs.checkpoints(number)
    assert before >= 20
    assert weights
    datasets.delete(name)
    runs.resume(number)
    run = over(number)
    assert run.status is Status.FAILED
    assert name in str(run.reason)
    assert (len(every_loss(number)), runs.checkpoints(number)) == (before, weights)


def test_a_worker_that_does_not_answer_to_a_stop_is_ended():
    number = runs.launch(LONG)
    os.kill(process.pid_of(going(number, 20).worker), signal.SIGSTOP)
    runs.stop(number)
    assert runs.get(number).requested is runs.Request.STOP
    with database().writing() as connection:  # as if that had been a minute ago
        connection.execute("UPDATE runs SET wished = wished - 60 WHERE id = ?", (number,))
    assert over(number).status is Status.STOPPED


@pytest.mark.parametrize(
    ("code", "out_of_memory", "part"),
    [
        (-signal.SIGKILL, False, "ended from outside (SIGKILL)"),
        (-signal.SIGKILL, True, "a new run with smaller batches"),  # resuming keeps the recipe
        (-signal.SIGSEGV, True, "crashed (SIGSEGV)"),
        (process.DISK_FULL, False, "disk became full"),
        (1, False, "exit status 1"),
    ],
)
def test_a_death_is_explained(code: int, out_of_memory: bool, part: str):
    assert part in str(workers.why(code, out_of_memory=out_of_memory))


def test_a_host_that_dies_leaves_its_worker_alone_and_the_next_one_waits_for_it(home: Path):
    number, after = runs.launch(LONG), runs.launch(SHORT)
    worker = going(number, 20).worker
    os.kill(host().pid, signal.SIGKILL)
    until(lambda: runs.listed() and process.alive(processes.host("cpu")))
    before = store.get(number).progress.step
    assert going(number, before + 50).worker == worker
    assert runs.get(after).status is Status.QUEUED
    runs.stop(number)
    assert over(number).status is Status.STOPPED
    assert over(after).status is Status.FINISHED
    assert len(hosts(home)) == 1


def hosts(home: Path) -> list[int]:
    pids = []
    for pid in of_folder(home):
        with suppress(OSError):  # it has just ended
            pids += [pid] * (b"engines.local.host" in Path(f"/proc/{pid}/cmdline").read_bytes())
    return pids


# Several servers


def test_two_servers_on_one_folder_run_every_run_once(tmp_path: Path):
    with run_processes.folder(tmp_path):
        servers = [Server(), Server()]
        numbers = [
            server.ask("launch", dataclasses.asdict(SHORT)) for server in (*servers, servers[0])
        ]
        assert sorted(numbers) == [1, 2, 3]
        until(lambda: all(store.get(number).status.over for number in numbers))
        assert len(hosts(tmp_path)) == 1
        done = [store.get(number) for number in numbers]
        for run, following in pairwise(done):
            assert run.status is Status.FINISHED
            assert len(every_loss(run.id)) == 32
            assert run.ended <= following.claimed_at  # one after the other
        assert len({run.worker for run in done}) == 3
        for server in servers:
            server.kill()
        until(lambda: not of_folder(tmp_path), 20)  # the host ends by itself


def test_a_host_is_started_while_others_write_and_one_that_cannot_be_harms_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def write(*_args: object, **_options: object) -> None:
        with closing(sqlite3.connect(tmp_path / "runs" / "runs.db", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    processes.watch()
    monkeypatch.setattr(subprocess, "Popen", write)
    with pytest.raises(ValueError, match="process for runs could not be started"):
        processes.wake("cpu")
    assert processes.host("cpu") == ""


def test_two_who_start_one_host_at_once_have_one(tmp_path: Path):
    with run_processes.folder(tmp_path):
        processes.watch()
        both = [processes._start("cpu") for _starter in range(2)]
        until(lambda: processes.host("cpu"))  # whichever of them is first
        ours = [processes.be_host("cpu", each) for each in both]
        until(lambda: [process.alive(each) for each in both] == ours)
        assert sorted(ours) == [False, True]
        assert processes.host("cpu") == both[ours.index(True)]


# Engines


@pytest.mark.parametrize("name", list(engines.ENGINES))
def test_every_engine_does_what_is_asked_of_it(name: str):
    engine = engines.get(name)
    device = engine.devices()[-1].name
    engine.watch(device)
    assert engine.resolve(device) == device
    with pytest.raises(ValueError, match="cuda:99"):
        engine.resolve("cuda:99")
    number = store.add(runs.get(1).recipe_json, name, device, engine=name)
    run = runs.get(number)
    engine.submit(run)
    engine.submit(run)
    over(number)
    assert runs.get(number).status is Status.FINISHED
    assert not engine.ask(runs.get(number), runs.Request.STOP)
    assert engine.lost([]) == {}


# A disk that is full, or cannot be written to

# Workers beside the host's own, as many as asked for, each of which takes up what is next.
BESIDE = """
import os, sys
from explorer.runs import process, store
from explorer.runs.engines.local.warm import worker
for _ in range(int(sys.argv[1])):
    if not os.fork():
        os._exit(worker.Worker(store.claim("cpu", process.own()).id).work())
ends = [os.wait()[1] for _ in range(int(sys.argv[1]))]
sys.exit(any(ends))
"""


@contextmanager
def spoiled(place: Path, how: str) -> Iterator[bool]:
    """A folder on a disk that is full or read-only (which only root can mount), or a file in its
    place; whether it could be."""
    aside, done = place.with_name(f"{place.name} aside"), True
    if how == "replaced":
        place.rename(aside)
        place.touch()
    else:
        command = ["mount", "-t", "tmpfs", "-o", {"full": "size=64k", "read-only": "ro"}[how]]
        mount = subprocess.run([*command, "tmpfs", place], capture_output=True, check=False)
        done = mount.returncode == 0
    try:
        yield done
    finally:
        if how == "replaced":
            place.unlink()
            aside.rename(place)
        elif done:
            subprocess.run(["umount", "-l", str(place)], check=True)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it started, if it is still there."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def test_a_run_whose_folder_fails_ends_in_a_sentence_and_the_one_beside_it_goes_on():
    beside = runs.launch(LONG)
    going(beside)
    ends = {
        "full": (Status.INTERRUPTED, "The disk became full"),
        "read-only": (Status.FAILED, "could not be written.*Read-only"),
        "replaced": (Status.FAILED, "could not be written.*(File exists|directory)"),
    }
    numbers = {how: runs.launch(LONG) for how in ends}
    command = [sys.executable, "-c", BESIDE, str(len(numbers))]
    with (
        subprocess.Popen(command, cwd=storage.PROJECT, start_new_session=True) as workers,
        ExitStack() as faults,
    ):
        faults.callback(end_group, workers)  # a test that failed waits for nobody
        for number in numbers.values():
            going(number)
        for how, number in numbers.items():
            if not faults.enter_context(spoiled(artifacts.folder(number), how)):
                runs.stop(number)
                continue
            run = over(number)
            status, words = ends[how]
            assert run.status is status
            assert re.search(words, str(run.reason))
            assert every_loss(number)
        assert going(beside, store.get(beside).progress.step + 1).status is Status.RUNNING
        assert workers.wait(run_processes.PATIENCE) == 0
    runs.stop(beside)
    done = over(beside).progress
    assert runs.curves(beside, most=10**6).step == list(range(1, done.step + 1))
    assert runs.weights(beside).available == tuple(range(1, done.epoch + 1))
    again = numbers["replaced"]
    runs.resume(again)
    assert going(again, store.get(again).progress.step + 1).status is Status.RUNNING
