"""The seam of the engines, proved with a second one: threads, which keep all in this process."""

import copy
import dataclasses
import importlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from torch import Tensor

from explorer import runs
from explorer.base import device
from explorer.base.device import Device
from explorer.base.reasons import CodedError, Reason
from explorer.data import datasets
from explorer.runs import Request, Run, Status, engines, measure, process, session, store, watchdog
from explorer.runs.engines.local import workers
from explorer.runs.protocols import Placed, Resumed
from explorer.runs.records import ACTIVE, LOCAL, takers
from explorer.runs.session import Session
from explorer.training import Epoch, State, Steps
from explorer.training.checkpoints import Card
from explorer.training.recipes import Recipe, as_json
from explorer.ui.runs import run_words
from tests.processes import ended, printed
from tests.run_processes import SHORT, over, unbroken, until

if TYPE_CHECKING:
    from explorer.runs.protocols import Message

LONG = dataclasses.replace(SHORT, epochs=6, device="cpu")
CPU = device.named("cpu")


class ListWriter:
    """What a run has told; nothing is written before `free`."""

    def __init__(self, free: Event) -> None:
        self.records: list[Message] = []
        self.requested = Request.GO_ON
        self._free = free

    def tell(self, record: "Message") -> Request:
        assert self._free.wait(60)
        if isinstance(record, Resumed):
            self.records = [r for r in self.records if getattr(r, "step", 0) <= record.step]
        self.records.append(record)
        return self.requested

    def losses(self) -> list[float]:
        return [loss for each in self.records if isinstance(each, Steps) for loss in each.loss]


class MemoryVault:
    """States and weights, copied: whoever puts them writes over them."""

    def __init__(self) -> None:
        self.last: State | None = None
        self.checkpoints: dict[int, dict[str, Tensor]] = {}

    def state(self) -> State | None:
        return self.last

    def put_state(self, state: State, _card: Card) -> None:
        self.last = copy.deepcopy(state)

    def put_checkpoint(self, weights: Mapping[str, Tensor], card: Card) -> None:
        self.checkpoints[card.epoch] = copy.deepcopy(dict(weights))

    def forget_after(self, epoch: int) -> None:
        self.checkpoints = {n: each for n, each in self.checkpoints.items() if n <= epoch}


class Threads:
    """An engine with two devices, named as local ones are; each is a thread."""

    def __init__(self) -> None:
        self.free = Event()
        self.free.set()
        self.watched: list[str] = []
        self.writers = defaultdict[int, ListWriter](lambda: ListWriter(self.free))
        self.vaults = defaultdict[int, MemoryVault](MemoryVault)
        self.threads: dict[str, Thread] = {}

    def devices(self) -> Sequence[Device]:
        return Device("cuda:0", "cuda", "A thread", 0), Device("cpu", "cpu", "Another thread", 0)

    def resolve(self, name: str) -> str:
        queues = {"auto": "cuda", "cuda": "cuda", "cuda:0": "cuda:0", "cpu": "cpu"}
        if name not in queues:
            raise CodedError("unknown_device", name=name, known=[*queues])
        return queues[name]

    def watch(self, name: str) -> None:
        self.watched.append(name)

    def submit(self, run: Run) -> None:
        for name in takers((each.name for each in self.devices()), run.device):
            if name not in self.threads or not self.threads[name].is_alive():
                self.threads[name] = Thread(target=self._work, args=[name])
                self.threads[name].start()

    def ask(self, run: Run, request: Request) -> bool:
        self.writers[run.id].requested = request
        return run.status.active

    def lost(self, _runs: Sequence[Run]) -> Mapping[int, Reason]:
        return {}

    def _work(self, name: str) -> None:
        while run := store.claim(name, "a thread", "threads"):
            self.writers[run.id].requested = Request.GO_ON
            end = session.outcome(lambda run=run: self._session(run))  # type: ignore[misc]
            store.move(run.id, ACTIVE, end.status, end.reason)

    def _session(self, run: Run) -> Session:
        writer, vault = self.writers[run.id], self.vaults[run.id]
        return Session(run.recipe, CPU, writer, vault, lambda _: datasets.load("digits"))


