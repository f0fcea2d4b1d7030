"""The test device as torch knows it: `torch.device("testgpu:1")`, `torch.testgpu.device_count()`.

Torch calls `register` when it is imported, as it does for every device that somebody has installed
beside it (an entry point of the group "torch.backends"); whoever uses torch need not know.
"""

import os
import sys
from types import SimpleNamespace

import torch

_NAME = "testgpu"


def register() -> None:
    """Load the library that TESTGPU_LIBRARY names, and give torch the device's module."""
    torch.ops.load_library(os.environ["TESTGPU_LIBRARY"])
    torch.utils.rename_privateuse1_backend(_NAME)
    torch._register_device_module(_NAME, sys.modules[__name__])
    torch.utils.generate_methods_for_privateuse1_backend()


def device_count() -> int:
    return int(torch.ops.testgpu.device_count())


def is_available() -> bool:
    return device_count() > 0


def current_device() -> int:
    return torch.accelerator.current_device_index()


def get_device_properties(device: int) -> SimpleNamespace:
    """What a device is called and has, in the words of `torch.cuda`."""
    name, uuid = f"Test GPU {device}", f"00000000-0000-0000-0000-00000000000{device}"
    return SimpleNamespace(name=name, uuid=uuid, total_memory=torch.ops.testgpu.memory())


def get_amp_supported_dtype() -> list[torch.dtype]:
    return [torch.bfloat16, torch.float16]


def _is_in_bad_fork() -> bool:
    return bool(torch.ops.testgpu.bad_fork())


def _lazy_init() -> None:
    pass


def manual_seed(seed: int) -> None:
    torch.ops.testgpu.seed(current_device(), seed)


def manual_seed_all(seed: int) -> None:
    for number in range(2):
        torch.ops.testgpu.seed(number, seed)


def _number(device: "int | str | torch.device") -> int:
    return device if isinstance(device, int) else torch.device(device).index or 0


def get_rng_state(device: "int | str | torch.device" = _NAME) -> torch.Tensor:
    return torch.ops.testgpu.random_state(_number(device))


def set_rng_state(state: torch.Tensor, device: "int | str | torch.device" = _NAME) -> None:
    torch.ops.testgpu.set_random_state(_number(device), state)
