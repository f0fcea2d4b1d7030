"""What is known about a run, and its curves, as plain values.

Nothing here imports torch: the host process, which only starts those that compute, stays light.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from explorer.base.access import RunLimits
from explorer.base.language import N_
from explorer.base.reasons import Reason

if TYPE_CHECKING:
    from explorer.training.recipes import Recipe

Numbers = list[float | None]  # None where a number is not finite (a run that diverged)
Array = npt.NDArray[Any]


LOCAL = "local"  # the engine that is always there


class Status(StrEnum):
    """Where a run stands. Its word for readers is `TITLES[status]`, marked for translation."""

    QUEUED = "queued"
    STARTING = "starting"  # given to a worker, which reads the data and builds the network
    RUNNING = "running"
    PAUSED = "paused"  # its exact state is saved; resuming puts it at the head of the queue
    FINISHED = "finished"
    STOPPED = "stopped"
    CANCELLED = "cancelled"  # before it began
    FAILED = "failed"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"  # its worker died

    @property
    def active(self) -> bool:
        """A worker has it."""
        return self in ACTIVE

    @property
    def resumable(self) -> bool:
        """`resume` takes it up again."""
        return self in RESUMABLE

    @property
    def over(self) -> bool:
        """Nothing more happens to it unless somebody asks."""
        return not self.active and self is not Status.QUEUED


ACTIVE = (Status.STARTING, Status.RUNNING)
# Status → its word for readers; what they are offered to do with such a run, the likeliest first:
# functions of `commands`.
_STATUSES: Mapping[Status, tuple[str, ...]] = {
    Status.QUEUED: (N_("waiting"), "cancel"),
    Status.STARTING: (N_("starting"), "stop"),
    Status.RUNNING: (N_("running"), "pause", "stop"),
    Status.PAUSED: (N_("paused"), "resume", "stop"),
    Status.FINISHED: (N_("finished"), "retry"),
    Status.STOPPED: (N_("stopped"), "resume", "retry"),
    Status.CANCELLED: (N_("cancelled"), "resume"),
    Status.FAILED: (N_("failed"), "resume", "retry"),
    Status.DIVERGED: (N_("diverged"), "retry"),
    Status.INTERRUPTED: (N_("interrupted"), "resume"),
}
TITLES = {status: title for status, (title, *_commands) in _STATUSES.items()}
COMMANDS = {status: tuple(commands) for status, (_title, *commands) in _STATUSES.items()}
RESUMABLE = tuple(status for status, commands in COMMANDS.items() if "resume" in commands)


class Request(StrEnum):
    """What is requested of a run that a worker has; the worker answers within a step."""

    GO_ON = ""
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True)
class Progress:
    """How far a run is; `seconds` are its training's, over all its sessions."""

    step: int = 0
    total_steps: int = 0  # 0 until it has begun
    epoch: int = 0  # whole epochs done
    epochs: int = 0
    images_per_second: float = 0.0  # lately
    seconds: float = 0.0

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return self.step / self.total_steps if self.total_steps else 0.0


