"""Weights and states are written beside the training: in order, whole, or with a complaint."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor

from explorer.base import device
from explorer.base.device import Device
from explorer.data import datasets
from explorer.runs import artifacts, saving, store
from explorer.runs.engines.local.worker import FolderVault
from explorer.runs.records import Request, Status
from explorer.runs.saving import MOST_QUEUED, Saver, WriteQueue
from explorer.runs.writer import StoreWriter
from explorer.training import HostBuffer, Training, burst, checkpoints, evaluation, loop, recipes
from explorer.training.recipes import Recipe
from explorer.training.records import Epoch, State, Steps
from explorer.training.setting import Setting
from tests.explorer.runs.played import work
from tests.run_processes import until

if TYPE_CHECKING:
    from explorer.runs.protocols import Message

CPU = device.named("cpu")
Queues = tuple[WriteQueue, WriteQueue]  # of rows, of files
RECIPE = Recipe("lenet", dataset="digits", epochs=6, batch_size=64, train_subset=64, test_subset=16)


# -- the thread -----------------------------------------------------------------------------------


def test_pieces_of_work_are_done_in_their_order_and_beside_whoever_gives_them() -> None:
    done, free = list[int](), threading.Event()
    with WriteQueue() as queue:
        queue.put(lambda: free.wait(10) and None)
        for number in range(5):
            queue.put(lambda number=number: done.append(number))  # type: ignore[misc]
        assert queue.busy
        assert not queue.done_within(0.01)
        assert not queue.done_within(-1)
        assert not done
        free.set()
        assert queue.done_within(10)
    assert done == list(range(5))
    assert not queue.busy


def fail() -> None:
    raise OSError(28, "No space left on device")


def leave(queue: WriteQueue, error: Exception | None = None) -> None:
    """As at the end of its `with`, where that raises the error if there is one."""
    with queue:
        if error:
            raise error


def test_after_a_failure_nothing_more_is_done_and_everybody_is_told() -> None:
    done, free, queue = list[str](), threading.Event(), WriteQueue()
    queue.put(lambda: free.wait(10) and fail())
    waited = queue.put(lambda: done.append("relied on it"))
    free.set()
    until(waited.done)
    for ask in (lambda: queue.put(lambda: done.append("later")), queue.wait, lambda: leave(queue)):
        with pytest.raises(OSError, match="No space left"):
            ask()
    assert not done
    with pytest.raises(RuntimeError, match="after shutdown"):
        queue._thread.submit(fail)


def test_another_error_is_not_hidden_by_the_writer_s_and_what_was_given_is_done() -> None:
    done, queue = list[str](), WriteQueue()
    queue.put(lambda: done.append("rows"))
    queue.put(fail)
    with pytest.raises(RuntimeError, match="of the training"):
        leave(queue, RuntimeError("of the training"))
    assert done == ["rows"]


def test_who_gives_more_than_can_be_written_waits() -> None:
    """Else the rows of a fast training beside a slow disk would fill the memory."""
    free, accepted = threading.Event(), list[int]()
    with WriteQueue() as queue:

        def give() -> None:
            for number in range(MOST_QUEUED + 1):
                queue.put(lambda: free.wait(10) and None)
                accepted.append(number)

        thread = threading.Thread(target=give)
        thread.start()
        until(lambda: len(accepted) == MOST_QUEUED)
        time.sleep(0.1)
        assert len(accepted) == MOST_QUEUED
        free.set()
        thread.join()


# -- the buffer -----------------------------------------------------------------------------------


def test_a_buffer_holds_every_type_contiguous_and_is_used_again() -> None:
    tensors = {
        "count": torch.tensor(7),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "half": torch.rand(3, 3).bfloat16(),
        "kernel": torch.rand(4, 3, 5, 5).to(memory_format=torch.channels_last),
        "nothing": torch.empty(0),
        "rows": torch.rand(6, 4).t(),
    }
    buffer = HostBuffer(torch.device("cpu"))
    copies = buffer.copy(tensors)
    assert copies.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert copies[name].dtype == tensor.dtype
        assert torch.equal(copies[name], tensor)
        assert copies[name].is_contiguous()
    again = buffer.copy({name: tensor + 1 for name, tensor in tensors.items()})
    assert again["kernel"].data_ptr() == copies["kernel"].data_ptr()
    assert torch.equal(copies["kernel"], tensors["kernel"] + 1)  # as it says: overwritten


# -- what a run leaves ----------------------------------------------------------------------------


def queued(recipe: Recipe) -> int:
    return store.add(json.dumps(recipes.as_json(recipe)), "LeNet", "cpu")


@pytest.fixture
def run(home: Path) -> int:
    return queued(RECIPE)


@pytest.fixture
def queues() -> Iterator[Queues]:
    with WriteQueue() as rows, WriteQueue() as files:
        yield rows, files


def begun(recipe: Recipe = RECIPE, state: State | None = None) -> Training:
    return Training(recipe, datasets.load("digits"), CPU, state)


def saver_of(run: int, training: Training, rows: WriteQueue, files: WriteQueue) -> Saver:
    return Saver(training, datasets.load("digits"), FolderVault(run), rows, files)


def trained(run: int, queues: Queues) -> Training:
    """The whole of it, with all that was due written."""
    training = begun()
    saver = saver_of(run, training, *queues)
    for record in training.records():
        saver.after(record)
    queues[1].wait()
    return training


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each copy into the buffer."""
    copied: list[int] = []
    copy = HostBuffer.copy

    def counting(self: HostBuffer, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        copied.append(sum(tensor.nbytes for tensor in tensors.values()))
        return copy(self, tensors)

    monkeypatch.setattr(HostBuffer, "copy", counting)
    return copied


def test_an_epoch_s_end_copies_the_weights_once_and_nothing_else(
    run: int, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = counted(monkeypatch)
    training = trained(run, queues)
    weights = sum(p.nbytes for p in training.learner.network.parameters())
    assert copied == [weights] * RECIPE.epochs
    assert weights == 4 * 61_706
    assert artifacts.checkpoints(run) == [1, 2, 3, 4, 5, 6]
    tensors, card = checkpoints.load(artifacts.checkpoint(run, 6))
    assert card.step == 6
    for name, tensor in training.learner.weights().items():
        assert torch.equal(tensors[name], tensor)


def test_a_state_and_an_epoch_s_weights_come_from_one_copy(
    run: int, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "SHORT_EPOCH", 0.0)
    monkeypatch.setattr(saving, "MOST_SHARE", 1e9)
    copied = counted(monkeypatch)
    trained(run, queues)
    assert len(copied) == RECIPE.epochs
    state = FolderVault(run).state()
    assert state is not None
    assert (state.epoch, state.step) == (7, 6)
    assert artifacts.checkpoints(run) == [1, 2, 3, 4, 5, 6]
    weights, _card = checkpoints.load(artifacts.checkpoint(run, 6))
    for name, tensor in weights.items():
        assert torch.equal(tensor, state.tensors[name])
    longer = dataclasses.replace(RECIPE, epochs=7)
    assert losses(begun(longer, state)) == losses(begun(longer))[6:]


def losses(training: Training) -> list[float]:
    return [loss for r in training.records() if isinstance(r, Steps) for loss in r.loss]


def test_a_state_is_written_after_all_rows_before_it(run: int, queues: Queues) -> None:
    """Else a power cut could leave a run that goes on behind its last row."""
    rows, files = queues
    written = threading.Event()
    saver = saver_of(run, begun(), rows, files)
    rows.put(lambda: written.wait(20) and None)
    thread = threading.Thread(target=saver.save)
    thread.start()
    until(lambda: files.busy)
    time.sleep(0.2)
    assert not artifacts.state_file(run).exists()
    written.set()
    thread.join()
    assert artifacts.state_file(run).exists()


def test_where_rows_could_not_be_written_no_state_is(run: int) -> None:
    rows, files = WriteQueue(), WriteQueue()
    saver = saver_of(run, begun(), rows, files)
    until(rows.put(fail).done)
    with pytest.raises(OSError, match="No space left"):
        saver.save()
    with pytest.raises(OSError, match="No space left"):
        leave(rows)
    leave(files)
    assert not artifacts.state_file(run).exists()


def slow(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A disk that takes so long for a file."""
    save = checkpoints.save

    def slowly(*args: Any) -> object:
        time.sleep(seconds)
        return save(*args)

    monkeypatch.setattr(checkpoints, "save", slowly)


@pytest.mark.parametrize(("patience", "seconds"), [(1000.0, 0.05), (0.0, 1.0), (0.1, 0.5)])
def test_a_disk_that_cannot_follow_costs_epochs_and_not_the_training_s_time(
    run: int, queues: Queues, patience: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch, seconds)
    monkeypatch.setattr(saving, "PATIENCE", patience)
    trained(run, queues)
    epochs = artifacts.checkpoints(run)
    assert (epochs[0], epochs[-1]) == (1, 6)  # what it learned is always there
    assert (epochs == [1, 2, 3, 4, 5, 6]) == (patience > 1)


@pytest.mark.parametrize("states", [False, True])
def test_the_training_waits_for_a_slow_disk_no_more_than_its_share(
    run: int, queues: Queues, states: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of training, on a clock that only waiting and training move on."""
    clock = Clock()
    monkeypatch.setattr(saving, "time", clock)
    monkeypatch.setattr(saving, "PATIENCE", 0.0)
    monkeypatch.setattr(saving, "MOST_SHARE", 1e9 if states else 1e-9)
    training = begun()
    disk = Disk(clock, seconds=90.0)
    saver = saver_of(run, training, queues[0], disk)
    (epoch,) = (r for r in training.records() if isinstance(r, Epoch) and r.epoch == 1)
    for _epoch in range(120):
        clock.now += 30.0
        saver.after(epoch)
        assert disk.waited <= saving.MOST_WAITING * clock.now
    assert clock.now <= 120 * 30.0 / (1 - saving.MOST_WAITING) + 1
    assert 20 <= disk.copies <= 45  # as many as the disk can take, about


class Clock:
    """What `time` is to the saver."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


class Disk(WriteQueue):
    """Takes so many seconds for a piece of work."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds, self._free = clock, seconds, 0.0
        self.waited, self.copies = 0.0, 0

    @property
    def busy(self) -> bool:
        return self._clock.now < self._free

    def put(self, work: Callable[[], None]) -> "Future[None]":
        self.copies += 1
        self._free = max(self._free, self._clock.now) + self._seconds
        return Future()

    def wait(self) -> None:
        self._advance(self._free - self._clock.now)

    def done_within(self, seconds: float) -> bool:
        self._advance(min(seconds, self._free - self._clock.now))
        return not self.busy

    def _advance(self, seconds: float) -> None:
        if seconds > 0:
            self.waited += seconds
            self._clock.now += seconds


def test_what_a_run_waits_for_its_disk_counts_as_its_time() -> None:
    training, seconds = begun(), list[float]()
    for record in training.records():
        if isinstance(record, Epoch):
            seconds.append(record.seconds)
            training.spent(10.0)
    assert len(seconds) > 1
    assert all(later - earlier > 10 for earlier, later in pairwise(seconds))


def test_the_last_weights_are_waited_for_in_the_run_s_time(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(monkeypatch, 1.5)
    monkeypatch.setattr(saving, "PATIENCE", 0.0)
    start = time.monotonic()
    work(run)
    assert store.get(run).status is Status.FINISHED
    # Of six short epochs the first's are written while the last one waits, then the last one's.
    assert 2.5 < store.get(run).progress.seconds < time.monotonic() - start


def test_the_next_steps_are_taken_before_the_last_ones_rows_are_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that waited for SQLite would stand still after each record."""
    run = queued(dataclasses.replace(RECIPE, epochs=1, train_subset=640))
    monkeypatch.setattr(burst, "MOST_STEPS", 2)
    further = threading.Event()
    counts = iter(range(1000))

    def trained(*args: Any, **options: Any) -> burst.Burst:
        if next(counts) == 2:
            further.set()
        return burst.burst(*args, **options)

    tell = StoreWriter.tell

    def held(writer: StoreWriter, record: "Message") -> Request:
        if isinstance(record, Steps):
            assert further.wait(20), "the training waited for its rows"
        return tell(writer, record)

    monkeypatch.setattr(loop, "burst", trained)
    monkeypatch.setattr(StoreWriter, "tell", held)
    work(run)
    assert store.get(run).status is Status.FINISHED
    assert store.get(run).progress.step == 10


# -- what follows from the device -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "on_cpu", "fitting", "on_gpu"),
    [(28, 1000, 8000, 2000), (28, 1000, 1200, 1000), (32, 1000, 10**6, 4096), (224, 39, 400, 100)],
)
def test_a_gpu_tests_as_many_pictures_at_once_as_its_memory_takes(
    size: int, on_cpu: int, fitting: int, on_gpu: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = "lenet" if size == 28 else "densenet"
    recipe = Recipe(network, dataset="digits", size=size, batch_size=32)
    setting = Setting.of(recipe, datasets.load("digits"), CPU)
    assert evaluation.batch_size(setting) == on_cpu
    free = fitting * setting.memory(32) / 32
    monkeypatch.setattr(evaluation, "free_memory", lambda _device: free)
    gpu = Device("cuda:0", "cuda", "some card", 2**34)
    assert evaluation.batch_size(dataclasses.replace(setting, device=gpu)) == on_gpu
