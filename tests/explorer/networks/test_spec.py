"""Which network exactly: one spelling, from an address to a network that runs."""

import dataclasses
from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import nn

from explorer.analysis import summary
from explorer.base.inputs import InputSize
from explorer.networks import Architecture, NetworkSpec, Option, names, pytorch_code, registry
from explorer.networks.registry import Source


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
    chosen = NetworkSpec.parse("lenet", {"activation": "relu", "num_classes": 3})
    assert chosen.changed == {"activation": "relu"}
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
    assert spec.build().eval()(torch.zeros(1, *size)).shape == (1, 7)
    assert all(weight.is_meta for weight in spec.build_on_meta().parameters())


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("alexnet2", {}, "Did you mean alexnet"),
        ("resnet", {}, "Did you mean resnet18"),
        ("torchvision/resnet19", {}, "Did you mean torchvision/resnet"),
        ("course/lenet", {}, "There is no network “course/lenet”"),
        ("elsewhere/lenet", {}, "There is no network “elsewhere/lenet”"),
        ("lenet", {"depth": 3}, "lenet has no option “depth”"),
        ("lenet", {"pooling": "min"}, "pooling cannot be “min”"),
    ],
)
def test_what_cannot_be_is_answered(name: str, options: Mapping[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
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
    found = summary.measure(spec, spec.input_size, 5)
    assert (found.output, found.totals.parameters, found.totals.macs) == ((5, 3), 51, 48)
    wrong = summary.measure(spec, InputSize(1, 5, 4)).mismatch
    assert wrong is not None
    assert (wrong.got, wrong.needs, wrong.nearest) == (20, 16, (1, 4, 4))
    text = pytorch_code.pytorch(spec, spec.input_size, 2)
    assert "net = tiny(depth=1, in_channels=1, num_classes=3)" in text
    assert "torch.zeros(2, 1, 4, 4)" in text


def test_what_nobody_registered_is_not_there() -> None:
    with pytest.raises(ValueError, match="There is no network"):
        NetworkSpec.parse("somebodys/tiny")