@dataclass(frozen=True)
class Run:
    """One row of the store. Times are seconds since 1970; None is "not yet"."""

    id: int
    name: str
    note: str
    recipe_json: str  # as it was written, by whatever version
    engine: str
    device: str  # "cpu", "cuda:0" …; before its turn also "cuda": any device of that kind
    parent: int | None  # of which run it is another try
    status: Status
    reason: Reason  # why it ended; prints as a sentence
    requested: Request
    requested_at: float | None
    queue_position: int  # the queue is worked off by rising positions
    created: float
    started: float | None
    ended: float | None
    worker: str  # the process that has it, see `process.identity`
    claimed_at: float | None  # when that process began with it
    estimate: float | None  # seconds it was thought to take, when it was launched
    # What its training said when it began: the fields of `training.Started`; "loading": [bytes,
    # bytes in all] while its data set is being downloaded, else null; "sitting": [step, seconds],
    # where the process that trains it now (or did last) began; "capture", "memory" and
    # "peak_memory" of whichever session told of them last, the peak of all sessions.
    metadata: Mapping[str, Any]
    progress: Progress
    test_accuracy: float | None  # of its last epoch
    owner: str  # SHA-256 (hex) of its owner's cookie; empty: made on the machine itself
    limits: RunLimits  # how much it may take; none for what was launched on the machine itself
    device_title: str  # of the device that trains it, or did last: "NVIDIA H200"; empty before
    device_uuid: str  # of the same; empty where the device has none
    attempts: int  # how often a worker has died before it began, since it was queued
    revision: int  # the number of its last change, counted over the whole store: it only grows

    @property
    def queue(self) -> str:
        """Where it waits for its turn, when it does: for one device, or for any of a kind."""
        choice, kind = json.loads(self.recipe_json).get("device", "auto"), kind_of(self.device)
        return kind if choice in ("auto", kind) else self.device

    @property
    def device_named(self) -> str:
        """Its device by title, and by torch's name where there may be several: "H200 (cuda:1)"."""
        if not self.device_title:
            return self.device
        return f"{self.device_title} ({self.device})" if ":" in self.device else self.device_title

    @property
    def recipe(self) -> "Recipe":
        """What it trains and how.

        Raises:
            ValueError: it was written by another version and means nothing today.
        """
        return _recipe(self.recipe_json)

    @property
    def seconds_a_step(self) -> float | None:
        """The pace of this session, tests included; before its first step, of all before it.

        A run may have been taken up on a machine that is busier, or idler, than it was. None if
        nothing has been trained yet.
        """
        done = self.progress
        step, seconds = self.metadata.get("sitting", (0, 0.0))
        if done.step <= step:
            step = seconds = 0
        return float(done.seconds - seconds) / (done.step - step) if done.step else None

    @property
    def seconds_left(self) -> float | None:
        """At its pace; None before the first step."""
        pace, done = self.seconds_a_step, self.progress
        if pace is None or not done.total_steps:
            return None
        return pace * (done.total_steps - done.step)


def kind_of(device: str) -> str:
    """Torch's word for devices of this make: "cuda" for "cuda:1", and for "cuda" itself."""
    return device.partition(":")[0]


def takers(devices: Iterable[str], queue: str) -> tuple[str, ...]:
    """Those of an engine's devices that take runs from one of its queues."""
    return tuple(name for name in devices if queue in (name, kind_of(name)))


@lru_cache(maxsize=1024)
def _recipe(text: str) -> "Recipe":
    from explorer.training import recipes  # brings torch, which a host does not need

    return recipes.from_json(json.loads(text))


@dataclass(frozen=True)
class Curve:
    """A run's steps, thinned: each point is the mean of `stride` steps and stands at their last.

    `stride` depends on the run's length alone, so that the points of two calls fit together.
    """

    stride: int
    step: list[int]
    epoch: list[float]  # fractions of epochs
    images: list[int]
    seconds: list[float]
    loss: Numbers
    accuracy: Numbers
    gradient_norm: Numbers
    learning_rate: Numbers


@dataclass(frozen=True)
class EpochRow:
    """The figures at the end of one epoch; accuracies are fractions of all images."""

    epoch: int
    step: int
    train_loss: float | None
    train_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class SnapshotRow:
    """What the network looked like at one moment of an epoch (its last so far)."""

    epoch: int
    step: int
    kernels: npt.NDArray[np.float32] | None  # (K, C, h, w) of the first convolution
    probabilities: npt.NDArray[np.float32]  # (samples, classes)


@dataclass(frozen=True)
class Predictions:
    """The test images as the network saw them at the end of an epoch, one entry per image."""

    epoch: int
    predicted: npt.NDArray[np.int64]  # (N,) class
    confidence: npt.NDArray[np.float32]  # (N,) probability of that class
    true_probability: npt.NDArray[np.float32]  # (N,) probability of the right class


@dataclass(frozen=True)
class Expected:
    """When a run gets its turn and when it will be done; None where no rate is known yet."""

    position: int  # 1 is the next one; 0 when it does not wait
    until_start: float | None  # seconds
    left: float | None  # seconds from its start, or from now if it is running
