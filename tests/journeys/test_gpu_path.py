"""The whole way of a run on a device that is not the CPU, walked on the tests' own (tests/device).

Every process here but the test's finds that device beside torch, as it would a GPU.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import psutil
import pytest

from explorer.base import storage
from explorer.runs import Run, Status, metrics, process, store
from explorer.runs.database import database
from explorer.runs.engines.local import processes
from tests import device, run_processes
from tests.processes import ended
from tests.run_processes import PATIENCE, SHORT, Server, going, host, until


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose processes find the devices; its hosts stay warm until the last test."""
    with (
        pytest.MonkeyPatch.context() as variables,
        run_processes.folder(tmp_path_factory.mktemp("home")) as home,
    ):
        for name, value in device.environment().items():
            variables.setenv(name, value)
        variables.setenv("TESTGPU_OTHERS", str(home / "others"))
        processes.watch()
        yield home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """What launches and asks; it finds the devices, too."""
    started = Server()
    yield started
    started.kill()


def launched(server: Server, place: str, epochs: int = 2) -> int:
    """The number of a run on `place`, just launched."""
    return int(server.ask("launch", asdict(replace(SHORT, device=place, epochs=epochs))))


def over(number: int) -> Run:
    until(lambda: store.get(number).status.over, 4 * PATIENCE)  # workers let all others go before
    return store.get(number)


def losses(number: int) -> list[float | None]:
    """Every step's loss."""
    return metrics.curves(number, 0, 10**6).loss


