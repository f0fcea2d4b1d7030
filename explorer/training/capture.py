"""A step of training recorded once and replayed: one launch for a GPU instead of hundreds.

A GPU works off a small batch faster than Python can name its operations. So after some ordinary
steps the whole of one (forward, backward, optimiser) is recorded as a graph and replayed from then
on. Before it is trusted its first steps are compared with ordinary ones from the same state; where
they differ, or where a step cannot be recorded, the run goes on without and says so.
"""

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm

from explorer.base.device import Device, free_memory, torch_device
from explorer.training.learner import Learner, Step
from explorer.training.records import Capture
from explorer.training.setting import out_of_memory

WARM_UP = 3  # ordinary steps before: libraries choose their kernels, the optimiser makes its memory
COMPARED = 3
COPIES = 4  # of weights and the optimiser's memory: where a compared step began, and three ends
ANSWER_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 2e-2}  # of loss, logits, gradient norm
UPDATE_TOLERANCE = 0.05  # of how far a step moves weights: Adam makes much of tiny gradients
NOISE = 4  # times the difference of two ordinary steps is no difference
ERROR_LENGTH = 300  # characters of what a library says


# A recorded step: done again on what the static tensors hold now; the same tensors come out of it.
Replay = Callable[[], Step]


class Recorder(Protocol):
    """What records on a device, and whose random numbers dropout draws there."""

    generator: torch.Generator

    def record(self, work: Callable[[], Step]) -> Replay:
        """Take `work` down without doing it.

        Raises:
            RuntimeError: something in it cannot be recorded.
        """


