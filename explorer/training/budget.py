"""What a run will take, before it is launched: a few of its steps, measured."""

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.base import storage
from explorer.base.device import Device
from explorer.data.datasets import Data
from explorer.training import checkpoints
from explorer.training.checkpoints import Card
from explorer.training.loop import Training
from explorer.training.machine import HostBuffer
from explorer.training.recipes import Recipe
from explorer.training.records import Budget, Capture, Steps
from explorer.training.setting import Peak, Setting, refuse_what_cannot_fit

LONG_ENOUGH = 1.0  # seconds of measured training
SHORTEST = 0.1  # seconds of a record that tells a pace
STEP_FLOPS = 2e11  # on a CPU: a second or two; larger batches are measured in part
BACKWARD = 2  # a backward pass takes about as long as two forward passes
MOST_WAITING = 0.1  # of the time the training waits for what is saved; beyond, epochs are left out
PATIENCE = 1.0  # seconds that it may wait in any case: a run of seconds keeps all its epochs
TEST_SHARE = 1 / (1 + BACKWARD)  # of a training picture's time that a test picture takes


def estimate(recipe: Recipe, data: Data, device: Device) -> Budget:
    """Measure for about two seconds; with a large network on a CPU, for a few steps.

    Raises:
        ValueError: the network cannot take this data, or (`OutOfMemory`) does not fit.
    """
    setting, peak = Setting.of(recipe, data, device), Peak(device)
    refuse_what_cannot_fit(setting)
    train = recipe.train_subset or len(data.train)
    batch = _measured_batch(setting, train)
    measured = Training(replace(recipe, batch_size=batch), data, device)
    speed, fastest, slowest = _images_per_second(measured)
    test = recipe.test_subset or len(data.test)
    working = recipe.epochs * (train + test * TEST_SHARE) / speed
    saving = _seconds_to_save(measured, recipe.epochs, working)
    measured.test_a_batch()  # more pictures than a step has
    tensors = setting.memory(recipe.batch_size)
    return Budget(
        parameters=measured.learner.parameters,
        tensors=tensors,
        memory=peak.growth() + tensors - setting.memory(batch),
        seconds=working + saving,
        images_per_second=speed,
        saving=saving,
        fastest=fastest,
        slowest=slowest,
    )


def _seconds_to_save(training: Training, epochs: int, working: float) -> float:
    """What keeping each epoch's weights adds to the seconds of `working`.

    Copying them interrupts it; they are written beside the next epoch, and what that takes longer
    than the epoch is waited for, within bounds. For the last ones' writing all of it waits.
    """
    copied = HostBuffer(training.learner.device).copy
    training.weights(copied)  # the first time brings the memory
    start = time.perf_counter()
    weights = training.weights(copied)
    copying = time.perf_counter() - start
    card = Card(training.recipe.network, training.setting.spec.values)
    with TemporaryDirectory(dir=storage.private(storage.home())) as folder:  # where runs are kept
        start = time.perf_counter()
        checkpoints.save(Path(folder) / "measured.safetensors", weights, card)
        writing = time.perf_counter() - start
    late = (epochs - 1) * max(0.0, writing - working / epochs)
    bound = max(PATIENCE, working * MOST_WAITING / (1 - MOST_WAITING))
    return epochs * copying + min(late, bound) + writing


def _measured_batch(setting: Setting, images: int) -> int:
    batch_size = setting.recipe.batch_size
    if setting.device.kind != "cpu":
        return batch_size
    affordable = max(int(STEP_FLOPS / ((1 + BACKWARD) * max(setting.flops, 1))), 2)
    if affordable >= batch_size:
        return batch_size
    # Batch norm refuses a last batch of a single picture, which nobody has asked for here.
    return next(batch for batch in range(affordable, batch_size + 1) if images % batch != 1)


def _images_per_second(training: Training) -> tuple[float, float, float]:
    """The mean over all, then what the fastest and the slowest record took in terms of it.

    The first record of steps is left out where more come: first steps make things ready.
    """
    first = last = None
    paces = []  # seconds for a picture
    for record in training.records():
        if isinstance(record, Steps):
            if last and (seconds := record.seconds - last.seconds) >= SHORTEST:
                paces.append(seconds / (record.images - last.images))
            first, last = first or record, record
        if isinstance(record, Capture):
            first, paces = last, []  # until then some steps were done thrice, to be compared
        if first and last and last.seconds - first.seconds >= LONG_ENOUGH:
            break
    assert first
    assert last
    if first is last:
        return last.images / last.seconds, 1.0, 1.0
    mean = (last.images - first.images) / (last.seconds - first.seconds)
    shares = [1.0, *(pace * mean for pace in paces)]
    return mean, min(shares), max(shares)
