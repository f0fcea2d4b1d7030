"""Tensors brought from their device to the CPU: each copied once, contiguous."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import torch
from torch import Tensor

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
            self._bytes = self._made(end)
        copies = {name: self._view(starts[name], tensor) for name, tensor in tensors.items()}
        apart = self._device.type == "cuda"  # elsewhere nobody says when such a copy is done
        for name, tensor in tensors.items():
            copies[name].copy_(tensor, non_blocking=apart)
        if apart:
            torch.cuda.current_stream(self._device).synchronize()
        return copies

    def _made(self, size: int) -> Tensor:
        if self._device.type == "cuda":
            with suppress(RuntimeError):  # the system locks no more pages
                return torch.empty(size, dtype=torch.uint8, pin_memory=True)
        return torch.empty(size, dtype=torch.uint8)

    def _view(self, start: int, tensor: Tensor) -> Tensor:
        part = self._bytes[start : start + tensor.nbytes]
        return part.view(tensor.dtype).view(tensor.shape)