class CudaRecorder:
    """Records on the stream that the training runs on, which is not the default one."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        torch.cuda.init()  # before it there are no generators
        self.generator = torch.cuda.default_generators[device.index]

    def record(self, work: Callable[[], Step]) -> Replay:
        graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
        here = torch.cuda.current_stream(self._device)
        try:
            with torch.cuda.device(self._device), torch.cuda.graph(graph, pool, here):
                result = work()
        except RuntimeError:
            self._clean_up(graph, pool)
            raise

        def replay() -> Step:
            graph.replay()
            return result

        return replay

    def _clean_up(self, graph: torch.cuda.CUDAGraph, pool: tuple[int, int]) -> None:
        """After a recording that CUDA called invalid, `capture_end` raises before it has told the
        allocator and the generator that nothing is recorded any more: tell them."""
        device = self._device.index
        with suppress(RuntimeError):  # they had been told
            torch._C._cuda_endAllocateToPool(device, pool)
        try:
            graph.pool()  # it has ended, and releases its memory by itself
        except RuntimeError:
            with suppress(RuntimeError):  # it had not even begun
                torch._C._cuda_releasePool(device, pool)
        # Before torch 2.12 a state that took part in a recording refuses all ordinary draws until
        # the recording's end: go on from a copy that did not.
        self.generator.graphsafe_set_state(self.generator.clone_state())


def recorder(device: Device) -> Recorder | None:
    """What records on this device; None where every operation is launched by itself."""
    return CudaRecorder(torch_device(device)) if device.kind == "cuda" else None


def never(_device: Device) -> Recorder | None:
    """In place of `recorder`: ordinary steps everywhere."""
    return None


class Stepper:
    """Steps of a learner: ordinary ones, and replayed ones once they have been shown equal.

    `outcome` says which of the two it came to, once that is known. Smaller batches than the
    recipe's, which end an epoch, are always ordinary.
    """

    def __init__(self, learner: Learner, recorder: Recorder | None) -> None:
        self.outcome: Capture | None = None
        self._learner, self._recorder, self._setting = learner, recorder, learner.setting
        self._answer_tolerance = ANSWER_TOLERANCE[self._setting.numbers.dtype]
        self._whole = 0  # batches so far that were not smaller
        self._replay: Replay | None = None

    def step(self, pictures: Tensor, labels: Tensor, rate: float) -> Step:
        """One step at this learning rate, on a batch (B, C, H, W)."""
        self._learner.set_rate(rate)
        if self._recorder is None or len(labels) != self._setting.recipe.batch_size:
            return self._learner.update(pictures, labels)
        self._whole += 1
        if self._whole == WARM_UP + 1:
            self._record(self._recorder, pictures, labels, rate)
        if self._replay is not None and self.outcome is None:
            done = self._compare(self._replay, self._recorder.generator, pictures, labels)
            if done is not None:
                return done
        if self._replay is None:
            return self._learner.update(pictures, labels)
        return self._replayed(self._replay, pictures, labels)

    def _record(self, recorder: Recorder, pictures: Tensor, labels: Tensor, rate: float) -> None:
        """Record while nothing is as it will be: whatever the graph took for fixed shows."""
        if not self._has_room():
            self._give_up("no_room")
            return
        self._pictures, self._labels = torch.zeros_like(pictures), torch.zeros_like(labels)
        self._learner.set_rate(0.0)
        self._learner.forget_gradients()
        failure = ""
        try:
            self._replay = recorder.record(
                lambda: self._learner.update(self._pictures, self._labels)
            )
        except RuntimeError as error:  # torch's, CUDA's, and out of memory
            failure = _named(error)
        if failure:  # by now the error is gone, and with it what its frames held
            self._give_up("failed", error=failure)
        self._learner.set_rate(rate)

    def _has_room(self) -> bool:
        """Whether the device takes what recording needs beside an ordinary step's memory.

        A graph keeps as much for itself, for good, while ordinary steps go on (compared ones, and
        each epoch's last); comparing takes four copies of all that is learned.
        """
        learned = sum(each.nbytes for kind in self._learner.live().values() for each in kind)
        step = max(self._setting.memory(self._setting.recipe.batch_size) - learned, 0)
        return 2 * step + COPIES * learned <= free_memory(self._setting.device)

    def _give_up(self, reason: str, *, error: str = "", excess: float | None = 0.0) -> None:
        """Ordinary steps from here on, and for them all the memory that the graph had."""
        self._replay = self._recorder = None
        self._pictures = self._labels = torch.empty(0)
        self._learner.forget_gradients()
        if self._learner.device.type != "cpu":
            torch.accelerator.empty_cache()
        self.outcome = Capture(captured=False, reason=reason, error=error, excess=excess)

    def _replayed(self, replay: Replay, pictures: Tensor, labels: Tensor) -> Step:
        self._pictures.copy_(pictures)
        self._labels.copy_(labels)
        done = replay()
        return Step(done.loss.clone(), done.logits.clone(), labels, done.gradient_norm.clone())

    def _compare(
        self, replay: Replay, generator: torch.Generator, pictures: Tensor, labels: Tensor
    ) -> Step | None:
        """A step, once it has been seen what the graph makes of it.

        None where memory did not suffice, for the copies or for the graph beside the rest: all is
        as before, and nothing is held that the ordinary step needs.
        """
        start, failure = None, ""
        try:
            start = _Copy.of(self._learner, generator)
            return self._judged(replay, start, generator, pictures, labels)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            failure = _named(error)
        if start is not None:
            start.restore(self._learner, generator)
        del start
        self._give_up("failed", error=failure)
        return None

    def _judged(
        self,
        replay: Replay,
        start: "_Copy",
        generator: torch.Generator,
        pictures: Tensor,
        labels: Tensor,
    ) -> Step:
        """The same step three times from one state: ordinary, ordinary again, replayed."""
        learner = self._learner
        first = learner.update(pictures, labels)
        once = _Copy.of(learner, generator)
        start.restore(learner, generator)
        again = learner.update(pictures, labels)
        twice = _Copy.of(learner, generator)
        start.restore(learner, generator)
        replayed = self._replayed(replay, pictures, labels)
        now = _Copy.of(learner, generator)
        noise = [_apart(first, again), start.apart(once, twice)]
        answers = _apart(first, replayed) / (self._answer_tolerance + NOISE * noise[0])
        updates = start.apart(once, now) / (UPDATE_TOLERANCE + NOISE * noise[1])
        excess = _largest([answers, updates])
        steady = all(map(math.isfinite, noise))  # else the run's own numbers run away
        if steady and excess <= 1:
            if self._whole == WARM_UP + COMPARED:
                self.outcome = Capture(captured=True)
            return replayed
        once.restore(learner, generator)
        if steady:
            self._give_up("differs", excess=excess if math.isfinite(excess) else None)
        else:
            self._give_up("runaway")
        return first


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:ERROR_LENGTH]


# -- how far two steps are apart ------------------------------------------------------------------


def _largest(shares: Iterable[float]) -> float:
    """NaN is as far apart as can be; Python's own `max` may pass over it."""
    return max(shares, key=lambda share: (math.isnan(share), share))


def _apart(one: Step, other: Step) -> float:
    """The largest relative difference of what two steps answered."""
    answers = [(each.loss, each.logits, each.gradient_norm) for each in (one, other)]
    return _largest(_share([this - that], [this]) for this, that in zip(*answers, strict=True))


def _share(part: list[Tensor], whole: list[Tensor]) -> float:
    """|part| / |whole|, over all numbers of the tensors."""
    length, unit = (float(get_total_norm(each)) for each in (part, whole))
    return length / unit if unit else length


@dataclass(frozen=True, eq=False)
class _Copy:
    """Copies of all that a step changes, by kind ("weights", "exp_avg" …), and the random state."""

    tensors: dict[str, list[Tensor]]
    random: Tensor

    @classmethod
    def of(cls, learner: Learner, generator: torch.Generator) -> "_Copy":
        """The learner as it is now."""
        copies = {kind: [t.detach().clone() for t in ts] for kind, ts in learner.live().items()}
        return cls(copies, generator.get_state())

    def restore(self, learner: Learner, generator: torch.Generator) -> None:
        """Write it back into the very tensors that a graph has been told of."""
        generator.set_state(self.random)
        with torch.no_grad():
            for kind, live in learner.live().items():
                for tensor, copy in zip(live, self.tensors[kind], strict=True):
                    tensor.copy_(copy)

    def apart(self, one: "_Copy", other: "_Copy") -> float:
        """How far two ends of a step from here differ, in shares of the way to the first."""
        return _largest(
            _share(
                _differences(one.tensors[kind], other.tensors[kind]),
                _differences(one.tensors[kind], start),
            )
            for kind, start in self.tensors.items()
            if start
        )


def _differences(these: list[Tensor], those: list[Tensor]) -> list[Tensor]:
    return [one.float() - other.float() for one, other in zip(these, those, strict=True)]
