"""Sums in words are true; numbers are rounded as people round; sizes are read as people write."""

import ast
import math
import operator
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from explorer.analysis import mismatch_words, wording
from explorer.analysis.summary import Layer, Summary, dissect, measure, training_memory
from explorer.base import inputs, units
from explorer.base.inputs import InputSize
from explorer.networks import NetworkSpec, course, get
from pages.explore.layers.board_data import board
from tests.explorer.analysis.small_networks import Net

THIN = "\u202f"
TORCHVISION = (
    "alexnet googlenet inception_v3 resnet50 resnext50_32x4d densenet121 squeezenet1_0 "
    "mobilenet_v3_small shufflenet_v2_x0_5 efficientnet_b0 regnet_y_400mf convnext_tiny swin_t "
    "swin_v2_t vit_b_16 maxvit_t vgg11_bn mnasnet0_5"
).split()


# Sums

_OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv
}  # fmt: skip
_SIGNS = str.maketrans({**dict(zip("·×−⌋⌉", "**-))", strict=True)), THIN: "", "⌊": "f(", "⌈": "c("})


def value(text: str) -> float:
    """What a typeset expression comes to."""

    def of(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](of(node.left), of(node.right))
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            return {"f": math.floor, "c": math.ceil}[node.func.id](of(node.args[0]))
        assert isinstance(node, ast.Constant), ast.dump(node)
        return node.value

    return of(ast.parse(text.translate(_SIGNS).strip(), mode="eval").body)


def equations(line: str) -> list[str]:
    """The numeric sides of "H: 54 = ⌊(224 + 2·1 − 11) / 4⌋ + 1"; a name on the left is no side."""
    sides = re.sub(r"^[HW]: ", "", line).replace(" B", "").split(" = ")
    return sides[1:] if sides[0] == "FLOPs" else sides


def untrue(lines: Iterator[str]) -> tuple[int, list[str]]:
    """How many lines claim an equality, and those that do not hold."""
    claims = [line for line in lines if " = " in line]
    wrong = [line for line in claims if len({value(side) for side in equations(line)}) != 1]
    return len(claims), wrong


STATED = {
    "parameters": lambda layer: {layer.operation.parameters},
    "macs": lambda layer: {layer.macs},
    "memory": lambda layer: {layer.activation_bytes},
    "field": lambda layer: {*layer.ungated.size},
    "output": lambda layer: {*layer.operation.output_shape},
}


def explained(layers: tuple[Layer, ...], picture: tuple[int, ...]) -> Iterator[str]:
    for layer in layers:
        for part in wording.derivations(layer, picture):
            sums = [line for line in part.lines if " = " in line and "FLOPs" not in line]
            for line in sums:  # the number that is explained is the layer's own
                assert value(equations(line)[0]) in STATED[part.column](layer), line
            yield from part.lines


def check(table: Summary) -> int:
    claims, wrong = untrue(explained(table.layers, table.input))
    assert not wrong
    rows = board(table, title="")["rows"]
    sums, wrong = untrue(line for row in rows for part in row.why for line in part.lines)
    assert not wrong
    assert sums >= claims
    return claims


@pytest.mark.parametrize("name", course())
def test_every_sum_of_course_networks_is_true(name: str):
    channels, height, width = get(name).input_size
    assert check(measure(NetworkSpec.parse(name), (channels, height, width))) > 25
    wider = width - 9 if name == "alexnet" else width + 1
    oblong = measure(NetworkSpec.parse(name), (channels, height, wider), 3)
    assert oblong.mismatch is None
    assert check(oblong) > 25


@pytest.mark.parametrize("name", TORCHVISION)
def test_every_sum_of_torchvision_networks_is_true(name: str):
    table = measure(
        NetworkSpec.parse(f"torchvision/{name}"), get(f"torchvision/{name}").input_size, batch=2
    )
    assert check(table) > 60


def test_a_false_sum_would_be_found():
    lines = [
        "54 = ⌊(224 + 2·1 − 11) / 4⌋ + 1",
        f"46{THIN}656 = 16·54·54",
        "W: 13 = ⌈(25 − 3) / 2⌉ + 1",
    ]
    assert untrue(iter(lines)) == (3, ["W: 13 = ⌈(25 − 3) / 2⌉ + 1"])
    assert untrue(iter([f"FLOPs = 2 × 500 = 1{THIN}001", "FLOPs = 2 × 3 = 6"]))[1]