@pytest.fixture
def threads(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    engine = Threads()
    monkeypatch.setattr(engines, "ENGINES", {**engines.ENGINES, "threads": engine})
    yield engine
    engine.free.set()
    for thread in engine.threads.values():
        thread.join(60)


def launched(recipe: Recipe) -> int:
    return runs.launch(recipe, engine="threads")


def test_a_session_that_is_paused_goes_on_with_the_unbroken_curve(threads: Threads) -> None:
    number = launched(LONG)
    until(threads.writers[number].losses)
    runs.pause(number)
    assert over(number).status is Status.PAUSED
    done = len(threads.writers[number].losses())
    state = threads.vaults[number].last
    assert state
    assert 0 < state.step == done < 6 * 16
    runs.resume(number)
    assert over(number).status is Status.FINISHED
    assert threads.writers[number].losses() == unbroken(LONG)
    records = threads.writers[number].records
    assert [each.epoch for each in records if isinstance(each, Epoch)] == [*range(1, 7)]
    assert [each.step for each in records if isinstance(each, Resumed)] == [0, done]
    assert Placed(CPU) in records
    assert list(threads.vaults[number].checkpoints) == [*range(1, 7)]


def test_queues_are_an_engine_s_own_though_devices_have_the_same_names(threads: Threads) -> None:
    """The launching machine has no "cuda:0", and a local run waits for a "cpu", too."""
    threads.free.clear()
    local = runs.launch(dataclasses.replace(SHORT, device="cpu"))
    first, second, elsewhere = launched(LONG), launched(LONG), launched(SHORT)
    until(lambda: {runs.get(n).status for n in (first, elsewhere)} == {Status.STARTING})
    numbers = (local, first, second, elsewhere)
    assert [runs.get(n).engine for n in numbers] == [LOCAL, *["threads"] * 3]
    assert [runs.get(n).device for n in numbers] == ["cpu", "cpu", "cpu", "cuda:0"]
    assert [runs.expected(runs.get(n)).position for n in numbers] == [1, 0, 1, 0]
    assert runs.next_turn("cpu").position == 2
    assert runs.next_turn("cpu", "threads").position == 2
    assert runs.next_turn("auto", "threads").position == 1
    assert [run.id for run in store.with_status(Status.QUEUED, engine=LOCAL)] == [local]
    assert run_words.device_of(runs.get(second)) == "Another thread"
    runs.cancel(second)
    runs.stop(first)
    threads.free.set()
    assert [over(n).status for n in (first, second)] == [Status.STOPPED, Status.CANCELLED]
    assert over(elsewhere).status is Status.FINISHED
    claimed = store.claim("cpu", "1:2:3")
    assert claimed
    assert claimed.id == local


def test_watching_and_launching_start_what_the_engine_needs_and_nothing_local(
    threads: Threads, woken: list[str]
) -> None:
    runs.watch(engine="threads")
    over(launched(dataclasses.replace(SHORT, epochs=1, train_subset=64)))
    assert threads.watched == ["auto", "cuda"]
    assert woken == []
    runs.watch("cpu")
    assert woken == ["cpu"]
    with pytest.raises(ValueError, match="mps"):
        launched(dataclasses.replace(SHORT, device="mps"))
    assert len(runs.listed()) == 1


def test_a_run_whose_device_is_gone_is_submitted_nevertheless(
    threads: Threads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threads, "watch", Mock(side_effect=ValueError("no such device")))
    number = launched(dataclasses.replace(SHORT, epochs=1, train_subset=64))
    assert threads.threads, "handed over at once, not in a later round"
    assert over(number).status is Status.FINISHED
    assert "no such device" in caplog.text


@pytest.mark.usefixtures("home")
def test_a_measurement_waits_for_a_living_run_that_trains_on_its_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.add(json.dumps(as_json(SHORT)), "on another device", "cuda:0")
    assert store.claim("cuda:0", process.own())
    number = runs.launch(dataclasses.replace(SHORT, device="cpu"))
    assert store.claim("cpu", "1:2:3"), "a worker that is dead"
    monkeypatch.setattr(watchdog, "_next_round", [0.0])
    assert measure._is_idle(CPU)
    assert store.claim("cpu", process.own())
    monkeypatch.setattr(measure, "SECONDS_TO_WAIT", 0.1)
    with pytest.raises(ValueError, match=r"A run is being trained on .*this one then waits"):
        measure.measure(SHORT, lambda: None)
    monkeypatch.setattr(measure, "SECONDS_TO_WAIT", 60)
    rounds: list[None] = []

    def meanwhile() -> None:
        rounds.append(None)
        if len(rounds) == 2:
            store.move(number, ACTIVE, Status.FINISHED)

    assert measure.measure(SHORT, meanwhile).seconds > 0
    assert len(rounds) > 2


def test_why_measuring_ended_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match=r"their process ended \(1\)"):
        measure._answer('{"network": "lenet", "magic": 3}', lambda: None)
    assert "magic" in caplog.text


