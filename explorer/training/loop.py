"""The training loop: a generator of records. Pulling trains, not pulling pauses.

Between two records nothing of it is left in the process: no mode, no random numbers, no context.
Numbers stay on the device while it works, and are fetched together about four times a second.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from explorer.base.device import Device
from explorer.data.datasets import Data
from explorer.training import capture, evaluation
from explorer.training.batches import Batches, Order, resize, samples, scale, subset_indices
from explorer.training.burst import EXPLODED, SECONDS, StepFigures, burst, divergence, first_runaway
from explorer.training.capture import Recorder, Stepper
from explorer.training.checkpoints import under
from explorer.training.learner import Learner
from explorer.training.machine import Copier, Randomness, copies, own_stream, queued_on, repeatable
from explorer.training.recipes import Recipe
from explorer.training.records import (
    Diverged,
    Epoch,
    Finished,
    Record,
    Snapshot,
    Started,
    State,
    Steps,
    Testing,
)
from explorer.training.setting import Setting, answered, refuse_what_cannot_fit

SNAPSHOT = 1.0  # seconds between two snapshots, at least
SNAPSHOT_SHARE = 0.005  # of the time, at most


class Training:
    """A run of `recipe` on `data`, from its start or from the `state` of an earlier one.

    `recorder_for` gives what records steps on a device; `capture.never` has them all ordinary.

    Raises:
        ValueError: the network cannot take this data, or (`OutOfMemory`) does not fit.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Data,
        device: Device,
        state: State | None = None,
        recorder_for: Callable[[Device], Recorder | None] = capture.recorder,
    ) -> None:
        self.recipe = recipe
        self.setting = Setting.of(recipe, data, device)
        refuse_what_cannot_fit(self.setting)
        self._randomness = Randomness(device)
        self._step = self._images = 0
        self._steps_in_time = 1
        self._seconds = self._next_snapshot = 0.0
        self._resumed = state is not None
        self._diverged: Diverged | None = None
        self._stream = own_stream(device)
        with self._working():
            self._randomness.seed(recipe.seed)
            recorder = recorder_for(device)
            self.learner = Learner(self.setting, capturable=recorder is not None)
            self._stepper = Stepper(self.learner, recorder)
            self._capture_sent = False
            setting, tests = self.setting, evaluation.batch_size(self.setting)
            self._train = Batches.of(data.train, recipe.train_subset, recipe.batch_size, setting)
            self._test = Batches.of(data.test, recipe.test_subset, tests, setting)
            self._samples, self._test_digest = samples(self._test.labels), data.test_digest
            tested = subset_indices(len(data.test), recipe.test_subset)
            self._sample_indices = tuple(tested[self._samples].tolist())
            self._begin_epoch(1)
        self._seconds = 0.0  # building is no training
        if state is not None:
            self._restore(state)

    # -- the records --------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        """Train, from here to the end. To be asked for once.

        Raises:
            OutOfMemory: a step did not fit after all.
        """
        yield self._started()
        if not self._resumed:
            yield self._snapshot(epoch=0)
        while self._epoch <= self.recipe.epochs:
            while self._step_in_epoch < len(self._train):
                yield from self._trained()
                if self._diverged is not None:
                    yield self._diverged
                    return
            yield self._snapshot(self._epoch)
            yield from self._tested()
            if self._diverged is not None:
                return
        yield Finished()

    def _trained(self) -> Iterator[Record]:
        """Some steps; once, how they are launched; sometimes a snapshot after them."""
        with self._working():
            done = burst(
                self._stepper,
                self._train,
                self.recipe,
                number=self._step_in_epoch,
                step=self._step,
                steps=self._total_steps,
                most=self._steps_in_time,
            )
            self._steps_in_time = done.steps_in_time
            runaway = first_runaway(done.steps)
        if runaway is not None:
            step, last = self._step + runaway, done.steps[runaway]
            why = divergence(self.recipe, step, last.loss, last.gradient_norm)
            self._diverged = Diverged(self._epoch, step, why)
        if steps := done.steps[:runaway]:
            yield self._counted(steps, done.seconds)
        if self._stepper.outcome is not None and not self._capture_sent:
            self._capture_sent = True
            yield self._stepper.outcome
        inside = self._step_in_epoch < len(self._train) and self._diverged is None
        if inside and self._seconds >= self._next_snapshot:
            yield self._snapshot(self._epoch)

    def _counted(self, steps: Sequence[StepFigures], seconds: float) -> Steps:
        first = self._step
        self._step += len(steps)
        self._step_in_epoch += len(steps)
        self._sums["seconds"] += seconds
        for each in steps:  # one by one: however they are cut into records, the sum is the same
            self._images += each.images
            self._sums["images"] += each.images
            self._sums["correct"] += each.right
            self._sums["loss"] += each.loss * each.images
        return Steps(
            first_step=first,
            epoch=self._epoch,
            loss=[each.loss for each in steps],
            accuracy=[each.right / each.images for each in steps],
            gradient_norm=[each.gradient_norm for each in steps],
            learning_rate=[each.learning_rate for each in steps],
            images=self._images,
            seconds=self._seconds,
        )

    def _snapshot(self, epoch: int) -> Snapshot:
        with self._working():
            start = time.perf_counter()
            pictures = self._test.pictures[self._samples]
            inputs = scale(resize(pictures, self.recipe.size), self.setting.numbers.layout)
            probabilities = self.learner.answers(inputs).softmax(dim=1).cpu()
            kernels = self.learner.first_kernels()
            cost = time.perf_counter() - start
        self._next_snapshot = self._seconds + max(SNAPSHOT, cost / SNAPSHOT_SHARE)
        return Snapshot(epoch, self._step, kernels and kernels[1], probabilities)

    def test_a_batch(self) -> None:
        """Once through the network without training, for the memory that this takes."""
        with self._working():
            self.learner.answers(self._test.batch(0)[0])

    def _tested(self) -> Iterator[Record]:
        """Go through the test pictures; then the epoch's figures, and on to the next epoch."""
        answers, number = evaluation.Answers(), 0
        while number < len(self._test):
            with self._working():
                start = time.perf_counter()
                while number < len(self._test) and time.perf_counter() - start < SECONDS:
                    pictures, labels = self._test.batch(number)
                    answers.add(self.learner.answers(pictures), labels)
                    number += 1
            yield Testing(self._seconds)
        with self._working():
            result, sums = answers.result(), self._sums
        if not abs(result.test_loss) < EXPLODED:  # the last step's weights, or NaN
            why = divergence(self.recipe, self._step - 1, result.test_loss)
            self._diverged = Diverged(self._epoch, self._step, why)
            yield self._diverged
            return
        with self._working():
            self._begin_epoch(self._epoch + 1)
        yield Epoch(
            **vars(result),
            epoch=self._epoch - 1,
            step=self._step,
            train_loss=sums["loss"] / sums["images"],
            train_accuracy=sums["correct"] / sums["images"],
            images_per_second=sums["images"] / sums["seconds"],
            seconds=self._seconds,
        )

    def _started(self) -> Started:
        with queued_on(self._stream):
            kernels = self.learner.first_kernels()
        return Started(
            parameters=self.learner.parameters,
            train_images=len(self._train.labels),
            test_images=len(self._test.labels),
            steps_per_epoch=len(self._train),
            total_steps=self._total_steps,
            epochs=self.recipe.epochs,
            precision=self.setting.numbers.name,
            precision_reason=self.setting.numbers.reason,
            channels_last=self.setting.numbers.channels_last,
            threads=torch.get_num_threads(),
            torch_version=str(torch.__version__),
            forward_flops=self.setting.flops,
            samples=self._sample_indices,
            first_kernels=kernels and kernels[0],
            test_digest=self._test_digest,
        )

    # -- where it stands ----------------------------------------------------------------------

    @property
    def steps_per_epoch(self) -> int:
        """Batches of the pictures to train on."""
        return len(self._train)

    @property
    def _total_steps(self) -> int:
        return len(self._train) * self.recipe.epochs

    def _begin_epoch(self, epoch: int) -> None:
        """Order, augmentation and dropout of an epoch follow from the run's seed and its number."""
        self._epoch, self._step_in_epoch = epoch, 0
        self._sums = {"loss": 0.0, "correct": 0.0, "images": 0.0, "seconds": 0.0}
        seed, recipe = (self.recipe.seed << 20) + epoch, self.recipe
        order = Order.drawn(len(self._train.labels), seed, flip=recipe.flip, crop=recipe.crop)
        self._train.arrange(order)
        self._randomness.seed(seed)

    @property
    def seconds(self) -> float:
        """What it has taken so far."""
        return self._seconds

    def spent(self, seconds: float) -> None:
        """Count what a run's time went to besides: whoever pulls keeps rows and weights."""
        self._seconds += seconds

    def weights(self, copied: Copier = copies) -> dict[str, Tensor]:
        """The network's tensors under "network.", on the CPU as `copied` puts them there."""
        with queued_on(self._stream):
            return copied(self.learner.weights())

    def state(self, copied: Copier = copies) -> State:
        """Where it stands, whenever a record has just come: to go on from on the same machine
        with as many threads, on a CPU bit for bit, on a GPU to rounding."""
        random = {f"rng.{name}": state for name, state in self._randomness.tensors().items()}
        with queued_on(self._stream):
            tensors = copied(self.learner.tensors())
        return State(
            epoch=self._epoch,
            step=self._step,
            step_in_epoch=self._step_in_epoch,
            seconds=self._seconds,
            tensors={**tensors, **random},
            sums=dict(self._sums),
        )

    def _restore(self, state: State) -> None:
        with self._working():
            self._begin_epoch(state.epoch)
            self.learner.restore(state.tensors)
        self._randomness.restore(under("rng.", state.tensors))
        self._step, self._step_in_epoch = state.step, state.step_in_epoch
        self._sums = dict(state.sums)
        done = len(self._train.labels) * (state.epoch - 1)
        self._images = done + int(state.sums["images"])
        self._seconds = state.seconds

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Around all work: its own random numbers, its time counted, memory errors answered."""
        start = time.perf_counter()
        with (
            queued_on(self._stream),
            self._randomness.used(),
            answered(self.setting),
            repeatable,
            torch.enable_grad(),
        ):
            yield
        self._seconds += time.perf_counter() - start
