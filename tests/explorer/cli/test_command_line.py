"""The command line: what it prints, what it answers to mistakes, what it costs."""

import json
import os
import re
import shlex
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
from explorer.networks import course, get, names
from explorer.runs.database import database
from explorer.training import checkpoints
from tests.explorer.cli.conftest import Command
from tests.processes import printed

CONV1 = {
    "name": "conv1",
    "type": "Conv2d",
    "kind": "module",
    "depth": 0,
    "input": [2, 1, 28, 28],
    "output": [2, 6, 28, 28],
    "parameters": 156,
    "macs": 117600,
    "flops": 235200,
    "activation_bytes": 2 * 6 * 28 * 28 * 4,
    "receptive_field": [5, 5],
}
TYPES = {key: type(value) for key, value in CONV1.items()}


# list


def test_the_list_names_every_network(command: Command):
    status, out, err = command("list")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[2:]] == names()
    assert "activation: sigmoid or relu" in out
    status, out, _err = command("list", "--json")
    entries = {entry["name"]: entry for entry in json.loads(out)}
    assert status == 0
    assert list(entries) == names()
    assert len(entries) == len(course()) + 80
    lenet = entries["lenet"]
    assert (lenet["input"], lenet["year"], lenet["parameters"]) == ([1, 28, 28], 1998, 61706)
    assert lenet["options"]["pooling"] == {"default": "avg", "choices": ["avg", "max"]}
    assert entries["densenet"]["options"]["growth_rate"] == {"default": 32, "choices": [1, 128]}
    for name in course():
        for option in get(name).all_options:
            assert entries[name]["options"][option.name]["default"] == option.default


# layers


