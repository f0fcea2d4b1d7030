"""The devices that a network can be trained on here, and what memory they have left."""

import contextlib
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from explorer.base import memory
from explorer.base.reasons import CodedError

CPU = "cpu"
AUTOMATIC = "auto"

_CPU_FACTS = Path("/proc/cpuinfo")
_FAST_BFLOAT16 = {"avx512_bf16", "amx_bf16"}  # instructions that multiply bfloat16 itself


@dataclass(frozen=True)
class Device:
    """A device under torch's name for it ("cpu", "cuda:1"); its memory in bytes.

    `kind` is torch's word for devices of this make: "cuda" also for AMD's, "xpu", "mps" … `uuid`
    tells one piece of hardware from all others, where its kind knows such a thing.
    """

    name: str
    kind: str
    title: str
    memory: int
    uuid: str = ""


# -- what is there ----------------------------------------------------------------------------


def available() -> tuple[Device, ...]:
    """Every device that can be computed on; the CPU is always the last."""
    return (*_accelerators(), _cpu())


def detect() -> Device:
    """The best device there is."""
    return available()[0]


def named(text: str) -> Device:
    """The device of that name: "auto" (the best), "cpu", "cuda" (the first of them), "cuda:1" …

    Raises:
        ValueError: there is no such device here.
    """
    name = text.strip().lower() or AUTOMATIC
    if name == CPU:  # nothing else is asked for, nor woken
        return _cpu()
    devices = available()
    if name == AUTOMATIC:
        return devices[0]
    for device in devices:
        if name in (device.name, device.kind):
            return device
    names = [AUTOMATIC, *(device.name for device in devices)]
    raise CodedError("unknown_device", name=text, known=names)


def torch_device(device: Device) -> torch.device:
    """As torch wants it."""
    return torch.device(device.name)


def use(device: Device) -> None:
    """Let what this thread makes on "the" accelerator, unnamed, lie on this one."""
    if device.kind != CPU:
        torch.accelerator.set_device_index(_number(device))


def _cpu() -> Device:
    return Device(CPU, CPU, _processor(), memory.whole())


def _accelerators() -> Iterator[Device]:
    """Whatever torch can compute on beside the CPU: it knows one kind at a time."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return
    kind = accelerator.type
    if kind == "mps":  # the processor's own, in its own memory: torch tells neither name nor size
        title = f"{_processor()} (GPU)"
        yield Device("mps", kind, title, torch.mps.recommended_max_memory())
        return
    # What the kind's own module tells of a device, if it does.
    tell = getattr(torch.get_device_module(kind), "get_device_properties", None)
    for number in range(torch.accelerator.device_count()):
        facts = tell(number) if tell else None
        yield Device(
            f"{kind}:{number}",
            kind,
            title=str(getattr(facts, "name", kind)),
            memory=int(getattr(facts, "total_memory", 0)) or _memory_info(number)[1],
            uuid=str(getattr(facts, "uuid", "")),
        )


def _number(device: Device) -> int:
    return torch_device(device).index or 0


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
    name = _cpu_facts().get("model name") or platform.processor() or platform.machine()
    plain = re.sub(r"\((R|TM)\)|\bCPU\b|@.*", "", name)
    return " ".join(plain.split()) or "CPU"


# -- what it can do ---------------------------------------------------------------------------


def counts_memory(device: Device) -> bool:
    """Whether torch counts what tensors hold there; not so the CPU's, nor (before 2.13) Metal's."""
    return device.kind not in (CPU, "mps")


def free_memory(device: Device) -> int:
    """Bytes that a new tensor could take now, about; on the CPU without swapping."""
    if device.kind == "mps":
        return max(device.memory - torch.mps.driver_allocated_memory(), 0)
    if device.kind != CPU:
        number = _number(device)
        reserved = int(torch.accelerator.memory_reserved(number))
        return _memory_info(number)[0] + reserved - int(torch.accelerator.memory_allocated(number))
    return memory.free()


def _memory_info(number: int) -> tuple[int, int]:
    """Bytes that are free on an accelerator, whoever uses it, and bytes in all."""
    free, whole = torch.accelerator.get_memory_info(number)
    return int(free), int(whole)


def fast_bfloat16(device: Device) -> bool:
    """Whether the device computes faster in bfloat16 than in float32."""
    if device.kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.kind == CPU:
        return not _FAST_BFLOAT16.isdisjoint(_cpu_facts().get("flags", "").split())
    return False
