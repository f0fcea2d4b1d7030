"""The graphics hardware of this machine, and why torch cannot compute on it where it cannot.

Torch knows the devices that it can use. What else the machine has is asked of the system: a build
of torch for the processor alone, on a machine with a GPU, is the commonest fault of all.
"""

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from explorer.base import device
from explorer.base.device import Device
from explorer.base.language import N_, _

_PCI = Path("/sys/bus/pci/devices")
_DRIVER = Path("/sys/module/nvidia/version")
_DISPLAY = "0x03"  # the class of display controllers among PCI devices
_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_GUIDE = "https://pytorch.org/get-started/locally/"


@dataclass(frozen=True)
class Facts:
    """What is known before it is judged: `makers` of the graphics processors that the system lists,
    the loaded NVIDIA driver's version and the newest CUDA that it serves, what torch was built
    for ("cuda 13.0", "rocm 7.0", "xpu 20250302", "cpu"), and the accelerators that torch finds."""

    makers: frozenset[str]
    driver: str
    driver_cuda: str
    torch_version: str
    build: str
    visible: str | None  # CUDA_VISIBLE_DEVICES
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class Verdict:
    """A sentence about the machine's GPUs, the command that mends what is wrong, if one does."""

    sentence: str
    command: str = ""
    fault: bool = False


@cache
def facts() -> Facts:
    """Of this machine, looked up once in a process."""
    return Facts(
        makers=frozenset(_makers()),
        driver=_driver(),
        driver_cuda=_driver_cuda(),
        torch_version=torch.__version__,
        build=_build(),
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
        devices=tuple(each for each in device.available() if each.kind != "cpu"),
    )


def verdict(machine: Facts | None = None) -> Verdict:
    """What there is to say about the GPUs of a machine, or of this one."""
    machine = machine or facts()
    sentence, command, fault = _judge(machine)
    text = _(sentence).format(
        devices=", ".join(f"{each.title} ({each.name})" for each in machine.devices),
        version=machine.torch_version,
        build=machine.build,
        driver=machine.driver,
        newest=machine.driver_cuda,
        visible=machine.visible,
    )
    return Verdict(text, command, fault)


def _judge(machine: Facts) -> tuple[str, str, bool]:
    """A sentence (marked with N_), the command that mends what is wrong, whether it is a fault."""
    if machine.devices:
        return _USED_THROUGH if machine.driver else _USED, "", False
    if "NVIDIA" in machine.makers:
        return _judge_nvidia(machine)
    if "AMD" in machine.makers:
        rocm = machine.build.startswith("rocm")
        return (_AMD_UNKNOWN, "rocminfo", True) if rocm else (_AMD_OTHER_BUILD, _GUIDE, False)
    if "Intel" in machine.makers:
        return _INTEL, _GUIDE, False
    if "Apple" in machine.makers:
        return _APPLE, "softwareupdate --list", True
    return _NONE if machine.build == "cpu" else _NONE_FOR_THIS_BUILD, "", False


def _judge_nvidia(machine: Facts) -> tuple[str, str, bool]:
    if not machine.build.startswith("cuda"):
        return _CPU_BUILD, _reinstalled(machine), True
    if not machine.driver and not machine.driver_cuda:
        return _NO_DRIVER, _driver_command(), True
    if machine.visible is not None and machine.visible.strip() in ("", "-1"):
        return _HIDDEN, "unset CUDA_VISIBLE_DEVICES", True
    needed = int(machine.build.removeprefix("cuda ").partition(".")[0])
    if machine.driver_cuda and int(machine.driver_cuda.partition(".")[0]) < needed:
        return _OLD_DRIVER, _driver_command(), True
    return _SILENT, "nvidia-smi", True


# -- what the system says -----------------------------------------------------------------------


