"""Every network of the registry, against the course's figures and torchvision's published ones."""

import ast
import dataclasses
import importlib.util
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from explorer.analysis import summary
from explorer.base import torchvision_import
from explorer.base.inputs import InputSize
from explorer.networks import (
    Architecture,
    NetworkSpec,
    Option,
    architectures,
    course,
    get,
    names,
    pytorch_code,
    registry,
    torchvision_models,
)
from explorer.networks.architectures import densenet, resnet
from explorer.networks.registry import Source, option_title
from tests.explorer.analysis.small_networks import FACTS, on_meta

pytestmark = pytest.mark.usefixtures("one_thread")
TORCHVISIONS = [name for name in names() if name.startswith("torchvision/")]
FILES = sorted(
    path for path in Path(architectures.__file__).parent.glob("*.py") if path.stem != "__init__"
)
BLOCKS = {
    "Residual": resnet.Residual,
    "DenseBlock": densenet.DenseBlock,
    "transition_block": densenet.transition_block,
}

# A side that a network accepts and that is cheap to run; others are run at their own size.
SIDES = {"alexnet": 195, "nin": 67, "googlenet": 32, "resnet18": 32, "densenet": 32}
# And options that keep a network's memory small.
NARROW = {name: {"conv_ratio": 8, "fc_ratio": 8} for name in ("vgg11", "vgg13", "vgg16", "vgg19")}

# Input channels and classes other than the course's.
BORDER = {"in_channels": 3, "num_classes": 7}


def count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


# The course's networks


def test_every_course_network_is_found():
    assert set(course()) >= {case["network"] for case in FACTS["networks"]}
    assert [*course()] == names()[: len(course())]
    years = [entry.paper.year for entry in course().values() if entry.paper]
    assert years == sorted(years)


def test_an_option_is_called_by_one_title_in_words_whatever_network_has_it() -> None:
    options = [option for each in course().values() for option in each.all_options]
    titles = {(option.name, option.title) for option in options}
    assert len(titles) == len({name for name, _title in titles})
    assert not any("_" in title or title != title.strip() for _name, title in titles)
    assert option_title("first_padding") == "first padding"
    assert option_title("one_that_is_gone") == "one_that_is_gone"


@pytest.mark.parametrize("name", course())
def test_a_batch_runs_and_learns(name: str):
    architecture = get(name)
    side = SIDES.get(name, architecture.input_size[1])
    own = [
        {option.name: value}
        for option in architecture.options
        for value in option.choices
        if not isinstance(option.choices, range) and name not in NARROW
    ]
    for variant in own or [{}]:
        options = {**BORDER, **variant, **NARROW.get(name, {})}
        network = architecture.build(**architecture.resolve(options))
        logits = network(torch.randn(2, 3, side, side))
        assert logits.shape == (2, 7)
        assert logits.isfinite().all()
    logits.logsumexp(dim=1).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_own_batch_norm_and_torchs_make_the_same_network():
    torch.manual_seed(0)
    architecture = get("bn_lenet")
    own, torchs = (
        architecture.build(**architecture.resolve({"norm": norm})) for norm in ("scratch", "nn")
    )
    assert count(own) == count(torchs) == architecture.parameters
    for mine, yours in zip(own.parameters(), torchs.parameters(), strict=True):
        yours.data.copy_(mine.data.view_as(yours))
    x = torch.randn(8, 1, 28, 28)
    torch.testing.assert_close(own(x), torchs(x))


@pytest.mark.parametrize("case", FACTS["blocks"], ids=lambda case: case["call"])
def test_blocks_on_the_courses_examples(case: dict[str, Any]):
    block = BLOCKS[case["call"]](*case["arguments"])
    x = torch.randn(case["input"])
    y = block(x)
    assert list(y.shape) == case["output"]
    assert count(block) == case["params"]
    if case["call"] == "DenseBlock":
        assert torch.equal(y[:, : x.shape[1]], x)


# Facts and files


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_course_file_holds_its_network_and_all_its_facts(file: Path):
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.startswith("explorer")} <= {
        "explorer.networks.registry",
        "explorer.base.inputs",
        "explorer.base.language",
        "explorer.networks.ops",
    }
    entries = importlib.import_module(f"{architectures.__name__}.{file.stem}").ARCHITECTURES
    for entry in entries:
        assert inspect.getsourcefile(entry.build) == str(file)
        assert entry.title
        assert entry.parameters
        assert entry.deviations
        assert entry.paper
        assert entry.paper.url.startswith("https://")
        for text in (entry.introduced, *entry.deviations):
            assert text.endswith(".")
        for option in entry.options:
            assert option.default in option.choices
            assert option.meaning


