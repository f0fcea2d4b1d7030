"""What `explorer doctor` finds: here, on machines with other hardware, and on broken ones."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from explorer import weights
from explorer.base import device, hardware, storage
from explorer.base.device import Device
from explorer.base.hardware import Facts
from explorer.cli import doctor
from explorer.cli.doctor import Finding, State
from explorer.cli.main import main
from explorer.runs.database import database
from explorer.training import checkpoints
from explorer.ui.runs import run_words
from tests.opened_pages import opened, text

# A machine with everything that an NVIDIA GPU needs, as its system and its torch describe it.
CUDA = Facts(
    makers=frozenset({"NVIDIA"}),
    driver="580.95.05",
    driver_cuda="13.0",
    torch_version="2.13.0+cu130",
    build="cuda 13.0",
    visible=None,
    devices=(Device("cuda:0", "cuda", "NVIDIA H200", 150_000_000_000),),
)
BLIND = replace(CUDA, devices=())  # torch does not see it


def by_topic(topic: str) -> list[Finding]:
    return [each for each in doctor.findings() if each.topic == topic]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


# -- this machine -------------------------------------------------------------------------------


def test_it_says_what_is_here_and_ends_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["topic"] for each in found} == {
        "versions", "GPU", "memory", "data", "weights", "browser", "proxy", "folder",
    }  # fmt: skip
    assert all(each["sentence"].endswith(".") for each in found)
    assert main(["doctor"]) == 0
    assert "✓ folder" in capsys.readouterr().out
    assert not home.exists(), "looking leaves no trace"


def test_what_torch_and_the_system_say_of_this_machine() -> None:
    facts = hardware.facts()
    assert facts.torch_version == torch.__version__
    assert (facts.build == "cpu") == (torch.version.cuda is None and torch.version.hip is None)
    assert facts.devices == device.available()[:-1]


# -- other machines -----------------------------------------------------------------------------


def test_a_gpu_in_use_is_named_with_its_driver() -> None:
    verdict = hardware.verdict(CUDA)
    assert not verdict.fault
    assert "NVIDIA H200 (cuda:0)" in verdict.sentence
    assert "580.95.05" in verdict.sentence


@pytest.mark.parametrize(
    ("facts", "sentence", "command"),
    [
        (
            replace(BLIND, build="cpu", torch_version="2.13.0+cpu"),
            "processor alone",
            "torch==2.13.0",
        ),
        (replace(BLIND, driver="", driver_cuda=""), "no NVIDIA driver", "driver"),
        (replace(BLIND, visible=""), "CUDA_VISIBLE_DEVICES", "unset"),
        (replace(BLIND, visible="-1"), "CUDA_VISIBLE_DEVICES is “-1”", "unset"),
        (replace(BLIND, driver_cuda="12.4"), "CUDA 12.4 at most", "driver"),
        (BLIND, "cannot use it", "nvidia-smi"),
        (replace(BLIND, makers=frozenset({"AMD"}), build="rocm 7.0"), "ROCm", "rocminfo"),
        (replace(BLIND, makers=frozenset({"Apple"}), build="mps"), "macOS", "softwareupdate"),
    ],
)
def test_a_gpu_that_torch_cannot_use_is_a_fault_with_its_remedy(
    facts: Facts, sentence: str, command: str
) -> None:
    verdict = hardware.verdict(facts)
    assert verdict.fault
    assert sentence in verdict.sentence
    assert command in verdict.command


@pytest.mark.parametrize("maker", ["AMD", "Intel"])
def test_a_processor_s_own_graphics_are_no_fault(maker: str) -> None:
    verdict = hardware.verdict(replace(BLIND, makers=frozenset({maker}), build="cpu"))
    assert not verdict.fault
    assert maker in verdict.sentence
    assert verdict.command


def test_the_system_s_list_of_devices_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (kind, vendor) in enumerate(
        [("0x030200", "0x10de"), ("0x020000", "0x8086"), ("0x030000", "0x1a03")]
    ):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "class").write_text(f"{kind}\n")
        (tmp_path / str(number) / "vendor").write_text(f"{vendor}\n")
    monkeypatch.setattr(hardware, "_PCI", tmp_path)
    hardware.facts.cache_clear()
    try:
        makers = hardware.facts().makers
    finally:
        hardware.facts.cache_clear()
    assert "NVIDIA" in makers
    assert "Intel" not in makers, "that one is a network card"


def test_new_run_says_the_same_where_there_is_no_gpu() -> None:
    if hardware.facts().devices:
        pytest.skip("there is a GPU here")
    assert run_words.literal(hardware.verdict().sentence) in text(opened("new-run"))


# -- what may be wrong --------------------------------------------------------------------------


def test_a_package_of_another_version_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text(f"torch=={torch.__version__}\nno-such-thing==1.0\n")
    monkeypatch.setattr(doctor, "_REQUIREMENTS", tmp_path / "requirements.txt")
    found = by_topic("versions")
    assert [each.state for each in found] == [State.FAULT] * len(found)
    assert any("no-such-thing is missing" in each.sentence for each in found)
    assert all("pip install -r requirements.txt" in each.command for each in found)


def test_damaged_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lenet.safetensors").write_bytes(b"nothing")
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    (damaged, _none_whole) = by_topic("weights")
    assert damaged.state is State.FAULT
    assert "lenet.safetensors" in damaged.sentence + damaged.command
    with pytest.raises(ValueError, match="lenet"):
        checkpoints.read_card(tmp_path / "lenet.safetensors")


def test_a_damaged_store_and_a_folder_without_room_are_faults(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database().path.parent.mkdir(parents=True)
    database().path.write_bytes(b"this is no database" * 100)
    monkeypatch.setattr(doctor, "_LEAST_DISK", 10**18)
    monkeypatch.setattr(doctor, "_file_system", lambda _path: "nfs4")
    sentences = [each.sentence for each in by_topic("folder") if each.state is State.FAULT]
    assert len(sentences) == 3
    assert any("another machine (nfs4)" in each for each in sentences)
    assert any("damaged" in each for each in sentences)
    assert main(["doctor"]) == 1


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_cannot_be_written_is_made_ours_and_nothing_around_it(
    there: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if there:
        home.mkdir()
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # root may write everywhere
    (found,) = by_topic("folder")
    assert found.state is State.FAULT
    assert shlex.split(found.command)[-1] == str(home)
    assert found.command.startswith("sudo chown" if there else "sudo install -d")


def test_the_file_system_of_a_path_is_the_one_that_it_lies_on() -> None:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    assert doctor._file_system(Path("/proc/self")) == "proc"


def test_it_starts_no_context_and_no_streamlit() -> None:
    script = (
        "import sys, torch; from explorer.cli import doctor; list(doctor.findings()); "
        "assert not torch.cuda.is_initialized(); assert 'streamlit' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=storage.PROJECT, check=True)
