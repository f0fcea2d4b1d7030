"""Costs and lessons against the course's figures, torchvision's published ones and PyTorch's."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis import size_mismatch, summary
from explorer.analysis.summary import Block, Layer, Totals, TrainingMemory, dissect, measure
from explorer.base.torchvision_import import models
from explorer.networks import Architecture, NetworkSpec, course, get, names
from explorer.networks.registry import WithoutMemory
from tests.explorer.analysis.small_networks import FACTS, Net, on_meta

MODELS = [name for name in names() if name.startswith("torchvision/")]
# Deeper or wider relatives of networks in the list: the published count is enough for them.
RELATIVES = set(
    "convnext_base convnext_large convnext_small densenet161 densenet169 densenet201 "
    "efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 "
    "efficientnet_b7 efficientnet_v2_m efficientnet_v2_l regnet_x_8gf regnet_x_16gf regnet_x_32gf "
    "regnet_y_8gf regnet_y_16gf regnet_y_32gf regnet_y_128gf resnet101 resnet152 resnext101_32x8d "
    "resnext101_64x4d wide_resnet101_2 swin_b swin_s swin_v2_b swin_v2_s vit_b_32 vit_h_14 "
    "vit_l_16 vit_l_32".split()
)


def variants(architecture: Architecture) -> Iterator[dict[str, Any]]:
    """Every value of every option of its own, one at a time; the ends of a range."""
    for option in architecture.options:
        values = option.choices
        for value in (values[0], values[-1]) if isinstance(values, range) else values:
            yield {option.name: value}


def named(case: Mapping[str, Any]) -> str:
    return "-".join([case["network"], *(f"{k}={v}" for k, v in case["options"].items())])


# The course's figures


@pytest.mark.parametrize("case", FACTS["networks"], ids=named)
def test_course_networks_have_the_courses_shapes_and_costs(case: dict[str, Any]):
    spec = NetworkSpec.parse(case["network"], case["options"])
    table = measure(spec, tuple(case["input"]), batch=3)
    shapes: dict[str, tuple[int, ...]] = {}
    weights: dict[str, int] = defaultdict(int)
    for layer in table.layers:
        child = layer.operation.name.split(".")[0]
        shapes[child] = layer.operation.output_shape or ()
        weights[child] += layer.operation.parameters
        weights[layer.operation.type] += layer.operation.parameters
    assert len(shapes) == len(case["children"])
    assert not any(child.isdigit() for child in shapes)
    for (child, shape), (_, expected, *count) in zip(shapes.items(), case["children"], strict=True):
        assert shape == (3, *expected), child
        assert not count or weights[child] == count[0], child
    kinds = Counter(layer.operation.type for layer in table.layers)
    norms = kinds["BatchNorm"] + kinds["BatchNorm2d"]
    stated = [case[f"{kind}_layers"] for kind in ("conv", "linear", "bn")]
    assert [kinds["Conv2d"], kinds["Linear"], norms] == stated
    parts = {"params_conv": weights["Conv2d"], "params_linear": weights["Linear"]}
    for part, number in (parts | {"params": table.totals.parameters}).items():
        assert number == case.get(part, number), part
    assert table.totals.macs == case.get("macs", table.totals.macs)
    assert table.totals.flops == 2 * table.totals.macs


def test_some_case_states_parameters_and_macs_of_each_network():
    stated = {case["network"] for case in FACTS["networks"] if {"params", "macs"} <= case.keys()}
    assert stated >= {*course()} - {"vgg13", "vgg16", "vgg19"}


@pytest.mark.parametrize("case", FACTS["layer_costs"], ids=lambda case: case["network"])
def test_layers_cost_what_the_course_says(case: dict[str, Any]):
    table = measure(NetworkSpec.parse(case["network"]), get(case["network"]).input_size)
    rows = [
        [layer.operation.type, layer.operation.parameters, layer.macs]
        for layer in table.layers
        if layer.macs
    ]
    assert rows == case["layers"]


@pytest.mark.parametrize("side", [96, 224])
@pytest.mark.parametrize("case", FACTS["inception"], ids=lambda case: case["block"])
def test_inception_blocks_cost_what_the_course_says(case: dict[str, Any], side: int):
    table = measure(NetworkSpec.parse("googlenet"), (1, side, side))
    (block,) = (part for part in blocks(table.tree) if part.name == case["block"])
    leaves = list(block.leaves())
    assert sum(leaf.macs for leaf in leaves) == case[f"macs_{side}"]
    assert sum(leaf.operation.parameters for leaf in leaves) == case["params"]
    assert (leaves[-1].operation.output_shape or ())[1] == case["out_channels"]


@pytest.mark.parametrize("name", course())
def test_every_value_of_every_option_costs_what_pytorch_counts(name: str):
    for options in ({}, *variants(get(name)), {"in_channels": 3, "num_classes": 7}):
        _, height, width = get(name).input_size
        network = on_meta(name, **options)
        assert not any(getattr(layer, "inplace", False) for layer in network.modules()), options
        picture = torch.empty(1, options.get("in_channels", 1), height, width, device="meta")
        with FlopCounterMode(display=False) as counter:
            output = network(picture)
        table = measure(NetworkSpec.parse(name, options), tuple(picture.shape[1:]), batch=2)
        assert table.totals.parameters == sum(p.numel() for p in network.parameters()), options
        assert 2 * table.totals.macs == counter.get_total_flops(), options
        classes = options.get("num_classes", 10)
        assert (table.output, tuple(output.shape)) == ((2, classes), (1, classes)), options
        check_sums(table.layers, table.tree, table.totals)
        top = [part.name if isinstance(part, Block) else part.operation.name for part in table.tree]
        assert top == [child for child, _ in network.named_children()]


# torchvision's


@pytest.mark.parametrize("name", MODELS, ids=lambda name: name.split("/")[1])
def test_torchvision_networks_cost_what_is_published_and_what_pytorch_counts(name: str):
    architecture = get(name)
    assert architecture.paper, f"add the family of {name} to torchvision_models.FAMILIES"
    assert architecture.introduced
    shape = (1, *architecture.input_size)
    with WithoutMemory():
        network = NetworkSpec.parse(name).build()
    assert all(weight.is_meta for weight in network.parameters())
    network = network.to("meta").eval()
    graph, layers, tree, totals = dissect(network, shape)
    model = name.removeprefix("torchvision/")
    weights = models.get_model_weights(model)
    published = min(weights, key=lambda one: one.transforms.keywords["crop_size"]).meta
    assert totals.parameters == sum(p.numel() for p in network.parameters())
    assert totals.parameters == published["num_params"] == architecture.parameters
    assert totals.macs / 1e9 == pytest.approx(published["_ops"], abs=6e-4)
    assert graph.output_shape == (1, 1000)
    check_sums(layers, tree, totals)
    if model not in RELATIVES:
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            network(torch.empty(shape, device="meta"))
        assert 2 * totals.macs == counter.get_total_flops()


# Folding


def blocks(parts: tuple[Block | Layer, ...]) -> Iterator[Block]:
    for part in parts:
        if isinstance(part, Block):
            yield part
            yield from blocks(part.parts)


def at_depth(parts: tuple[Block | Layer, ...], depth: int) -> Iterator[tuple[Layer, ...]]:
    """The rows that are shown when all blocks from `depth` on are folded."""
    for part in parts:
        if isinstance(part, Layer):
            yield (part,)
        elif depth == 0:
            yield tuple(part.leaves())
        else:
            yield from at_depth(part.parts, depth - 1)


def check_sums(layers: tuple[Layer, ...], tree: tuple[Block | Layer, ...], totals: Totals) -> None:
    """At any folding every layer is in one row, so sums are those of the leaves."""
    for depth in range(max(layer.depth for layer in layers) + 1):
        rows = list(at_depth(tree, depth))
        assert tuple(layer for row in rows for layer in row) == layers
        assert totals.parameters == sum(x.operation.parameters for row in rows for x in row)
    for block in blocks(tree):
        assert all(block.name in leaf.operation.path for leaf in block.leaves())
    assert totals.macs == sum(layer.macs for layer in layers)
    assert totals.activation_bytes == sum(layer.activation_bytes for layer in layers)
    for layer in layers:
        assert layer.flops == 2 * layer.macs
        pieces = layer.operation.settings["pieces"] if layer.operation.type == "chunk" else 1
        size = 4 * pieces * torch.Size(layer.operation.output_shape or (0,)).numel()
        assert layer.activation_bytes == size
    assert totals.parameter_bytes == 4 * totals.parameters


def test_a_network_inside_networks_folds_level_by_level():
    inner = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    network = nn.Sequential(nn.Sequential(inner, nn.ReLU()), nn.Flatten()).to("meta").eval()
    _, layers, tree, _ = dissect(network, (1, 1, 5, 5))
    assert [layer.depth for layer in layers] == [2, 2, 1, 0]
    assert [(block.name, block.depth) for block in blocks(tree)] == [("0", 0), ("0.0", 1)]
    assert [len(row) for row in at_depth(tree, 0)] == [3, 1]
    assert [len(row) for row in at_depth(tree, 1)] == [2, 1, 1]


# Sizes that do not work


@pytest.mark.parametrize(
    ("name", "options", "sides"),
    [
        *(
            (case["network"], case["options"], (low, high if high < 320 else None))
            for case in FACTS["networks"]  # scanned from 1 to 320
            for low, high in case.get("accepted", ())
        ),
        ("vgg13", {"conv_ratio": 8}, (224, 255)),
        ("vgg19", {"fc_ratio": 8}, (224, 255)),
        ("torchvision/vit_b_16", {}, (224, 224)),
        ("torchvision/inception_v3", {}, (75, None)),
        ("torchvision/resnet18", {}, (1, None)),
    ],
)  # fmt: skip
def test_accepted_sides_are_the_courses(
    name: str, options: dict[str, Any], sides: tuple[int, int | None]
):
    spec = NetworkSpec.parse(name, options)
    assert size_mismatch.accepted_sides(spec, spec.input_size.channels) == sides


LESSONS = [
    ("lenet", (1, 224, 224), "features", "fc1", 46656, 400, (1, 31, 31)),
    ("lenet", (3, 28, 28), "channels", "conv1", 3, 1, (1, 28, 28)),
    ("lenet", (1, 40, 20), "features", "fc1", 16 * 8 * 3, 400, (1, 31, 28)),
    ("lenet", (1, 5, 5), "window", "conv2", 2, 5, (1, 28, 28)),
    ("alexnet", (1, 300, 100), "features", "fc1", 256 * 8 * 2, 6400, (1, 224, 193)),
    ("nin", (1, 66, 400), "window", "pool3", 2, 3, (1, 67, 400)),
    ("densenet", (4, 28, 28), "channels", "stem.conv", 4, 1, (1, 29, 29)),
    ("densenet", (1, 28, 28), "window", "transition3.pool", 1, 2, (1, 29, 29)),
    ("vgg11", (1, 31, 224), "window", "block5.pool", 1, 2, (1, 224, 224)),
    ("googlenet", (3, 300, 1), "channels", "stage1.conv", 3, 1, (1, 300, 1)),
    ("torchvision/vit_b_16", (3, 100, 100), "positions", "", None, None, (3, 224, 224)),
    ("torchvision/maxvit_t", (3, 100, 100), "partitions", "", None, None, (3, 224, 224)),
]


@pytest.mark.parametrize("case", LESSONS, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_lesson_names_layer_numbers_and_the_nearest_that_works(case: tuple[Any, ...]):
    name, picture, reason, layer, got, needs, nearest = case
    lesson = measure(NetworkSpec.parse(name), picture, batch=2).mismatch
    assert lesson
    assert lesson.reason == reason
    assert not layer or lesson.operation.name == layer
    assert (lesson.got, lesson.needs) == (got, needs)
    assert lesson.nearest == nearest
    assert measure(NetworkSpec.parse(name), lesson.nearest).mismatch is None


def test_a_network_for_colour_is_explained_with_colour():
    lesson = measure(NetworkSpec.parse("lenet", {"in_channels": 3}), (3, 60, 60)).mismatch
    assert lesson
    assert (lesson.default, lesson.nearest) == ((16, 5, 5), (3, 31, 31))


# Memory


CHAIN = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1),  # 1 and 4 maps live
    nn.ReLU(inplace=True),
    nn.Conv2d(4, 2, 3, padding=1),  # 4 and 2
    nn.Flatten(),
    nn.ReLU(),  # 2 and 2
)
TWO = {name: nn.Conv2d(1, 1, 3, padding=1) for name in ("one", "two")}
# The input is needed until the sum: 1 map, 1 + 1, 1 + 1 + 1.
SUMMED = Net(lambda net, x: functional.relu(net.two(net.one(x)) + x), **TWO)
FORGOTTEN = Net(lambda net, x: functional.relu(net.two(net.one(x))), **TWO)


@pytest.mark.parametrize(("network", "maps"), [(CHAIN, 6), (SUMMED, 3), (FORGOTTEN, 2)])
def test_most_memory_at_once_by_hand(network: nn.Module, maps: int):
    graph, _, _, totals = dissect(network.to("meta").eval(), (2, 1, 8, 8))
    assert totals.peak_bytes == graph.peak_bytes == maps * 2 * 8 * 8 * 4


def saved_by_autograd(network: nn.Module, picture: Tensor) -> int:
    """Bytes that PyTorch keeps for the backward pass on the CPU, weights left out."""
    weights = {t.untyped_storage().data_ptr() for t in (*network.parameters(), *network.buffers())}
    saved: list[Tensor] = [picture]

    def note(tensor: Tensor) -> Tensor:
        saved.append(tensor)
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        network.train()(picture)
    memories = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in saved}
    return sum(size for place, size in memories.items() if place not in weights)


@pytest.mark.parametrize(
    ("name", "picture", "batch"),
    [
        ("lenet", (1, 28, 28), 4),
        ("bn_lenet", (1, 28, 28), 4),
        ("resnet18", (1, 40, 40), 2),
        ("densenet", (1, 40, 40), 2),
        ("googlenet", (1, 40, 40), 2),
        ("alexnet", (1, 200, 200), 2),
        ("lenet", (1, 28, 28), 6),
        ("torchvision/mobilenet_v3_small", (3, 48, 48), 2),
    ],
)
def test_training_keeps_what_autograd_keeps(name: str, picture: tuple[int, int, int], batch: int):
    spec = NetworkSpec.parse(name)
    network = spec.build()
    weights = sum(p.numel() for p in network.parameters()) * 4
    activations = saved_by_autograd(network, torch.randn(batch, *picture))
    memory = summary.training_memory(spec, picture, batch, "adam")
    assert memory == TrainingMemory(weights, weights, 2 * weights, activations)
    assert memory.total == 4 * weights + activations


@pytest.mark.parametrize("optimizer", summary.OPTIMIZER_STATE)
def test_an_optimiser_keeps_what_pytorchs_keeps(optimizer: str):
    network = NetworkSpec.parse("lenet").build()
    real = {
        "sgd": torch.optim.SGD,
        "momentum": partial(torch.optim.SGD, momentum=0.9),
        "adam": torch.optim.Adam,
    }[optimizer](network.parameters())
    network(torch.randn(2, 1, 28, 28)).sum().backward()
    real.step()
    state = [v for per in real.state.values() for v in per.values() if isinstance(v, Tensor)]
    memory = summary.training_memory(NetworkSpec.parse("lenet"), (1, 28, 28), 2, optimizer)
    numbers = sum(v.numel() for v in state if v.dim())  # step counters are single numbers
    assert memory.optimizer == 4 * numbers


def test_batch_norm_cannot_train_on_a_single_value():
    spec = NetworkSpec.parse("resnet18")
    one, two = (summary.training_memory(spec, (1, 32, 32), n, "adam").problem for n in (1, 2))
    assert "more than 1 value per channel" in one
    assert not two


@pytest.mark.parametrize("name", ["resnet18", "torchvision/swin_v2_t", "torchvision/maxvit_t"])
def test_macs_are_those_of_one_picture_in_any_batch(name: str):
    one, three = (measure(NetworkSpec.parse(name), get(name).input_size, n) for n in (1, 3))
    assert three.totals.macs == one.totals.macs
    assert [layer.macs for layer in three.layers] == [layer.macs for layer in one.layers]
    assert three.totals.parameters == one.totals.parameters