@pytest.mark.parametrize("name", course())
def test_stated_parameters_and_defaults_are_the_builders(name: str):
    architecture = get(name)
    assert count(on_meta(name)) == architecture.parameters
    parameters = inspect.signature(architecture.build).parameters
    stated = architecture.resolve()
    for key, parameter in parameters.items():
        if parameter.kind is not parameter.VAR_KEYWORD:
            assert parameter.default == stated[key]


def test_reported_runs_are_the_courses():
    def key(network: str, run: Mapping[str, Any]) -> tuple[Any, ...]:
        fields = ("optimizer", "learning_rate", "weight_decay", "batch_size", "epochs", "size")
        return (network, sorted(run["options"].items()), *(run[field] for field in fields))

    reported = {
        str(key(entry.name, vars(run))): (run.train_accuracy, run.test_accuracy)
        for entry in course().values()
        for run in entry.reported
    }
    expected = {
        str(key(run["network"], run)): (
            run.get("train_accuracy", [None])[-1],
            run["final_test_accuracy"],
        )
        for run in FACTS["runs"]
    }
    assert {k.replace(", 0,", ", 0.0,"): v for k, v in expected.items()} == reported


# torchvision's networks


def test_all_of_torchvisions_classification_networks_are_there_with_their_size():
    assert len(TORCHVISIONS) >= 80
    sides = {"alexnet": 224, "inception_v3": 299, "efficientnet_b7": 600, "vit_h_14": 224}
    for name, side in (sides | {"swin_v2_t": 256, "regnet_y_128gf": 224}).items():
        assert get(f"torchvision/{name}").input_size == (3, side, side)


@pytest.mark.parametrize("family", [*torchvision_models.FAMILIES, *torchvision_models.OF_COURSE])
def test_torchvisions_families_take_other_channels_and_classes(family: str):
    members = [get(name) for name in TORCHVISIONS if f"/{family}" in name]
    architecture = min(members, key=lambda member: member.parameters)
    network = on_meta(architecture.name, in_channels=1, num_classes=10)
    x = torch.empty(1, 1, *architecture.input_size[1:], device="meta")
    assert network(x).shape == (1, 10)


# The import of torchvision