@pytest.mark.parametrize(
    "arguments",
    [
        ("lenet",),
        ("resnet18", "--input", "3x64x48", "--batch", "4", "--set", "in_channels=3"),
        ("torchvision/googlenet", "--input", "64"),
        ("torchvision/swin_t",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_layers_as_json_have_every_field(arguments: tuple[str, ...], command: Command):
    status, out, _err = command("layers", *arguments, "--json")
    summary = json.loads(out)
    assert status == 0
    assert set(summary) == {"architecture", "options", "input", "output", "layers", "totals"}
    assert summary["architecture"] == arguments[0]
    for layer in summary["layers"]:
        assert layer["flops"] == 2 * layer["macs"]
        assert layer["kind"] in ("module", "function")
        field = layer["receptive_field"]
        assert field is None or (len(field) == 2 and min(field) >= 1)
        layer["receptive_field"] = field or []
        assert {key: type(value) for key, value in layer.items()} == TYPES
    totals = summary["totals"]
    for key in ("parameters", "macs", "flops", "activation_bytes"):
        assert totals[key] == sum(layer[key] for layer in summary["layers"])
    assert totals["parameter_bytes"] == 4 * totals["parameters"]
    assert summary["output"] == summary["layers"][-1]["output"]


def test_layers_as_json_are_lenets(command: Command):
    arguments = ("lenet", "--set", "pooling=max", "--batch", "2", "--json")
    summary = json.loads(command("layers", *arguments)[1])
    assert summary["options"] == {
        "activation": "sigmoid", "pooling": "max", "first_padding": 2, "in_channels": 1,
        "num_classes": 10,
    }  # fmt: skip
    assert summary["input"] == [2, 1, 28, 28]
    assert summary["layers"][0] == CONV1
    assert summary["layers"][2]["type"] == "MaxPool2d"
    assert summary["totals"]["macs"] == 416520


def test_the_table_can_be_folded(command: Command):
    status, full, _ = command("layers", "resnet18")
    _, folded, _ = command("layers", "resnet18", "--folded")
    assert status == 0
    rows = [line.split()[0] for line in folded.split("\n\n")[0].splitlines()[2:]]
    assert rows == [*(f"stage{n}" for n in range(1, 6)), "pool", "flatten", "fc", "total"]
    assert len(full.splitlines()) > 5 * len(rows)
    assert "11.2 M parameters" in folded
    assert folded.splitlines()[-1] == full.splitlines()[-1]
    (total,) = (line for line in folded.splitlines() if line.startswith("total"))
    assert "11\u202f178\u202f378" in total


# Mistakes


def test_a_size_that_does_not_work_is_taught(command: Command):
    status, out, err = command("layers", "lenet", "--input", "1x224x224")
    assert status == 2
    assert "fc1 wants 400 numbers, but 46\u202f656 arrive." in err
    assert "16·54·54" in err
    assert "28 × 28 to 31 × 31" in err
    assert "conv2" in out
    assert "Traceback" not in err
    status, out, _err = command("layers", "lenet", "--input", "1x224x224", "--json")
    summary = json.loads(out)
    error, last = summary["error"], summary["layers"][-1]
    assert (status, summary["output"], last["output"]) == (2, None, None)
    assert error["layer"] == "fc1" == last["name"]
    assert "46656" in json.dumps(error["got"])
    assert "400" in str(error["needs"])
    assert error["accepted"] == [28, 31]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("layers", "lenet5"), "“lenet5”"),
        (("layers", "lenet", "--input", "big"), "1x28x28"),
        (("layers", "lenet", "--input", "1x0x28"), "height is 0"),
        (("layers", "lenet", "--batch", "none"), "“none”"),
        (("layers", "lenet", "--batch", "0"), "batch size is 0"),
        (("layers", "lenet", "--set", "pooling"), "option=value"),
        (("layers", "lenet", "--set", "=max"), "option=value"),
        (("layers", "lenet", "--set", "pooling=min"), "avg or max"),
        (("layers", "lenet", "--set", "poling=max"), "activation, pooling"),
        (("layers", "lenet", "--set", "num_classes=0"), "1 to"),
        (("layers", "vgg11", "--set", "conv_ratio=3"), "1, 4 or 8"),
        (("train", "lenet5"), "lenet5"),
        (("train", "lenet", "--lr", "nan"), "learning rate"),
        (("train", "lenet", "--resize", "224"), "fc1"),
        (("train", "lenet", "--set", "pooling"), "option=value"),
        (("train", "lenet", "--subset", "100000"), "pictures"),
        (("train", "lenet", "--device", "cuda:9"), "cuda:9"),
        (("train", "lenet", "--path", "nowhere"), "nowhere"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, tuple) else None,
)
def test_mistakes_are_answered_in_a_sentence(
    home: Path, arguments: tuple[str, ...], part: str, command: Command
):
    status, out, err = command(*arguments)
    assert not home.exists(), "nothing is queued"
    assert (status, out) == (2, "")
    assert part in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["layers"], ["draw"], ["layers", "lenet", "--size", "3"]]
)
def test_unknown_commands_and_options(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: python -m explorer" in capsys.readouterr().err


# Prints, in kilobytes, how much more memory VGG-19 on 256 huge pictures takes than LeNet did;
# its convolutions cost in proportion.
MEMORY = """
import resource
from explorer.analysis.summary import measure, training_memory
from explorer.networks import NetworkSpec
lenet, vgg = NetworkSpec.parse("lenet"), NetworkSpec.parse("torchvision/vgg19")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
measure(lenet, (1, 28, 28)); measure(NetworkSpec.parse("torchvision/alexnet"), (3, 224, 224))
training_memory(lenet, (1, 28, 28), 1, "adam")
before = peak()
huge = measure(vgg, (3, 4096, 4096), 256)
assert huge.mismatch is None and huge.output == (256, 1000)
assert huge.totals.peak_bytes > 10**12
def macs(summary):
    return [layer.macs for layer in summary.layers if layer.operation.type == "Conv2d"]
small = measure(vgg, (3, 224, 224))
assert [49 * each for each in macs(huge)] == [128**2 * each for each in macs(small)]
training_memory(vgg, (3, 4096, 4096), 256, "adam")
print(peak() - before)
"""


def test_a_huge_batch_of_huge_pictures_takes_no_memory():
    assert int(printed("-W", "error", "-c", MEMORY)) < 50_000


# -- doctor ---------------------------------------------------------------------------------------

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


def test_it_says_what_is_here_and_ends_well(home: Path, command: Command) -> None:
    status, out, _err = command("doctor", "--json")
    findings = json.loads(out)
    assert status == 0
    assert {each["topic"] for each in findings} == {
        "versions", "GPU", "memory", "data", "weights", "browser", "proxy", "folder",
    }  # fmt: skip
    assert all(each["sentence"].endswith(".") for each in findings)
    status, out, _err = command("doctor")
    assert status == 0
    assert "✓ folder" in out
    assert not home.exists(), "looking leaves no trace"


def test_what_torch_and_the_system_say_of_this_machine() -> None:
    facts = hardware.facts()
    assert facts.torch_version == torch.__version__
    assert (facts.build == "cpu") == (torch.version.cuda is None and torch.version.hip is None)
    assert facts.devices == device.available()[:-1]


# -- other machines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "fault", "sentence", "command"),
    [
        (CUDA, False, r"NVIDIA H200 \(cuda:0\).*580\.95\.05", ""),
        (
            replace(BLIND, build="cpu", torch_version="2.13.0+cpu"),
            True, "processor alone", "torch==2.13.0",
        ),
        (replace(BLIND, driver="", driver_cuda=""), True, "no NVIDIA driver", "driver"),
        (replace(BLIND, visible=""), True, "CUDA_VISIBLE_DEVICES", "unset"),
        (replace(BLIND, visible="-1"), True, "CUDA_VISIBLE_DEVICES is “-1”", "unset"),
        (replace(BLIND, driver_cuda="12.4"), True, "CUDA 12.4 at most", "driver"),
        (BLIND, True, "cannot use it", "nvidia-smi"),
        (replace(BLIND, makers=frozenset({"AMD"}), build="rocm 7.0"), True, "ROCm", "rocminfo"),
        (replace(BLIND, makers=frozenset({"Apple"}), build="mps"), True, "macOS", "softwareupdate"),
        # A processor's own graphics.
        (replace(BLIND, makers=frozenset({"AMD"}), build="cpu"), False, "AMD", "."),
        (replace(BLIND, makers=frozenset({"Intel"}), build="cpu"), False, "Intel", "."),
    ],
)  # fmt: skip
def test_a_gpu_that_torch_cannot_use_is_a_fault_with_its_remedy(
    facts: Facts, fault: bool, sentence: str, command: str
) -> None:
    verdict = hardware.verdict(facts)
    assert verdict.fault == fault
    assert re.search(sentence, verdict.sentence)
    assert re.search(command, verdict.command)


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


