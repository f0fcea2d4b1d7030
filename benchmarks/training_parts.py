"""What benchmarks of training measure beside a run: the step alone, whole epochs as a worker does
them, a recording that breaks off, and pictures for a machine that has nothing but the repository.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from tempfile import TemporaryDirectory

import torch

from explorer import runs
from explorer.base import device, storage
from explorer.base.device import Device
from explorer.data import datasets
from explorer.data.datasets import Data, Split
from explorer.runs import process, store
from explorer.runs.engines.local.worker import Worker
from explorer.training import capture, environment, recipes
from explorer.training.capture import Recorder, Replay
from explorer.training.learner import Learner, Step
from explorer.training.machine import own_stream, queued_on, repeatable
from explorer.training.recipes import Recipe
from explorer.training.setting import Setting


def steps_alone(
    setting: Setting, recorder_for: Callable[[Device], Recorder | None] = capture.recorder
) -> Iterator[int]:
    """The pictures of each step, endlessly: number format, layout, optimiser and deterministic
    settings as a run has them; where there is a recorder as one recorded graph. Nothing is
    compared, measured or reported."""
    recipe = setting.recipe
    recorder = recorder_for(setting.device)
    with queued_on(own_stream(setting.device)), repeatable:
        learner = Learner(setting, capturable=recorder is not None)
        learner.set_rate(recipe.learning_rate)
        images = torch.rand(recipe.batch_size, *setting.input_size).to(learner.device)
        images = images.contiguous(memory_format=setting.numbers.layout)
        labels = torch.arange(recipe.batch_size, device=learner.device)
        labels %= setting.spec.num_classes
        step = partial(learner.update, images, labels)
        for number in itertools.count():
            if recorder and number == capture.WARM_UP:
                step = recorder.record(step).replay
            step()
            yield recipe.batch_size


class Invalidating:
    """A device's recorder, given a step in which the host asks for a number: CUDA calls such a
    recording invalid."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder, self.generator = recorder, recorder.generator
        self.error = "recorded all the same"

    def record(self, work: Callable[[], Step]) -> Replay:
        """Try it.

        Raises:
            RuntimeError: as it should.
        """

        def fetched() -> Step:
            done = work()
            done.loss.item()
            return done

        try:
            return self._recorder.record(fetched)
        except RuntimeError as error:
            self.error = f"refused ({str(error).splitlines()[0]})"
            raise


@cache
def pictures() -> Data:
    """Fashion-MNIST, or as many pictures made up: ten patterns under noise, to be learned."""
    if datasets.at_hand("fashion_mnist"):
        return datasets.load("fashion_mnist")
    facts = datasets.get("fashion_mnist")
    generator = torch.Generator().manual_seed(0)
    patterns = torch.randint(128, (len(facts.classes), *facts.shape), generator=generator)

    def split(count: int) -> Split:
        labels = torch.randint(len(patterns), (count,), generator=generator)
        noise = torch.randint(128, (count, *facts.shape), generator=generator, dtype=torch.uint8)
        return Split(patterns[labels].to(torch.uint8) + noise, labels)

    return Data(facts.name, facts.classes, split(facts.train_count), split(facts.test_count))


def seconds_per_epoch(recipe: Recipe) -> float:
    """The second epoch of a run, as its worker trains, tests, saves and records it.

    In a process of its own: a worker listens to signals, and a home of its own is thrown away.
    """
    with TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.training_parts"],
            input=json.dumps(recipes.as_json(replace(recipe, epochs=2))),
            env={**os.environ, **environment(), storage.VARIABLE: home},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    first, second = json.loads(done.stdout)
    return float(second - first)


def work() -> None:
    """In that process: train the recipe that comes in, and answer with the time at each epoch's
    end."""
    where = device.detect().name
    number = store.add(sys.stdin.read(), "benchmark", where)
    store.claim(where, process.own())
    answer = os.dup(sys.stdout.fileno())  # what a worker prints goes into its run's folder
    Worker(number).work()
    run = runs.get(number)
    if run.status is not runs.Status.FINISHED:
        sys.exit(str(run.reason))
    os.write(answer, json.dumps([row.seconds for row in runs.epochs(number)]).encode())


if __name__ == "__main__":
    work()