def import_with(torchvision_text: str, folder: Path, patch: pytest.MonkeyPatch) -> ModuleType:
    """`torchvision_import`, run again beside a torchvision that consists of this text."""
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text(torchvision_text)
    (folder / "torchvision" / "part.py").write_text("")
    patch.syspath_prepend(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        patch.delitem(sys.modules, name)
    spec = importlib.util.spec_from_file_location("again", torchvision_import.__file__)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return module
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # the real ones come back with the patch's end


NO_OPERATORS = """
import torch
from torchvision import part
import torchvision.part
if not torch.declared_in_test:
    raise RuntimeError('operator torchvision::nms does not exist')
models = torchvision.part
"""


@pytest.mark.parametrize(
    ("text", "operators"),
    [("models = 1", []), (NO_OPERATORS, ["torchvision::nms", "torchvision::qnms"])],
    ids=["inert", "declares"],
)
def test_the_import_declares_the_two_operators_after_one_failure_only(
    text: str, operators: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    declared: list[str] = []
    monkeypatch.setattr(torch.library, "define", lambda name, _: declared.append(name))
    monkeypatch.setattr(torch, "declared_in_test", declared, raising=False)
    assert import_with(text, tmp_path, monkeypatch).models
    assert declared == operators


def test_other_failures_of_the_import_are_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(RuntimeError, match="something else"):
        import_with("raise RuntimeError('something else')", tmp_path, monkeypatch)


@pytest.mark.parametrize("name", names())
def test_a_name_is_read_and_spelled(name: str) -> None:
    spec = NetworkSpec.parse(name)
    assert spec.name == name
    assert spec == NetworkSpec.parse(spec.name, spec.values)
    assert spec.architecture.name == name
    assert spec.input_size == spec.architecture.input_size
    assert list(spec.values) == [option.name for option in spec.architecture.all_options]
    assert list(spec.options) == sorted(spec.options)


def test_one_choice_is_one_value_however_it_is_written() -> None:
    plain = NetworkSpec.parse("lenet")
    written = NetworkSpec.parse("lenet", {"num_classes": " 10 ", "activation": "sigmoid"})
    assert written == plain
    assert len({plain, written, NetworkSpec.parse("lenet", {"activation": "relu"})}) == 2
    other = NetworkSpec.parse("lenet", {"activation": "relu", "num_classes": " 3 "})
    assert other.changed == {"activation": "relu"}
    assert other.num_classes == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        plain.key = "alexnet"  # type: ignore[misc]


def test_it_builds_what_was_chosen() -> None:
    spec = NetworkSpec.parse("torchvision/squeezenet1_1", {"in_channels": 1, "num_classes": 7})
    assert (spec.source, spec.key, spec.stem) == (
        "torchvision", "squeezenet1_1", "torchvision-squeezenet1_1",
    )  # fmt: skip
    assert (spec.input_size.channels, spec.num_classes) == (1, 7)
    size = spec.input_size.with_sides(64, 48)
    assert size == InputSize(1, 64, 48)
    logits = spec.build().eval()(torch.randn(2, *size))
    assert (logits.shape, logits.isfinite().all()) == ((2, 7), True)
    assert all(weight.is_meta for weight in spec.build_on_meta().parameters())


@pytest.mark.parametrize(
    ("name", "options", "answer"),
    [
        ("alexnet2", {}, "Did you mean alexnet"),
        ("resnet", {}, "Did you mean resnet18"),
        ("torchvision/resnet19", {}, "Did you mean torchvision/resnet"),
        ("course/lenet", {}, "There is no network “course/lenet”"),
        ("elsewhere/lenet", {}, "There is no network “elsewhere/lenet”"),
        ("somebodys/tiny", {}, "There is no network “somebodys/tiny”"),
        ("lenet", {"poling": "max"}, r"no option “poling”.*pooling, first_padding, in_channels"),
        ("lenet", {"pooling": "min"}, r"pooling cannot be “min”. Choose avg or max"),
        ("vgg11", {"conv_ratio": "3"}, r"“3”. Choose 1, 4 or 8"),
        ("vgg11", {"fc_ratio": "wide"}, r"“wide”. Choose 1, 4 or 8"),
        ("densenet", {"growth_rate": 0}, r"“0”. Choose a whole number from 1 to 128"),
        ("nin", {"num_classes": 0}, r"num_classes cannot be “0”"),
    ],
)
def test_what_cannot_be_is_answered(name: str, options: Mapping[str, object], answer: str) -> None:
    with pytest.raises(ValueError, match=answer):
        NetworkSpec.parse(name, options)


# A source that nobody has heard of


def tiny(depth: int, in_channels: int = 1, num_classes: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(in_channels * 16, num_classes))


@pytest.fixture
def somebodys() -> Iterator[None]:
    depth = Option("depth", "depth of the net", 1, (1, 2), "how deep")
    facts = Architecture("somebodys/tiny", "Tiny", tiny, InputSize(1, 4, 4), None, "", 34, (depth,))
    registry.register(
        Source(
            "somebodys",
            lambda: {"tiny": facts},
            lambda key, options: f"import torch\n\nnet = {key}({pytorch_code.arguments(options)})",
        )
    )
    yield
    del registry.SOURCES["somebodys"]


def test_a_source_that_registers_itself_has_all_that_others_have(somebodys: None) -> None:
    assert names()[-1] == "somebodys/tiny"
    assert "depth" in {option.name for option in registry.options()}
    assert registry.option_title("depth") == "depth of the net"
    spec = NetworkSpec.parse("somebodys/tiny", {"num_classes": 3})
    table = summary.measure(spec, spec.input_size, 5)
    assert (table.output, table.totals.parameters, table.totals.macs) == ((5, 3), 51, 48)
    wrong = summary.measure(spec, InputSize(1, 5, 4)).mismatch
    assert wrong is not None
    assert (wrong.got, wrong.needs, wrong.nearest) == (20, 16, (1, 4, 4))
    text = pytorch_code.pytorch(spec, spec.input_size, 2)
    assert "net = tiny(depth=1, in_channels=1, num_classes=3)" in text
    assert "torch.zeros(2, 1, 4, 4)" in text
