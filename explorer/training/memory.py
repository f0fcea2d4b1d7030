"""Memory: what a training holds, and what is said where it does not fit."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch
from torch.nn.functional import conv2d

from explorer.base.device import Device, counts_memory, free_memory, torch_device
from explorer.training.records import OutOfMemory
from explorer.training.setting import Setting

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

    def taken(self) -> int:
        """Bytes."""
        if self._counted:
            most = int(torch.accelerator.max_memory_allocated(self._counted))
        else:
            most = _most_of_process()
        return max(0, most - self._before)


def _most_of_process() -> int:
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415 (not on Windows)

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def make_ready(device: Device) -> None:
    """Have an accelerator's context and its libraries' own memory taken before tensors are.

    On CUDA that is hundreds of megabytes, which no count of tensors shows; it comes with the first
    product and the first convolution. What is free after them is free for tensors.
    """
    if not counts_memory(device):
        return
    where = torch_device(device)
    with torch.enable_grad():
        weight = torch.zeros(8, 8, 3, 3, device=where, requires_grad=True)
        maps = conv2d(torch.zeros(8, 8, 8, 8, device=where), weight).flatten(1)
        (maps @ maps.T).sum().backward()


def refuse_what_cannot_fit(setting: Setting) -> None:
    """Linux would rather end a process than refuse it memory, so the CPU is asked beforehand.

    Raises:
        OutOfMemory: one step takes more than is free.
    """
    with answered(setting):
        make_ready(setting.device)
    free = free_memory(setting.device)
    if setting.memory(setting.recipe.batch_size) > free:
        raise _does_not_fit(setting, free)


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
    return isinstance(error, RuntimeError) and any(
        phrase in str(error).lower() for phrase in _PHRASES
    )


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