def _makers() -> Iterator[str]:
    """Who made the machine's graphics processors, as far as its system lists them."""
    for folder in _PCI.glob("*") if _PCI.is_dir() else ():
        with suppress(OSError):
            if (folder / "class").read_text(encoding="ascii").startswith(_DISPLAY):
                yield _VENDORS.get((folder / "vendor").read_text(encoding="ascii").strip(), "")
    if _driver() or _driver_cuda() or Path("/dev/nvidia0").exists():
        yield "NVIDIA"  # a container may see the device and not the bus
    if sys.platform == "darwin" and platform.machine() == "arm64":
        yield "Apple"


@cache
def _driver() -> str:
    """The version of NVIDIA's driver; empty where none is loaded."""
    with suppress(OSError):
        return _DRIVER.read_text(encoding="ascii").strip()
    return ""


@cache
def _driver_cuda() -> str:
    """The newest CUDA that the driver serves, "13.0"; empty without a driver. Starts no context."""
    number = ctypes.c_int()
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        if library.cuDriverGetVersion(ctypes.byref(number)) == 0 and number.value:
            return f"{number.value // 1000}.{number.value % 1000 // 10}"
    return ""


def _build() -> str:
    """What torch was built for."""
    version = torch.version
    kinds = {"cuda": "cuda", "hip": "rocm", "xpu": "xpu"}
    for attribute, kind in kinds.items():
        if number := getattr(version, attribute, None):
            return f"{kind} {number}"
    return "mps" if torch.backends.mps.is_built() else "cpu"


# -- what follows -------------------------------------------------------------------------------


def _reinstalled(machine: Facts) -> str:
    """Torch of the same version anew; what Linux gets by default computes on NVIDIA's GPUs."""
    if sys.platform != "linux":
        return _GUIDE
    plain = machine.torch_version.partition("+")[0]
    return f"{sys.executable} -m pip install --force-reinstall torch=={plain} -c constraints.txt"


_USED = N_("{devices}, used by PyTorch {version} ({build}).")
_USED_THROUGH = N_("{devices}, used by PyTorch {version} ({build}) through driver {driver}.")
_NONE = N_("No GPU was found on this machine; networks are trained on its processor.")
_NONE_FOR_THIS_BUILD = N_(
    "No GPU was found on this machine, though PyTorch {version} is built for one "
    "({build}); networks are trained on its processor."
)
_CPU_BUILD = N_(
    "This machine has an NVIDIA GPU, but its PyTorch {version} is built for the processor alone. "
    "Install the build for CUDA."
)
_NO_DRIVER = N_(
    "This machine has an NVIDIA GPU, but no NVIDIA driver is loaded. Install the driver, then "
    "start the machine anew."
)
_HIDDEN = N_(
    "This machine has an NVIDIA GPU, but the environment variable CUDA_VISIBLE_DEVICES is "
    "“{visible}” and hides it. Unset it."
)
_OLD_DRIVER = N_(
    "This machine has an NVIDIA GPU, but its driver serves CUDA {newest} at most, and PyTorch "
    "{version} is built for {build}. Install a newer driver."
)
_SILENT = N_(
    "This machine has an NVIDIA GPU and a driver, but PyTorch {version} ({build}) cannot use it. "
    "See what the driver says of it."
)


def _driver_command() -> str:
    """How this system gets NVIDIA's driver."""
    if sys.platform != "linux":
        return "https://www.nvidia.com/drivers"
    system = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    ubuntu = "sudo ubuntu-drivers install"
    return ubuntu if system.get("ID") == "ubuntu" else "sudo apt install nvidia-driver"


_AMD_UNKNOWN = N_(
    "This machine has an AMD graphics processor, but PyTorch {version} ({build}) "
    "cannot use it: it may be none that ROCm knows, or its driver is missing."
)
_AMD_OTHER_BUILD = N_(
    "This machine has an AMD graphics processor. PyTorch computes on many of them in its "
    "build for ROCm; this one ({build}) computes on the processor."
)
_INTEL = N_(
    "This machine has an Intel graphics processor. PyTorch computes on Arc and newer ones "
    "in its build for XPU; this one ({build}) computes on the processor."
)
_APPLE = N_(
    "This Mac has a GPU, but PyTorch {version} ({build}) cannot use it: that takes macOS "
    "14 or newer, and a Python for Apple silicon."
)
