"""What the devices are called, what memory they have, and which of them like bfloat16."""

import platform
from pathlib import Path

import psutil
import pytest
import torch

from explorer.base import device, memory
from tests import device as test_device

CPU = device.named("cpu")
LINUX = platform.system() == "Linux"


@pytest.mark.parametrize("each", device.available(), ids=lambda each: each.name)
def test_every_device_can_be_computed_on_and_called_by_its_name(each: device.Device) -> None:
    ones = torch.ones(8, 8, device=device.torch_device(each))
    assert float((ones @ ones).sum()) == 512
    assert device.named(each.name) == each
    assert each.title
    assert 0 < device.free_memory(each) <= each.memory
    assert device.fast_bfloat16(each) in (True, False)


def test_the_cpu_is_always_there_and_the_last_choice() -> None:
    devices = device.available()
    assert devices[-1] == CPU
    assert device.detect() == devices[0]
    if not torch.cuda.is_available():
        assert device.detect().kind != "cuda"


@pytest.mark.parametrize("text", ["auto", "AUTO", "", " auto "])
def test_auto_is_the_best_there_is(text: str) -> None:
    assert device.named(text) == device.detect()


@pytest.mark.parametrize("text", ["gpu", "cuda:99", "cpu:1", "tpu", "cuda:-1", "1"])
def test_a_device_that_is_not_there_is_named_beside_those_that_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"auto, .*cpu") as refused:
        device.named(text)
    assert text in str(refused.value)


@pytest.mark.skipif(not LINUX, reason="Linux lists a processor's instructions in /proc/cpuinfo")
def test_the_processor_says_whether_it_multiplies_bfloat16() -> None:
    listed = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    assert device.fast_bfloat16(CPU) == ("avx512_bf16" in listed or "amx_bf16" in listed)


def test_a_container_s_limit_is_the_memory_that_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    whole = psutil.virtual_memory().total
    assert device.named("cpu").memory == whole
    for text in ("max\n", f"{10**18}\n"):
        (tmp_path / "memory.max").write_text(text, encoding="utf-8")
        assert device.named("cpu").memory == whole
    (tmp_path / "memory.max").write_text("100000000\n", encoding="utf-8")
    (tmp_path / "memory.current").write_text("70000000\n", encoding="utf-8")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 20000000\n", encoding="utf-8")
    assert device.named("cpu").memory == memory.share({}) == 100_000_000
    assert memory.share({memory.PROCESSES: "4"}) == 25_000_000  # servers share it
    assert device.free_memory(CPU) == 50_000_000  # what files are cached for can be given back


@pytest.mark.parametrize(("surroundings", "outcome"), [("", "skipped"), ("true", "failed")])
def test_without_a_compiler_tests_of_the_test_device_are_skipped_and_fail_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, surroundings: str, outcome: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", surroundings)
    raised = {"skipped": pytest.skip.Exception, "failed": pytest.fail.Exception}[outcome]
    with pytest.raises(raised, match=r"needs a C\+\+ compiler"):
        test_device.library()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_tensor_on_the_gpu_takes_from_what_is_free() -> None:
    gpu = device.named("cuda")
    assert gpu.name == "cuda:0"
    before = device.free_memory(gpu)
    held = torch.empty(256_000_000, dtype=torch.uint8, device=device.torch_device(gpu))
    assert before - device.free_memory(gpu) == pytest.approx(held.nbytes, rel=0.2)
