"""A recipe together with the data and the device that it is trained with."""

from dataclasses import dataclass
from functools import lru_cache

from explorer.analysis import summary
from explorer.analysis.summary import training_memory
from explorer.base.device import Device
from explorer.base.inputs import InputSize
from explorer.data.datasets import Data
from explorer.networks import NetworkSpec
from explorer.training.machine import Numbers, numbers, threads
from explorer.training.recipes import Recipe
from explorer.training.recipes.checks import check_fit


@dataclass(frozen=True)
class Setting:
    """What follows from the three: the network, what enters it, the FLOPs of one picture's forward
    pass, number format and layout."""

    recipe: Recipe
    device: Device
    spec: NetworkSpec
    input_size: InputSize
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
        spec, entering = recipe.spec(channels, classes), recipe.input_size(channels)
        flops = forward_flops(spec, entering)
        chosen = numbers(recipe.precision, device, flops, recipe.batch_size)
        return cls(recipe, device, spec, entering, flops, chosen)

    @property
    def threads(self) -> int:
        """How many threads serve it best on this machine; for the process that trains to set."""
        return threads(self.device, self.flops * self.recipe.batch_size)

    def memory(self, batch_size: int) -> int:
        """Bytes that one training step holds at once, about."""
        recipe = self.recipe
        kind = "momentum" if recipe.optimizer == "sgd" and recipe.momentum else recipe.optimizer
        memory = training_memory(self.spec, self.input_size, batch_size, kind)
        if self.numbers.name == "float32":
            return memory.total
        # In bfloat16 most of what is kept for the backward pass takes half, and so does a second
        # copy of the weights.
        return memory.total - memory.activations // 2 + memory.weights // 2


@lru_cache(maxsize=512)
def forward_flops(spec: NetworkSpec, size: InputSize) -> int:
    """FLOPs of one picture's forward pass: two for every multiply-add."""
    return summary.measure(spec, size).totals.flops
