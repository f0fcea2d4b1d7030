"""A recipe together with the data and the device that it is trained with, and the memory that
it takes there: what is said where that does not fit."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil
import torch
from torch.nn.functional import conv2d

from explorer.analysis import summary
from explorer.analysis.summary import training_memory
from explorer.base.device import Device, counts_memory, free_memory, torch_device
from explorer.base.inputs import InputSize
from explorer.data.datasets import Data
from explorer.networks import NetworkSpec
from explorer.training.machine import Numbers, numbers, threads
from explorer.training.recipes import Recipe
from explorer.training.recipes.recipe import check_fit
from explorer.training.records import OutOfMemory


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
        format_ = numbers(recipe.precision, device, flops, recipe.batch_size)
        return cls(recipe, device, spec, entering, flops, format_)

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


# -- what a training holds, and what is said where it does not fit --------------------------------

# The last three are cuBLAS' and cuDNN's (…_ALLOC_FAILED, …_ALLOCATION_FAILED) and Level Zero's.
_PHRASES = (
    "not enough memory",
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "alloc_failed",
    "allocation_failed",
    "out_of_device_memory",
)


_STATUS = Path("/proc/self/status")
_HEIGHT = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class Peak:
    """What has been taken since this was made, at its height: by tensors where torch counts them,
    else by all of this process."""

    def __init__(self, device: Device) -> None:
        self._counted = torch_device(device) if counts_memory(device) else None
        if self._counted:
            torch.accelerator.reset_peak_memory_stats(self._counted)
            self._before = int(torch.accelerator.memory_allocated(self._counted))
        else:
            self._before = int(psutil.Process().memory_info().rss)

    def growth(self) -> int:
        """Bytes."""
        if self._counted:
            most = int(torch.accelerator.max_memory_allocated(self._counted))
        elif sys.platform == "win32":
            most = int(psutil.Process().memory_info().peak_wset)
        elif _STATUS.exists():  # Linux, where what `resource` says includes whoever started this
            (height,) = _HEIGHT.findall(_STATUS.read_text(encoding="ascii"))
            most = 1024 * int(height)
        else:
            import resource  # noqa: PLC0415 (not on Windows)

            unit = 1 if sys.platform == "darwin" else 1024
            most = unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return max(0, most - self._before)


def refuse_what_cannot_fit(setting: Setting) -> None:
    """Linux would rather end a process than refuse it memory, so the CPU is asked beforehand.

    Raises:
        OutOfMemory: one step takes more than is free.
    """
    if counts_memory(setting.device):
        with answered(setting), torch.enable_grad():
            _make_ready(torch_device(setting.device))
    free = free_memory(setting.device)
    if setting.memory(setting.recipe.batch_size) > free:
        raise _does_not_fit(setting, free)


def _make_ready(device: torch.device) -> None:
    """Have an accelerator's context and its libraries' own memory taken before tensors are.

    On CUDA that is hundreds of megabytes, which no count of tensors shows; it comes with the first
    product and the first convolution. What is free after them is free for tensors.
    """
    weight = torch.zeros(8, 8, 3, 3, device=device, requires_grad=True)
    maps = conv2d(torch.zeros(8, 8, 8, 8, device=device), weight).flatten(1)
    (maps @ maps.T).sum().backward()


@contextmanager
def answered(setting: Setting) -> Iterator[None]:
    """Turn torch's errors about memory inside into `OutOfMemory`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise _does_not_fit(setting, free_memory(setting.device)) from error


def out_of_memory(error: Exception) -> bool:
    """Whether memory is what was missing: torch and the libraries under it say it in many ways."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _PHRASES)


def _does_not_fit(setting: Setting, free: int) -> OutOfMemory:
    recipe = setting.recipe
    return OutOfMemory(
        "does_not_fit",
        network=recipe.network,
        side=recipe.size,
        batch=recipe.batch_size,
        needed=setting.memory(recipe.batch_size),
        device=setting.device.title,
        free=free,
        smaller=fitting_batch(setting, free),
    )


def fitting_batch(setting: Setting, free: int) -> int:
    """The largest half, quarter … of the batch that takes at most 0.8 of `free`; 0 if none does.

    At least half: where torch ran out of memory, the batch was too large, whatever is free now.
    """
    batch = setting.recipe.batch_size // 2
    while batch >= 2 and setting.memory(batch) > 0.8 * free:
        batch //= 2
    return batch if batch >= 2 else 0
