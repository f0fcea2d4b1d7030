"""The command line: what it prints, what it answers to mistakes, what it costs."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from explorer.analysis.summary import measure
from explorer.cli.main import main
from explorer.networks import NetworkSpec, course, get, names
from tests.serving import ROOT

LAYER = {
    "name": str,
    "type": str,
    "kind": str,
    "depth": int,
    "input": list,
    "output": list,
    "parameters": int,
    "macs": int,
    "flops": int,
    "activation_bytes": int,
}


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of one command."""
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status, out, _ = said(capsys, "layers", *arguments, "--json")
    return status, json.loads(out)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The same command as a reader would type it."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


# list


def test_the_list_names_every_network(capsys: pytest.CaptureFixture[str]):
    status, out, err = said(capsys, "list")
    assert (status, err) == (0, "")
    listed = [line.split()[0] for line in out.splitlines()[2:]]
    assert listed == names()
    assert "activation: sigmoid or relu" in out
    assert len(listed) == len(course()) + 80


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]):
    status, out, _ = said(capsys, "list", "--json")
    found = {entry["name"]: entry for entry in json.loads(out)}
    assert status == 0
    assert list(found) == names()
    assert found["lenet"]["input"] == [1, 28, 28]
    assert found["lenet"]["year"] == 1998
    assert found["lenet"]["parameters"] == 61706
    assert found["lenet"]["options"]["pooling"] == {"default": "avg", "choices": ["avg", "max"]}
    assert found["densenet"]["options"]["growth_rate"] == {"default": 32, "choices": [1, 128]}
    for name in course():
        for option in get(name).all_options:
            assert found[name]["options"][option.name]["default"] == option.default


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
def test_layers_as_json_have_every_field(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    status, found = as_json(capsys, *arguments)
    assert status == 0
    assert set(found) == {"architecture", "options", "input", "output", "layers", "totals"}
    assert found["architecture"] == arguments[0]
    for layer in found["layers"]:
        assert {key: type(layer[key]) for key in LAYER} == LAYER
        assert set(layer) == {*LAYER, "receptive_field"}
        assert layer["flops"] == 2 * layer["macs"]
        assert layer["kind"] in ("module", "function")
        field = layer["receptive_field"]
        assert field is None or (len(field) == 2 and min(field) >= 1)
    totals = found["totals"]
    for key in ("parameters", "macs", "flops", "activation_bytes"):
        assert totals[key] == sum(layer[key] for layer in found["layers"])
    assert totals["parameter_bytes"] == 4 * totals["parameters"]
    assert found["output"] == found["layers"][-1]["output"]


def test_layers_as_json_are_lenets(capsys: pytest.CaptureFixture[str]):
    _, found = as_json(capsys, "lenet", "--set", "pooling=max", "--batch", "2")
    assert found["options"] == {
        "activation": "sigmoid", "pooling": "max", "first_padding": 2, "in_channels": 1,
        "num_classes": 10,
    }  # fmt: skip
    assert found["input"] == [2, 1, 28, 28]
    assert found["layers"][0] == {
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
    assert found["layers"][2]["type"] == "MaxPool2d"
    assert found["totals"]["macs"] == 416520


def test_the_table_can_be_folded(capsys: pytest.CaptureFixture[str]):
    status, full, _ = said(capsys, "layers", "resnet18")
    _, folded, _ = said(capsys, "layers", "resnet18", "--folded")
    assert status == 0
    rows = [line.split()[0] for line in folded.split("\n\n")[0].splitlines()[2:]]
    assert rows == [*(f"stage{n}" for n in range(1, 6)), "pool", "flatten", "fc", "total"]
    assert len(full.splitlines()) > 5 * len(rows)
    assert "11.2 M parameters" in folded
    assert folded.splitlines()[-1] == full.splitlines()[-1]
    (total,) = (line for line in folded.splitlines() if line.startswith("total"))
    assert "11\u202f178\u202f378" in total


# Mistakes


def test_a_size_that_does_not_work_is_taught(capsys: pytest.CaptureFixture[str]):
    status, out, err = said(capsys, "layers", "lenet", "--input", "1x224x224")
    assert status == 2
    assert "fc1 wants 400 numbers, but 46\u202f656 arrive." in err
    assert "16·54·54" in err
    assert "28 × 28 to 31 × 31" in err
    assert "conv2" in out


def test_a_size_that_does_not_work_in_json(capsys: pytest.CaptureFixture[str]):
    status, found = as_json(capsys, "lenet", "--input", "1x224x224")
    assert status == 2
    assert found["output"] is None
    error = found["error"]
    assert {"layer", "got", "needs", "accepted"} <= set(error)
    assert error["layer"] == "fc1" == found["layers"][-1]["name"]
    assert "46656" in json.dumps(error["got"])
    assert "400" in str(error["needs"])
    assert error["accepted"] == [28, 31]
    assert found["layers"][-1]["output"] is None


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("lenet5",), "“lenet5”"),
        (("lenet", "--input", "big"), "1x28x28"),
        (("lenet", "--input", "1x0x28"), "height is 0"),
        (("lenet", "--batch", "none"), "“none”"),
        (("lenet", "--batch", "0"), "batch size is 0"),
        (("lenet", "--set", "pooling"), "option=value"),
        (("lenet", "--set", "=max"), "option=value"),
        (("lenet", "--set", "pooling=min"), "avg or max"),
        (("lenet", "--set", "poling=max"), "activation, pooling"),
        (("lenet", "--set", "num_classes=0"), "1 to"),
        (("vgg11", "--set", "conv_ratio=3"), "1, 4 or 8"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, tuple) else None,
)
def test_mistakes_are_answered_in_a_sentence(
    arguments: tuple[str, ...], part: str, capsys: pytest.CaptureFixture[str]
):
    status, out, err = said(capsys, "layers", *arguments)
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