class Tied(nn.Sequential):
    """The second layer uses the first one's weights and a bias of its own."""

    def __init__(self) -> None:
        linear = [nn.Linear(4, 4, device="meta") for _ in range(2)]
        super().__init__(*linear, *(nn.LayerNorm(4, device="meta") for _ in range(2)))
        self[1].weight = self[0].weight
        self[3].weight = self[2].weight


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        pytest.param(nn.Conv2d(2, 4, (3, 1), (1, 2), (1, 0), groups=2), (2, 2, 9, 7), id="uneven"),
        pytest.param(nn.Conv2d(1, 2, 3, dilation=2, bias=False), (1, 1, 9, 9), id="dilated"),
        pytest.param(nn.MaxPool2d(3, 2, ceil_mode=True), (1, 1, 8, 9), id="rounded-up"),
        pytest.param(nn.MaxPool2d(2, 2, 1, ceil_mode=True), (1, 1, 7, 7), id="no-last-window"),
        pytest.param(nn.AvgPool2d(2, 3, ceil_mode=True), (1, 1, 6, 6), id="no-window-outside"),
        pytest.param(
            Net(lambda _net, x: functional.max_pool2d(x, 3, 2, ceil_mode=True)), (1, 1, 8, 9),
            id="function",
        ),
        pytest.param(
            nn.Sequential(nn.AdaptiveAvgPool2d(5), nn.Conv2d(1, 1, 3)), (1, 1, 28, 28),
            id="uneven-jump",
        ),
        pytest.param(Tied(), (1, 4), id="tied"),
    ],
)  # fmt: skip
def test_sums_of_unusual_layers_are_true(network: nn.Module, shape: tuple[int, ...]):
    network = nn.Sequential(network).to("meta").eval()
    if isinstance(network[0], Tied):
        assert len({*network.parameters()}) == 6
    graph, layers, _, _ = dissect(network, shape)
    assert not graph.problem
    claims, wrong = untrue(explained(layers, shape))
    assert claims
    assert not wrong


def test_a_pool_that_rounds_up_says_so():
    _, (layer,), _, _ = dissect(
        nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True)).to("meta"), (1, 1, 8, 8)
    )
    assert wording.settings(layer) == "3×3, stride 2, rounded up"


# Settings, totals, lessons


@pytest.mark.parametrize(
    ("name", "layer", "text"),
    [
        ("alexnet", "conv1", "11×11, stride 4, padding 1"),
        ("lenet", "pool1", "2×2, stride 2"),
        ("lenet", "fc1", "400 → 120"),
        ("alexnet", "dropout1", "p = 0.5, in training only"),
        ("torchvision/mobilenet_v2", "features.1.conv.0.0", "3×3, padding 1, 32 groups, no bias"),
        ("torchvision/inception_v3", "Mixed_6b.branch7x7_2.conv", "1×7, padding 0×3, no bias"),
    ],
)
def test_settings_in_words(name: str, layer: str, text: str):
    table = measure(NetworkSpec.parse(name), get(name).input_size)
    assert wording.settings(next(x for x in table.layers if x.operation.name == layer)) == text


def test_totals_in_one_line():
    table = measure(NetworkSpec.parse("alexnet"), (1, 224, 224))
    parts = wording.totals(table).split(" · ")
    assert parts[:4] == ["46.8 M parameters", "187 MB", "938 M MACs", "1.88 GFLOPs"]
    assert parts[-1] == "sees 195 of 224"


@pytest.mark.parametrize(
    ("name", "picture", "headline", "fits"),
    [
        ("lenet", (3, 28, 28), "built for 1 channel, but 3 arrive.", "from 28 × 28 to 31"),
        ("nin", (1, 66, 66), "3 cells long, but there are only 2", "67 × 67 and anything"),
        ("torchvision/vit_b_16", (3, 64, 64), "not take pictures of 64 × 64", "takes 224 × 224."),
        ("torchvision/maxvit_t", (3, 99, 80), "not take pictures of 99 × 80", "takes 224 × 224."),
    ],
)
def test_other_lessons(name: str, picture: tuple[int, int, int], headline: str, fits: str):
    lesson = measure(NetworkSpec.parse(name), picture).mismatch
    assert lesson
    text = mismatch_words.mismatch(lesson, name)
    assert headline in text.headline
    assert fits in text.fits
    assert text.explanation


@pytest.mark.parametrize("name", ["torchvision/vit_b_16", "torchvision/maxvit_t"])
@pytest.mark.parametrize("picture", [(3, 28, 28), (1, 28, 28), (3, 100, 224), (3, 448, 448)])
def test_a_network_that_checks_its_size_by_itself_says_it_in_our_words(
    name: str, picture: tuple[int, int, int]
):
    lesson = measure(NetworkSpec.parse(name), picture).mismatch
    assert lesson
    text = mismatch_words.mismatch(lesson, "It")
    assert lesson.nearest == (3, 224, 224)
    if lesson.reason != "channels":
        assert (text.got, text.needs) == (units.times(picture), "3 × 224 × 224")
        assert lesson.problem not in str(replace(text, raw=""))
        assert ("patch" if "vit_b" in name else "windows") in text.explanation


