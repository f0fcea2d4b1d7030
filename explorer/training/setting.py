"""A recipe together with the data and the device that it is trained with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from explorer.analysis import summary
from explorer.analysis.memory import TrainingMemory, training_memory
from explorer.base.device import Device
from explorer.base.inputs import Picture
from explorer.data.datasets import Data
from explorer.networks.registry import Value
from explorer.training.machine import Numbers, numbers, threads
from explorer.training.recipes import Recipe
from explorer.training.recipes.checks import check_fit


@dataclass(frozen=True)
class Setting:
    """What follows from the three: every option of the network, what enters it (C, H, W), the
    FLOPs of one picture's forward pass, number format and layout."""

    recipe: Recipe
    device: Device
    options: Mapping[str, Value]
    picture: Picture
    flops: int
    numbers: Numbers

    @classmethod
    def of(cls, recipe: Recipe, data: Data, device: Device) -> "Setting":
        """Put them together.

        Raises:
            ValueError: the network cannot take these pictures, or a last batch of one.
        """
        channels, classes = data.shape[0], len(data.classes)
        check_fit(recipe, channels, classes, len(data.train))
        options, picture = recipe.options_and_picture(channels, classes)
        flops = forward_flops(recipe.network, options, picture)
        chosen = numbers(recipe.precision, device, flops, recipe.batch_size)
        return cls(recipe, device, options, picture, flops, chosen)

    @property
    def threads(self) -> int:
        """How many threads serve it best on this machine; for the process that trains to set."""
        return threads(self.device, self.flops * self.recipe.batch_size)

    def memory(self, batch_size: int) -> int:
        """Bytes that one training step holds at once, about."""
        recipe = self.recipe
        kind = "momentum" if recipe.optimizer == "sgd" and recipe.momentum else recipe.optimizer
        options = tuple(sorted(self.options.items()))
        found = _memory(recipe.network, options, self.picture, batch_size, kind)
        if self.numbers.name == "float32":
            return found.total
        # In bfloat16 most of what is kept for the backward pass takes half, and so does a second
        # copy of the weights.
        return found.total - found.activations // 2 + found.weights // 2


def forward_flops(network: str, options: Mapping[str, Value], picture: Picture) -> int:
    """FLOPs of one picture's forward pass: two for every multiply-add."""
    return _flops(network, tuple(sorted(options.items())), picture)


@lru_cache(maxsize=512)
def _flops(network: str, options: tuple[tuple[str, Value], ...], picture: Picture) -> int:
    return summary.measure(network, dict(options), picture).totals.flops


@lru_cache(maxsize=512)
def _memory(
    network: str, options: tuple[tuple[str, Value], ...], picture: Picture, batch: int, kind: str
) -> TrainingMemory:
    return training_memory(network, dict(options), picture, batch, kind)
