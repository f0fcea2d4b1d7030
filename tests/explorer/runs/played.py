"""A worker that a test plays itself: a run in its hands, and what it tells."""

import signal

import pytest
import torch

from explorer.runs import Run, process, store
from explorer.runs.engines.local.worker import Worker
from explorer.runs.protocols import Resumed
from explorer.runs.writer import StoreWriter
from explorer.training import Epoch, Started, Steps

SETTINGS = (
    '{"network": "lenet", "epochs": 3, "dataset": "digits", "train_subset": 320, "test_subset": 5}'
)
STARTED = Started(
    parameters=61_706,
    train_images=320,
    test_images=5,
    steps_per_epoch=10,
    total_steps=30,
    epochs=3,
    precision="float32",
    channels_last=False,
    threads=1,
    torch_version="2",
    forward_flops=833_040,
    samples=(0, 1),
    first_kernels="conv1",
)

START = Resumed()


def added(name: str = "a run") -> int:
    return store.add(SETTINGS, name, "cpu")


def claimed(worker: str = "", device: str = "cpu") -> StoreWriter:
    """A run in the hands of a worker: this process, unless another is named."""
    run = store.claim(device, worker or process.own())
    assert run
    return StoreWriter(run, worker or process.own())


def begun(worker: str = "", resumed: Resumed = START, device: str = "cpu") -> StoreWriter:
    """The same, once the worker has taken it on and goes on from there."""
    writer = claimed(worker, device)
    writer.claim()
    writer.tell(resumed)
    return writer


def started(record: Started = STARTED) -> tuple[int, StoreWriter]:
    """A new run's number, and its writer, which has told of the training's beginning."""
    number = added()
    writer = begun()
    writer.tell(record)
    return number, writer


def work(number: int) -> Run:
    """A run that waits, trained in this very process as a worker would."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    assert store.claim("cpu", process.own())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, "_log", lambda _self: None)  # what pytest prints stays pytest's
        Worker(number).work()
    for each, handler in handlers.items():
        signal.signal(each, handler)
    return store.get(number)


def steps(first: int, count: int, loss: float | None = None) -> Steps:
    numbers = range(first + 1, first + count + 1)
    return Steps(
        first_step=first,
        epoch=first // 10 + 1,
        loss=[1 / n if loss is None else loss for n in numbers],
        accuracy=[n / 100 for n in numbers],
        gradient_norm=[2.0] * count,
        learning_rate=[0.1] * count,
        images=32 * (first + count),
        seconds=0.5 * (first + count),
    )


def epoch(number: int) -> Epoch:
    return Epoch(
        epoch=number,
        step=10 * number,
        train_loss=1.0,
        train_accuracy=0.5,
        test_loss=float("nan"),
        test_accuracy=0.25 * number,
        images_per_second=64.0,
        seconds=5.0 * number,
        predicted=torch.tensor([0, 1, 2, 1, 9], dtype=torch.int16),
        confidence=torch.tensor([0.5, 0.75, 1, 0.25, 0.5], dtype=torch.float16),
        true_probability=torch.tensor([0.5, 0.125, 1, 0, 0.5], dtype=torch.float16),
    )