def test_what_lies_in_its_inputs_memory_is_said_to_be_counted_all_the_same():
    table = measure(NetworkSpec.parse("alexnet"), (1, 224, 224))
    notes = {
        layer.operation.name: part.note
        for layer in table.layers
        for part in wording.derivations(layer, table.input)
        if part.column == "memory"
    }
    shared = {each.operation.name for each in table.layers if not each.operation.allocates}
    assert {"flatten", "dropout1"} <= shared
    assert {name for name, note in notes.items() if "counts it all the same" in note} == shared
    everything = sum(layer.activation_bytes for layer in table.layers)
    assert table.totals.activation_bytes == everything


def test_a_batch_of_one_that_cannot_be_trained_is_explained():
    spec = NetworkSpec.parse("torchvision/resnet18")
    needed = training_memory(spec, InputSize(3, 32, 32), 1, "sgd")
    assert needed.problem
    assert "Take a batch of two pictures" in mismatch_words.untrainable(needed.problem)
    assert not training_memory(spec, InputSize(3, 32, 32), 2, "sgd").problem


def test_a_layer_that_fails_takes_no_part_in_the_totals():
    broken = measure(NetworkSpec.parse("alexnet"), (3, 224, 224))
    assert broken.layers[-1].parameters == 11_712
    assert (broken.totals.parameters, broken.totals.macs) == (0, 0)
    assert wording.totals(broken).startswith("0 parameters · 0 B · 0 MACs")


# Numbers as people read them


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (1, "1"), (999, "999"), (999.4, "999"), (999.5, "1.00 k"), (1000, "1.00 k"),
        (1004, "1.00 k"), (1005.1, "1.01 k"), (9_994, "9.99 k"), (9_995, "10.0 k"),
        (99_949, "99.9 k"), (99_950, "100 k"), (999_499, "999 k"), (999_500, "1.00 M"),
        (61_706, "61.7 k"), (46_764_746, "46.8 M"), (1e9, "1.00 G"), (1.5e18, "1.50 E"),
    ],
)  # fmt: skip
def test_three_digits_and_a_letter(number: float, text: str):
    assert units.count(number) == text


@given(st.integers(0, 10**18))
def test_a_rounded_number_is_near_the_exact_one(number: int):
    digits, _, letter = units.count(number).partition(" ")
    read = float(digits) * 1000 ** ["", "k", "M", "G", "T", "P", "E"].index(letter)
    assert read == pytest.approx(number, rel=0.00501)
    assert len(digits.replace(".", "")) == 3 or number < 100
    assert int(units.exact(number).replace(THIN, "")) == number
    assert max(map(len, units.exact(number).split(THIN))) <= 3


def test_shapes():
    assert wording.shape((8, 10)) == "10"
    assert wording.shape(None) == "–"


# Sizes as people write them


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        ("3x224x224", (3, 224, 224)),
        ("3 X 224 X 192", (3, 224, 192)),
        ("1 × 28 × 30", (1, 28, 30)),
        ("3,32,32", (3, 32, 32)),
        ("1 28 28", (1, 28, 28)),
        ("28×30", (7, 28, 30)),
        ("  64 ", (7, 64, 64)),
        ("1*1*1", (1, 1, 1)),
        ("", (7, 99, 99)),
        ("  ", (7, 99, 99)),
    ],
)
def test_spellings_of_a_size(text: str, picture: tuple[int, int, int]):
    assert InputSize.parse(text, InputSize(7, 99, 99)) == picture
    assert InputSize.parse(InputSize(*picture).spell(), InputSize(7, 99, 99)) == picture


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, f"“{text}”.*1x28x28") for text in "big 1x2x3x4 28.5 1e3 x 0x1F".split()),
        ("9" * 20, "“9{20}”.*1x28x28"),
        ("1x0x28", "height.* 0.* 1 and 16384"),
        ("1x28x-3", "width.* -3.* 1 and 16384"),
        ("0x28x28", "channels.* 0.* 1 and 1024"),
        ("5000x28x28", "channels.* 5000.* 1 and 1024"),
        ("1x28x99999999", "width.* 99999999.* 1 and 16384"),
    ],
)
def test_what_is_no_size_is_answered_with_an_example_or_the_limits(text: str, message: str):
    with pytest.raises(ValueError, match=message):
        InputSize.parse(text, InputSize(1, 28, 28))


def test_a_batch():
    assert [inputs.parse_batch(text) for text in ("32", " 32 ", 32)] == [32] * 3


@pytest.mark.parametrize("text", ["", "many", "1.5", "1,000", "0", "-1", "4097", "9" * 6000])
def test_what_is_no_batch_is_named(text: str):
    with pytest.raises(ValueError, match="batch size") as caught:
        inputs.parse_batch(text)
    assert text[:40] in str(caught.value)
    assert len(str(caught.value)) < 200
