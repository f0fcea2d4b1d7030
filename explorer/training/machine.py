"""How a run uses its machine: environment, threads, number format, memory layout, copies."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.base.device import Device, fast_bfloat16, torch_device

# Measured on two cores, with what is below and above these limits. FLOPs of a forward pass:
GAINS_BY_BFLOAT16 = 60e6  # per picture; smaller networks lose more by converting than they win
GAINS_BY_SIZE = 100e6  # per batch; below, threads wait for each other longer than they work, and
# channels last, which is worth a sixth to LeNet's batches of 256, costs BN-LeNet's of 32 a little


def environment() -> dict[str, str]:
    """Variables that a process needs from its start to train fast on a CPU with Linux.

    The first three keep glibc from giving freed memory back at every step and asking for it again
    at the next; the last lets a waiting thread sleep soon, instead of blocking others' cores.
    """
    return {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(8 * 2**30),
        "MALLOC_TOP_PAD_": str(64 * 2**20),
        "GOMP_SPINCOUNT": "1000",
    }


def threads(device: Device, flops: float) -> int:
    """How many threads serve a forward pass of so many FLOPs, over the whole batch, best."""
    return cores() if device.kind == "cpu" and flops >= GAINS_BY_SIZE else 1


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux: it may be fewer than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Numbers:
    """The format that products are computed in, and how pictures and weights lie in memory.

    `reason` says as a code why this format: "asked" for by the recipe, "gains" by bfloat16, too
    "small" a network to gain by it, "slow" at bfloat16, an "old" card of NVIDIA without it.
    """

    dtype: torch.dtype
    channels_last: bool
    reason: str = "asked"

    @property
    def name(self) -> str:
        """The format as a record spells it: "float32" or "bfloat16"."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def layout(self) -> torch.memory_format:
        """As torch's functions want it."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


def numbers(precision: str, device: Device, flops: float, batch_size: int) -> Numbers:
    """What suits a network of so many FLOPs per picture; `precision` is a recipe's."""
    half, reason = precision == "bfloat16", "asked"
    if precision == "auto":
        reason = _reason(device, flops)
        half = reason == "gains"
    return Numbers(
        torch.bfloat16 if half else torch.float32,
        channels_last=flops * batch_size >= GAINS_BY_SIZE,
        reason=reason,
    )


def _reason(device: Device, flops: float) -> str:
    """Why "auto" takes what it takes."""
    if not fast_bfloat16(device):
        return "old" if device.kind == "cuda" else "slow"
    return "gains" if flops >= GAINS_BY_BFLOAT16 else "small"


class Repeatable(AbstractContextManager[None]):
    """Have NVIDIA's libraries choose the same algorithm every time, and compute float32 as such.

    Without this convolutions would be computed in TF32, with 10 bits of the 23. On a CPU the same
    seed gives the same curve to the bit; some operations of a GPU add in an order of their own
    all the same, so there it is the same to rounding.

    These settings are the process's own, not a thread's: of those who are inside at once the
    first one changes them, and the last one out puts them back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before.enter_context(_deterministic_float32())
            self._inside += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._before.close()


@contextmanager
def _deterministic_float32() -> Iterator[None]:
    """The settings themselves, for one at a time."""
    products = torch.backends.cuda.matmul
    before = products.fp32_precision
    products.fp32_precision = "ieee"
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        products.fp32_precision = before


repeatable = Repeatable()


def own_stream(device: Device) -> torch.cuda.Stream | None:
    """A queue of the training's own, where a device is of CUDA: it records from no other."""
    return torch.cuda.Stream(torch_device(device)) if device.kind == "cuda" else None


def queued_on(stream: torch.cuda.Stream | None) -> AbstractContextManager[object]:
    """Work inside is queued there."""
    return nullcontext() if stream is None else torch.cuda.stream(stream)


class Randomness:
    """Random numbers of its own: whatever else draws some in this process changes nothing."""

    def __init__(self, device: Device) -> None:
        self._device = torch_device(device)
        self._own = self._states()

    def seed(self, number: int) -> None:
        """Start anew; to be called inside `used`."""
        torch.manual_seed(number)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Everything inside draws from here."""
        with torch.random.fork_rng(self._numbers(), device_type=self._device.type):
            self._set(self._own)
            try:
                yield
            finally:
                self._own = self._states()

    def tensors(self) -> dict[str, Tensor]:
        """The state by name, uint8 on the CPU."""
        return {name: state.clone() for name, state in self._own.items()}

    def restore(self, states: dict[str, Tensor]) -> None:
        """Go on from `tensors`."""
        self._own = dict(states)

    def _numbers(self) -> list[int]:
        """Which of its kind the device is; of the CPU there is but one."""
        return [] if self._device.type == "cpu" else [self._device.index or 0]

    def _states(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        for number in self._numbers():
            states["device"] = torch.get_device_module(self._device).get_rng_state(number)
        return states

    def _set(self, states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        for number in self._numbers():
            torch.get_device_module(self._device).set_rng_state(states["device"], number)


# -- tensors brought from their device to the CPU: each copied once, contiguous --------------------

Copier = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
ALIGNMENT = 64  # bytes: tensors of any type may begin there


def copies(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In memory of their own."""
    return {
        name: torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor)
        for name, tensor in tensors.items()
    }


class HostBuffer:
    """One piece of memory for all of them, used again and again; page-locked for CUDA.

    What `copy` gives is overwritten by the next `copy`: whoever reads it must be done by then.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._bytes = torch.empty(0, dtype=torch.uint8)

    def copy(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors' values now, as views of the buffer; waits for the device once."""
        starts, end = {}, 0
        for name, tensor in tensors.items():
            starts[name] = end
            end += -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT
        if end > len(self._bytes):
            self._bytes = self._empty(end)
        copies = {name: self._view(starts[name], tensor) for name, tensor in tensors.items()}
        apart = self._device.type == "cuda"  # elsewhere nobody says when such a copy is done
        for name, tensor in tensors.items():
            copies[name].copy_(tensor, non_blocking=apart)
        if apart:
            torch.cuda.current_stream(self._device).synchronize()
        return copies

    def _empty(self, size: int) -> Tensor:
        if self._device.type == "cuda":
            with suppress(RuntimeError):  # the system locks no more pages
                return torch.empty(size, dtype=torch.uint8, pin_memory=True)
        return torch.empty(size, dtype=torch.uint8)

    def _view(self, start: int, tensor: Tensor) -> Tensor:
        part = self._bytes[start : start + tensor.nbytes]
        return part.view(tensor.dtype).view(tensor.shape)