# As typed


def test_the_command_answers_without_a_traceback():
    done = run("-m", "explorer", "layers", "vgg19", "--input", "1x4096x4096", "--batch", "256")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "224 × 224 to 255 × 255" in done.stderr
    assert "fc1 wants 25\u202f088 numbers" in done.stderr


# Prints, in kilobytes, how much more memory VGG-19 on 256 huge pictures takes than LeNet did.
MEMORY = """
import resource
from explorer.analysis.summary import measure
from explorer.networks import NetworkSpec
from tests.serving import ROOT
from explorer.analysis.summary import training_memory
lenet, vgg = NetworkSpec.parse("lenet"), NetworkSpec.parse("torchvision/vgg19")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
measure(lenet, (1, 28, 28)); measure(NetworkSpec.parse("torchvision/alexnet"), (3, 224, 224))
training_memory(lenet, (1, 28, 28), 1, "adam")
before = peak()
found = measure(vgg, (3, 4096, 4096), 256)
assert found.mismatch is None and found.output == (256, 1000)
assert found.totals.peak_bytes > 10**12
training_memory(vgg, (3, 4096, 4096), 256, "adam")
print(peak() - before)
"""


def test_a_huge_batch_of_huge_pictures_takes_no_memory():
    done = run("-c", MEMORY)
    assert not done.stderr
    assert int(done.stdout) < 50_000


def test_huge_pictures_cost_in_proportion(capsys: pytest.CaptureFixture[str]):
    status, found = as_json(capsys, "torchvision/vgg19", "--input", "3x4096x4096", "--batch", "256")
    assert status == 0
    assert found["input"] == [256, 3, 4096, 4096]
    convolutions = [layer for layer in found["layers"] if layer["type"] == "Conv2d"]
    small = measure(NetworkSpec.parse("torchvision/vgg19"), (3, 224, 224))
    at_224 = [layer.macs for layer in small.layers if layer.operation.type == "Conv2d"]
    assert [layer["macs"] * 49 for layer in convolutions] == [m * 128**2 for m in at_224]
