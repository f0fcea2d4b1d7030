"""Short recipes on the digits, and what their records say."""

from dataclasses import replace
from typing import TypeVar

from explorer.base import device
from explorer.data.datasets import Data
from explorer.training import Record, State, Steps, Training
from explorer.training.recipes import Recipe

CPU = device.named("cpu")
AnyRecord = TypeVar("AnyRecord", bound=Record)
# Small enough for seconds: digits of 8 × 8, resized to what each network takes.
LENET = Recipe(
    "lenet",
    {"activation": "relu"},
    dataset="digits",
    epochs=2,
    batch_size=32,
    train_subset=150,
    test_subset=60,
)
BATCH_NORM = replace(LENET, network="bn_lenet", options={}, weight_decay=0.0005)
DROPOUT = replace(LENET, network="torchvision/squeezenet1_1", options={}, size=32, batch_size=16)
CHANNELS_LAST = replace(LENET, network="densenet", options={}, size=32, train_subset=64)
SGD = {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.01}


def run(recipe: Recipe, data: Data, state: State | None = None) -> list[Record]:
    return list(Training(recipe, data, CPU, state).records())


def only(kind: type[AnyRecord], records: list[Record]) -> list[AnyRecord]:
    return [record for record in records if isinstance(record, kind)]


def curve(records: list[Record]) -> list[tuple[float, ...]]:
    """Loss, accuracy, gradient norm and learning rate of every step, however they were cut."""
    return [
        row
        for steps in only(Steps, records)
        for row in zip(
            steps.loss, steps.accuracy, steps.gradient_norm, steps.learning_rate, strict=True
        )
    ]
