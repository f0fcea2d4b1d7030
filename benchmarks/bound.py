"""The bound of a training: its step alone, on one fixed batch that is already in memory."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import torch

from explorer.base.device import Device
from explorer.training import capture
from explorer.training.capture import Recorder
from explorer.training.learner import Learner
from explorer.training.machine import own_stream, queued_on, repeatable
from explorer.training.setting import Setting


def steps(
    setting: Setting, recorder_for: Callable[[Device], Recorder | None] = capture.recorder
) -> Iterator[int]:
    """The pictures of each step, endlessly: number format, layout, optimiser and deterministic
    settings as a run has them; where there is a recorder as one recorded graph. Nothing is
    compared, measured or reported."""
    recipe = setting.recipe
    recorder = recorder_for(setting.device)
    with queued_on(own_stream(setting.device)), repeatable:
        learner = Learner(
            recipe,
            setting.spec,
            setting.device,
            setting.numbers,
            capturable=recorder is not None,
        )
        learner.set_rate(recipe.learning_rate)
        pictures = torch.rand(recipe.batch_size, *setting.input_size).to(learner.device)
        pictures = pictures.contiguous(memory_format=setting.numbers.layout)
        labels = torch.arange(recipe.batch_size, device=learner.device)
        labels %= setting.spec.num_classes
        step = partial(learner.update, pictures, labels)
        for number in itertools.count():
            if recorder and number == capture.WARM_UP:
                step = recorder.record(step).replay
            step()
            yield recipe.batch_size