# -- the process that workers are forked from touches no accelerator ------------------------------

# Imports the warm process's module with these functions watched: the names of those called.
# Asking whether CUDA is there marks it as unusable in every child; the first backward pass starts
# a thread for each device, which no child inherits.
WATCHED = (
    "torch.accelerator.is_available",
    "torch.accelerator.current_accelerator",
    "torch.accelerator.device_count",
    "torch.cuda.is_available",
    "torch.cuda.device_count",
    "torch.xpu.is_available",
    "torch.backends.mps.is_available",
    "torch.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.autograd._engine_run_backward",
)
IMPORT = """
import functools, importlib, json, sys
import torch
called = []
def watched(name, function):
    @functools.wraps(function)
    def noted(*given, **named):
        called.append(name)
        return function(*given, **named)
    return noted
for name in json.loads(sys.argv[1]):
    place, _dot, last = name.rpartition(".")
    *path, = place.split(".")[1:]
    holder = functools.reduce(getattr, path, torch)
    setattr(holder, last, watched(name, getattr(holder, last)))
exec(sys.argv[2])
print(json.dumps(sorted(set(called))))
"""


def called_by(code: str) -> list[str]:
    """Which of the watched functions this code calls, in a process of its own."""
    output = printed("-c", IMPORT, json.dumps(WATCHED), code, OMP_NUM_THREADS="1")
    return list(json.loads(output.splitlines()[-1]))


def test_making_the_warm_process_ready_asks_for_no_accelerator_and_runs_no_backward_pass():
    assert called_by("import explorer.runs.engines.local.warm") == []
    step = """
weight = torch.nn.Parameter(torch.ones(1))
optimiser = torch.optim.Adam([weight], fused=True)
weight.sum().backward()
optimiser.step()
"""
    calls = {"torch.Tensor.backward", "torch.accelerator.current_accelerator"}
    assert calls <= {*called_by(step)}


# -- processes of an earlier version find what they ask for by name -------------------------------


def test_an_old_host_s_workers_find_its_main_module_and_bring_nothing_in_with_it() -> None:
    code = "import runpy; names = runpy.run_module('explorer.runs.host', run_name='__mp_main__');"
    code += "print(*(name for name in names if not name.startswith('__')))"
    assert printed("-W", "error", "-c", code).split() == ["sys"]
    assert importlib.import_module("explorer.runs.workers")._enter is workers._enter
    assert "IndexError" in ended("-m", "explorer.runs.host").stderr, "it asks for which device"