Answer = Callable[..., Any]
# It imports what the scripts need, asks for no device, and is forked for each of them.
READY = """
import dataclasses, json, os, sys, traceback
import torch
from torch import nn
from explorer import runs, training
from explorer.base import device
from explorer.data import datasets
from explorer.training.machine import Randomness
from tests.opened_pages import boards, opened, press
from tests.run_processes import SHORT, over
for line in sys.stdin:
    code, variables = json.loads(line)
    if not (child := os.fork()):
        os.environ.update(variables)
        status = 1
        try:
            exec(compile(code, "script", "exec"), {**globals(), "__name__": "__main__"})
            status = 0
        except BaseException:
            print(json.dumps(traceback.format_exc()))
        sys.stdout.flush()
        os._exit(status)
    print(json.dumps(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def answer(home: Path) -> Iterator[Answer]:
    """What a script prints last, as JSON; it runs in a process that finds the devices."""
    ready = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", READY],
        cwd=storage.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ready.stdin
    assert ready.stdout
    question, output = ready.stdin, ready.stdout

    def answer(code: str, **variables: str) -> Any:
        question.write(json.dumps([dedent(code), variables]) + "\n")
        question.flush()
        text, status = output.readline(), output.readline()
        assert json.loads(status or text) == 0, text
        return json.loads(text)

    yield answer
    ready.kill()
    ready.communicate()


# The device itself


def test_the_test_device_is_as_strict_as_a_gpu(answer: Answer):
    code = """
    def refused(what):
        try:
            what()
        except RuntimeError as error:
            return str(error)
        return ""
    one, two = (torch.ones(3, 3, device=f"testgpu:{n}") for n in range(2))
    layer, picture = nn.Conv2d(1, 1, 3).to(one.device), torch.ones(1, 1, 5, 5)
    found = [refused(lambda: one + two), refused(lambda: one + torch.ones(3, 3)),
             refused(lambda: layer(picture)), refused(lambda: torch.ones(2**30, device="testgpu"))]
    reading, writing = os.pipe()
    if not os.fork():
        os.write(writing, refused(lambda: torch.ones(3, device="testgpu")).encode())
        os._exit(0)
    os.wait()
    print(json.dumps([*found, os.read(reading, 10_000).decode()]))
    """
    *two_devices, memory, fork = answer(code, TESTGPU_MEMORY=str(10**9))
    assert all("two devices" in each for each in two_devices)
    assert "out of memory" in memory
    assert "forked subprocess" in fork


def test_it_is_listed_beside_the_cpu_without_being_known(answer: Answer):
    code = """
    print(json.dumps([dataclasses.asdict(each) for each in device.available()]))
    """
    first, second, cpu = answer(code)
    assert [first["name"], second["name"], cpu["name"]] == ["testgpu:0", "testgpu:1", "cpu"]
    assert (second["title"], second["kind"]) == ("Test GPU 1", "testgpu")
    assert first["uuid"] != second["uuid"]
    assert first["memory"] == 4 << 30


# Runs


@pytest.fixture(scope="module")
def trained(server: Server) -> Mapping[str, Run]:
    """The same run on both devices and on the CPU, launched together."""
    numbers = {place: launched(server, place) for place in ("testgpu:0", "testgpu:1", "cpu")}
    return {place: over(number) for place, number in numbers.items()}


def test_runs_train_on_the_device_that_they_name(trained: Mapping[str, Run]):
    for place, run in trained.items():
        assert (run.status, str(run.reason), run.device) == (Status.FINISHED, "", place)
        assert len(losses(run.id)) == 32
    assert trained["testgpu:1"].device_title == "Test GPU 1"


def test_two_devices_give_one_curve_and_the_cpu_beside_them_the_same_to_rounding(
    trained: Mapping[str, Run],
):
    first, second, cpu = (losses(run.id) for run in trained.values())
    assert first == second
    np.testing.assert_allclose(cpu, first, rtol=1e-4)


def test_what_a_run_held_is_counted_by_the_device(trained: Mapping[str, Run]):
    facts = trained["testgpu:1"].metadata
    # The process, which is counted on the CPU, takes hundreds of megabytes.
    assert facts["memory"] / 2 < facts["peak_memory"] < 20e6


def test_who_asks_for_the_best_gets_what_is_free_first_and_goes_on_with_the_unbroken_curve(
    server: Server,
):
    first, second = (launched(server, "auto", epochs=1000) for _ in range(2))
    devices = [going(number, 3).device for number in (first, second)]
    assert set(devices) == {"testgpu:0", "testgpu:1"}  # both at once
    turn = server.ask("next_turn", "testgpu")
    assert turn["position"] == 1
    assert turn["until_start"] > 0
    third, fourth = launched(server, "auto"), launched(server, devices[0])
    assert [store.get(number).device for number in (third, fourth)] == ["testgpu", devices[0]]
    assert [server.ask("next_turn", place)["position"] for place in devices] == [3, 2]
    server.ask("pause", second)
    paused = over(second)
    assert paused.status is Status.PAUSED
    until(lambda: not process.alive(paused.worker))
    assert over(third).device == devices[1]
    assert store.get(fourth).status is Status.QUEUED
    server.ask("resume", second)
    resumed_run = going(second, paused.progress.step + 20)
    assert (resumed_run.status, resumed_run.started) == (Status.RUNNING, paused.started)
    for number in (second, first):
        server.ask("stop", number)
        over(number)
    assert over(fourth).device == devices[0]
    unbroken, resumed = losses(first), losses(second)
    assert len(unbroken) > paused.progress.step + 1
    both = min(len(unbroken), len(resumed))
    assert resumed[:both] == unbroken[:both]


def test_who_asks_for_the_best_gets_the_device_that_is_emptier(
    trained: Mapping[str, Run], server: Server, home: Path
):
    """Another program's memory counts, and what counts is now: it may be the other one next."""
    for held, emptier in (("3000000000 0", 1), ("1000000000 2000000000", 0), ("0 0", 0)):
        (home / "others").write_text(held)
        until(lambda: ready("testgpu:0") and ready("testgpu:1"), 4 * PATIENCE)
        with database().writing() as connection:
            connection.execute("UPDATE processes SET measured = 0")  # else that takes a while
        assert over(launched(server, "auto")).device == f"testgpu:{emptier}"


def test_the_command_line_trains_on_it():
    words = "train lenet --dataset digits --subset 64 --test-subset 32 --epochs 1 --json"
    done = ended("-W", "error", "-m", "explorer", *words.split(), "--device", "testgpu:1")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["epoch"] == 1


def ready(place: str) -> bool:
    """Whether the worker that its host keeps has imported torch: soon enough it can measure."""
    children = host(place).children()
    return any(has_torch(each) and each.status() == psutil.STATUS_SLEEPING for each in children)