# -- what may be wrong --------------------------------------------------------------------------


def test_a_package_of_another_version_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text(f"torch=={torch.__version__}\nno-such-thing==1.0\n")
    monkeypatch.setattr(doctor, "_REQUIREMENTS", tmp_path / "requirements.txt")
    faults = by_topic("versions")
    assert [each.state for each in faults] == [State.FAULT] * len(faults)
    assert any("no-such-thing is missing" in each.sentence for each in faults)
    assert all("pip install -r requirements.txt" in each.command for each in faults)


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


@pytest.mark.parametrize(("exists", "words"), [(True, "sudo chown"), (False, "sudo install -d")])
def test_a_folder_that_cannot_be_written_is_made_ours_and_nothing_around_it(
    exists: bool, words: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if exists:
        home.mkdir()
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # root may write everywhere
    (finding,) = by_topic("folder")
    assert finding.state is State.FAULT
    assert shlex.split(finding.command)[-1] == str(home)
    assert finding.command.startswith(words)


def test_the_file_system_of_a_path_is_the_one_that_it_lies_on() -> None:
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    assert doctor._file_system(Path("/proc/self")) == "proc"


def test_it_starts_no_context_and_no_streamlit() -> None:
    printed(
        "-c",
        "import sys, torch; from explorer.cli import doctor; list(doctor.findings()); "
        "assert not torch.cuda.is_initialized(); assert 'streamlit' not in sys.modules",
    )
