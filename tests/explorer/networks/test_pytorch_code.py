"""The printed code runs where there is no explorer, and builds the network on screen."""

import ast
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from explorer.analysis.summary import measure
from explorer.base.torchvision_import import models
from explorer.networks import NetworkSpec, course, get, names, pytorch_code
from tests.processes import ended

NARROW = {"conv_ratio": 8, "fc_ratio": 8}
COURSE: list[tuple[str, dict[str, Any], tuple[int, int, int], int]] = [
    ("lenet", {}, (1, 28, 28), 2),
    ("lenet", {"activation": "relu", "pooling": "max", "in_channels": 3}, (3, 31, 28), 1),
    ("lenet", {"first_padding": 0}, (1, 30, 28), 1),
    ("bn_lenet", {}, (1, 28, 28), 3),
    ("bn_lenet", {"norm": "nn", "num_classes": 3}, (1, 30, 30), 1),
    ("alexnet", {"first_padding": 0}, (1, 200, 210), 1),
    ("vgg11", NARROW, (1, 224, 224), 1),
    ("vgg13", NARROW | {"in_channels": 2}, (2, 240, 224), 1),
    ("vgg16", NARROW | {"fc_ratio": 4}, (1, 224, 224), 1),
    ("vgg19", NARROW, (1, 224, 224), 1),
    ("nin", {"num_classes": 100}, (1, 70, 80), 2),
    ("googlenet", {}, (1, 33, 33), 2),
    ("resnet18", {"in_channels": 3, "num_classes": 1000}, (3, 40, 30), 1),
    ("resnet18", {"layers": 34, "width": 8, "shortcut": "no"}, (1, 33, 40), 1),
    ("densenet", {}, (1, 30, 30), 1),
    ("densenet", {"head": "avg", "growth_rate": 5}, (1, 40, 40), 2),
]
TORCHVISION: list[tuple[str, dict[str, Any], tuple[int, int, int]]] = [
    ("resnet18", {}, (3, 40, 50)),
    ("densenet121", {"in_channels": 5}, (5, 40, 50)),
    ("squeezenet1_1", {"num_classes": 7}, (3, 40, 50)),
    ("googlenet", {"in_channels": 1}, (1, 40, 50)),
    ("shufflenet_v2_x0_5", {"in_channels": 4, "num_classes": 2}, (4, 40, 50)),
    ("swin_t", {"in_channels": 2}, (2, 32, 32)),
    ("inception_v3", {"in_channels": 1}, (1, 80, 75)),
]
# Runs each file named on its command line in a namespace of its own; prints what each printed.
RUNNER = """
import contextlib, io, json, runpy, sys
printed = []
for file in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path(file, run_name="__main__")
    printed.append(out.getvalue())
assert not [name for name in sys.modules if name.split(".")[0] in ("explorer", "torchvision")]
print(json.dumps(printed))
"""


def alone(folder: Path, *arguments: str) -> str:
    """What Python prints there: outside the repository, and without a way to find it."""
    done = ended("-I", "-W", "error", *arguments, home=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def code(name: str, options: dict[str, Any], picture: tuple[int, int, int], batch: int) -> str:
    return pytorch_code.pytorch(NetworkSpec.parse(name, options), picture, batch)


def layers(printed: str) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, type and shape in each printed line."""
    rows = []
    for line in printed.splitlines():
        name, kind, shape = line.split(maxsplit=2)
        rows.append((name, kind, tuple(ast.literal_eval(shape))))
    return rows


def expected(
    name: str, options: dict[str, Any], picture: tuple[int, int, int], batch: int
) -> list[tuple[str, str, tuple[int, ...]]]:
    """The modules of the table."""
    summary = measure(NetworkSpec.parse(name, options), picture, batch)
    assert summary.mismatch is None
    operations = (layer.operation for layer in summary.layers)
    return [
        (o.name, o.type, o.output_shape)
        for o in operations
        if o.kind == "module" and o.output_shape
    ]


def test_course_code_prints_the_tables_shapes(tmp_path: Path):
    """All in one process that never heard of the explorer: importing torch takes a while."""
    assert {case[0] for case in COURSE} == {*course()}
    files = []
    for number, case in enumerate(COURSE):
        files.append(f"network_{number}.py")
        (tmp_path / files[-1]).write_text(code(*case), encoding="utf-8")
    printed = json.loads(alone(tmp_path, "-c", RUNNER, *files))
    for case, text in zip(COURSE, printed, strict=True):
        assert layers(text) == expected(*case), case


@pytest.mark.parametrize("case", TORCHVISION, ids=lambda case: case[0])
def test_torchvision_code_prints_the_tables_shapes(case: tuple[Any, ...]):
    name, options, picture = case
    text = code(f"torchvision/{name}", options, picture, 2)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(text, name, "exec"), {"__name__": "__main__"})  # noqa: S102
    calls: dict[str, int] = {}
    rows = []
    for layer, kind, shape in layers(out.getvalue()):
        calls[layer] = calls.get(layer, 0) + 1
        rows.append((layer + (f"_{calls[layer]}" if calls[layer] > 1 else ""), kind, shape))
    assert rows == expected(f"torchvision/{name}", options, picture, 2)


@pytest.mark.parametrize("name", [*course(), *(name for name in names() if "/" in name)])
def test_code_speaks_of_pytorch_only(name: str):
    text = code(name, {}, get(name).input_size, 1)
    assert "explorer" not in text
    tree = ast.parse(text)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "_"]
    packages = {
        (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert packages <= {"torch", "torchvision", *sys.stdlib_module_names}
    assert ("torchvision" in packages) == name.startswith("torchvision/")
    if "torchvision" in packages:
        assert hasattr(models, name.split("/")[1])
