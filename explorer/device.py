"""The devices that a network can be trained on here, and what memory they have left."""

import contextlib
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import psutil
import torch

from explorer.language import _

Kind = Literal["cpu", "cuda", "mps", "xpu"]
KINDS: tuple[Kind, ...] = ("cuda", "xpu", "mps", "cpu")  # the fastest first
AUTOMATIC = "auto"

_CPU_FACTS = Path("/proc/cpuinfo")
_GROUP = Path("/sys/fs/cgroup")  # Linux: the limits of a container, within which a machine ends
_FAST_BFLOAT16 = {"avx512_bf16", "amx_bf16"}  # instructions that multiply bfloat16 itself


@dataclass(frozen=True)
class Device:
    """A device under torch's name for it ("cpu", "cuda:1"); its memory in bytes."""

    name: str
    kind: Kind
    title: str
    memory: int


# -- what is there ----------------------------------------------------------------------------


def available() -> tuple[Device, ...]:
    """Every device that can be computed on, the fastest kind first; the CPU is always the last."""
    return tuple(device for kind in KINDS for device in _of(kind))


def detect() -> Device:
    """The best device there is."""
    return available()[0]


def named(text: str) -> Device:
    """The device of that name: "auto" (the best), "cpu", "cuda" (the first of them), "cuda:1" …

    Raises:
        ValueError: there is no such device here.
    """
    wanted = text.strip().lower() or AUTOMATIC
    there = available()
    if wanted == AUTOMATIC:
        return there[0]
    for device in there:
        if wanted in (device.name, device.kind):
            return device
    raise ValueError(
        _("There is no device {name} here. Choose one of these: {known}.").format(
            name=text, known=", ".join([AUTOMATIC, *(device.name for device in there)])
        )
    )


def torch_device(device: Device) -> torch.device:
    """As torch wants it."""
    return torch.device(device.name)


def _of(kind: Kind) -> Iterator[Device]:
    if kind == "cuda" and torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            cuda = torch.cuda.get_device_properties(number)
            yield Device(f"cuda:{number}", kind, cuda.name, cuda.total_memory)
    elif kind == "xpu" and torch.xpu.is_available():
        for number in range(torch.xpu.device_count()):
            xpu = torch.xpu.get_device_properties(number)
            yield Device(f"xpu:{number}", kind, xpu.name, xpu.total_memory)
    elif kind == "mps" and torch.backends.mps.is_available():
        title = f"{_processor()} (GPU)"
        yield Device("mps", kind, title, torch.mps.recommended_max_memory())
    elif kind == "cpu":
        yield Device("cpu", kind, _processor(), _memory())


# -- the processor ----------------------------------------------------------------------------


@cache
def _cpu_facts() -> dict[str, str]:
    """What Linux lists for the first core: "model name", "flags" … Empty elsewhere."""
    with contextlib.suppress(OSError):
        first = _CPU_FACTS.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
        pairs = (line.partition(":") for line in first.splitlines())
        return {key.strip(): value.strip() for key, _colon, value in pairs}
    return {}


@cache
def _processor() -> str:
    """The processor's name without its marketing: "Intel Xeon Platinum 8481C"."""
    given = _cpu_facts().get("model name") or platform.processor() or platform.machine()
    plain = re.sub(r"\((R|TM)\)|\bCPU\b|@.*", "", given)
    return " ".join(plain.split()) or "CPU"


def _group(file: str) -> int | None:
    """A number of bytes from our control group, if there is one and it says "max" of nothing."""
    with contextlib.suppress(OSError, ValueError):
        return int((_GROUP / file).read_text(encoding="utf-8"))
    return None


def _memory() -> int:
    whole = int(psutil.virtual_memory().total)
    return min(whole, _group("memory.max") or whole)


def _group_used() -> int:
    """Bytes that our control group holds and could not give back at once (the cache of files)."""
    cached = 0
    with contextlib.suppress(OSError, ValueError):
        rows = (_GROUP / "memory.stat").read_text(encoding="utf-8").splitlines()
        cached = int(dict(row.split() for row in rows).get("inactive_file", "0"))
    return (_group("memory.current") or 0) - cached


# -- what it can do ---------------------------------------------------------------------------


def free_memory(device: Device) -> int:
    """Bytes that a new tensor could take now, about; on the CPU without swapping."""
    if device.kind == "cuda":
        number = torch_device(device).index
        unused = torch.cuda.memory_reserved(number) - torch.cuda.memory_allocated(number)
        return int(torch.cuda.mem_get_info(number)[0]) + unused
    if device.kind == "xpu":
        return int(torch.xpu.mem_get_info(torch_device(device).index)[0])
    if device.kind == "mps":
        return max(device.memory - torch.mps.driver_allocated_memory(), 0)
    free = int(psutil.virtual_memory().available)
    limit = _group("memory.max")
    return free if limit is None else min(free, max(limit - _group_used(), 0))


def fast_bfloat16(device: Device) -> bool:
    """Whether the device computes faster in bfloat16 than in float32."""
    if device.kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.kind == "cpu":
        return not _FAST_BFLOAT16.isdisjoint(_cpu_facts().get("flags", "").split())
    return False