def has_torch(one: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it has just ended
        return any(Path(each.path).stem == "libtorch" for each in one.memory_maps())
    return False


def test_workers_are_forked_for_the_cpu_alone_and_hosts_load_no_torch(trained: Mapping[str, Run]):
    until(lambda: "spawn_main" in children("testgpu:1"))
    until(lambda: "forkserver" in children("cpu"))
    assert "forkserver" not in children("testgpu:1")
    assert not any(has_torch(host(place)) for place in trained)


def children(place: str) -> str:
    """How the processes that this device's host keeps were started."""
    return " ".join(word for child in host(place).children() for word in child.cmdline())


# Its random numbers, its memory


def test_dropout_draws_from_the_device_s_own_random_numbers_and_goes_on_where_it_was(
    answer: Answer,
):
    code = """
    place = device.named("testgpu:1")
    def drawn():
        return nn.functional.dropout(torch.ones(64, device="testgpu:1"), 0.5).tolist()
    outside = torch.get_device_module("testgpu").get_rng_state("testgpu:1")
    random = Randomness(place)
    with random.used():
        random.seed(3)
        drawn()
    kept = random.tensors()
    with random.used():
        next_one, after = drawn(), drawn()
    another = Randomness(place)
    another.restore(kept)
    with another.used():
        again = drawn()
    same = torch.equal(outside, torch.get_device_module("testgpu").get_rng_state("testgpu:1"))
    print(json.dumps([next_one, after, again, same, sorted(kept)]))
    """
    following, after, again, untouched, names = answer(code)
    assert again == following != after
    assert untouched
    assert names == ["cpu", "device"]


def test_memory_that_libraries_take_is_not_promised_to_tensors(answer: Answer):
    code = """
    place, data = device.named("testgpu:0"), datasets.load("digits")
    free = device.free_memory(place)
    try:
        training.Training(SHORT, data, place)
    except training.OutOfMemory as error:
        print(json.dumps([free, str(error)]))
    """
    free, sentence = answer(code, TESTGPU_MEMORY=str(17 << 20))
    assert free == 17 << 20
    assert re.search(r"needs about 2\.1\d MB of memory; Test GPU 0 has 1\.05 MB left", sentence)


def test_a_run_that_finds_no_memory_any_more_ends_in_that_sentence_and_its_host_goes_on(
    server: Server, home: Path, answer: Answer
):
    """Another program takes all of it while the run trains; then there is none to begin with."""
    number = launched(server, "testgpu:1", epochs=1000)
    going(number, 3)
    (home / "others").write_text(f"0 {4 << 30}")
    later = launched(server, "testgpu:1")
    ended = [over(number), over(later)]
    (home / "others").write_text("0 0")
    for run in ended:
        assert (run.status, run.reason.code) == (Status.FAILED, "does_not_fit")
        assert run.reason.values["device"] == "Test GPU 1"
        assert "Test GPU 1 has" in str(run.reason)
        assert "Try" in str(run.reason)
    assert ended[0].progress.step >= 3
    code = f"""
    at = opened("live", run="{number}")
    print(json.dumps([each.value for each in at.warning]))
    """
    assert str(ended[0].reason) in answer(code)
    assert over(launched(server, "testgpu:1")).status is Status.FINISHED


# The pages


def test_new_run_lists_the_device_launches_on_it_and_live_names_it(answer: Answer):
    code = """
    recipe = dict(dataset="digits", activation="relu", epochs="1", batch_size="32")
    at = opened("new-run", network="lenet", device="testgpu:1", train_subset="64", **recipe)
    (listed,) = (each.options for each in at.selectbox if each.label == "Device")
    press(at, "Launch")
    number = runs.listed()[0].id
    run = over(number)
    at = opened("live", run=str(number))
    places = [board["place"] for board in boards(at) if "place" in board]
    print(json.dumps([listed, run.status, run.device, run.device_title, run.device_uuid, places]))
    """
    listed, status, place, title, uuid, places = answer(code)
    assert [each.partition(",")[0] for each in listed[1:3]] == ["Test GPU 0", "Test GPU 1"]
    assert "free first" in listed[0]
    assert (status, place, title) == ("finished", "testgpu:1", "Test GPU 1")
    assert uuid.endswith("1")
    assert "Test GPU 1 (testgpu:1)" in places[0]
