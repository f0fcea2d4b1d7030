"""Receptive fields against the gradient of the picture, and against published sizes.

The oracle: the network's own forward pass, in float64, with weights all alike and positive,
poolings that average, and activations and norms that pass everything on. Then the gradient of
one unit is positive at exactly the pixels that the unit reads.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from explorer.analysis import receptive_field, summary
from explorer.analysis.shapes_and_macs import INPUT, Graph, record
from explorer.networks import NetworkSpec, get
from tests.explorer.analysis.small_networks import FACTS, Net, on_meta

# What is printed for the last feature map (Araujo et al., Distill 2019, and tables made from
# torchvision's networks), and a picture large enough to hold it.
PUBLISHED = {
    "torchvision/alexnet": (195, (3, 480, 63)),
    "torchvision/vgg11": (150, (3, 352, 32)),
    "torchvision/vgg16": (212, (3, 480, 32)),
    "torchvision/inception_v3": (1311, (3, 2751, 75)),
    "torchvision/resnet18": (435, (3, 992, 32)),
    "torchvision/resnet34": (899, (3, 1888, 32)),
    "torchvision/resnet50": (427, (3, 992, 32)),
    "torchvision/resnet101": (971, None),
    "torchvision/resnet152": (1451, None),
    "torchvision/mobilenet_v2": (491, (3, 1056, 32)),
}
NETWORKS = {
    "lenet": (1, 28, 28),
    "bn_lenet": (1, 28, 28),
    "alexnet": (1, 224, 193),
    "vgg11": (1, 255, 224),
    "nin": (1, 260, 230),
    "googlenet": (1, 130, 97),
    "resnet18": (1, 130, 97),
    "densenet": (1, 97, 130),
} | {
    f"torchvision/{name}": (3, 128, 97)
    for name in (
        "resnet18 resnet50 googlenet inception_v3 densenet121 mobilenet_v2 shufflenet_v2_x0_5 "
        "squeezenet1_1 mnasnet0_5 convnext_tiny efficientnet_b0 mobilenet_v3_small "
        "regnet_y_400mf"
    ).split()
}

PASSED_ON = frozenset(
    "relu relu_ relu6 hardtanh hardtanh_ sigmoid sigmoid_ tanh gelu silu silu_ hardswish "
    "hardswish_ hardsigmoid hardsigmoid_ leaky_relu batch_norm dropout layer_norm".split()
)
WITH_CONSTANTS = frozenset("add sub mul div truediv __mul__ __add__ __sub__ __truediv__".split())


class Positive(TorchFunctionMode):
    """Every layer a positive average over what it reads. Weights lend their shapes only."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in PASSED_ON:
            return args[0] if args else kwargs["input"]
        if name == "conv2d":
            return self.convolution(*args, **kwargs)
        if name == "linear":
            return args[0].mean(-1, keepdim=True).expand(*args[0].shape[:-1], len(args[1]))
        if name in ("max_pool2d", "adaptive_max_pool2d"):
            return self.pooling(name.replace("max", "avg"), *args, **kwargs)
        if name in ("__iadd__", "add_"):
            return torch.add(args[0], args[1])
        real = [a for a in args if isinstance(a, Tensor) and not a.is_meta]
        if name in WITH_CONSTANTS and len(real) == 1:  # scaled or shifted by a weight or a number
            return real[0]
        return func(*args, **kwargs)

    @staticmethod
    def convolution(
        x: Tensor, weight: Tensor, _bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
        groups: int,
    ) -> Tensor:  # fmt: skip
        out, _, *kernel = weight.shape
        n, channels, *size = x.shape
        alike = x.reshape(n * groups, channels // groups, *size).mean(1, keepdim=True)
        ones = torch.ones(1, 1, *kernel, dtype=x.dtype) / (kernel[0] * kernel[1])
        y = functional.conv2d(alike, ones, None, stride, padding, dilation)
        y = y.reshape(n, groups, 1, *y.shape[2:]).expand(-1, -1, out // groups, -1, -1)
        return y.reshape(n, out, *y.shape[3:])

    @staticmethod
    def pooling(name: str, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if name.startswith("adaptive"):
            return functional.adaptive_avg_pool2d(x, *args)
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        options = {**dict(zip(names, args, strict=False)), **kwargs}
        options.pop("return_indices", None)
        assert options.pop("dilation", 1) in (1, (1, 1))
        return functional.avg_pool2d(x, **options)


@dataclass(frozen=True)
class Case:
    """A network that ran on a picture: the engine's record and the oracle's tensors by layer."""

    graph: Graph
    picture: Tensor
    maps: Mapping[str, Tensor]

    def field(self, layer: str, unit: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows and columns, first and last, of the pixels that a unit's value depends on."""
        gradient = torch.zeros_like(self.maps[layer])
        height, width = dims(self.graph, layer)
        gradient.movedim((height, width), (-2, -1))[..., unit[0], unit[1]] = 1
        (touched,) = torch.autograd.grad(
            self.maps[layer], self.picture, gradient, retain_graph=True
        )
        rows, columns = touched.sum((0, 1)).nonzero(as_tuple=True)
        return (int(rows.min()), int(rows.max())), (int(columns.min()), int(columns.max()))


def dims(graph: Graph, layer: str) -> tuple[int, int]:
    """Where height and width lie in a layer's map: (2, 3), or (1, 2) where channels are last."""
    field = receptive_field.sizes(graph)[layer]
    assert field
    assert field.dims
    return field.dims


@contextmanager
def watched(network: nn.Module, layers: Mapping[str, str]) -> Iterator[dict[str, Tensor]]:
    """Keep what `layers` read and give, at their first call, by operation.

    `layers` maps a layer's name to the operation whose output it reads.
    """
    maps: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if name not in maps:
                maps.setdefault(layers[name], inputs[0])
                maps[name] = output

        return hook

    handles = [network.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
    try:
        yield maps
    finally:
        for handle in handles:
            handle.remove()


def run(network: nn.Module, shape: tuple[int, int, int], only: str = "") -> Case:
    """`network`, on the meta device, on a picture; the maps beside some layers, or `only` one."""
    graph = record(network, (1, *shape))
    assert not graph.problem
    fields = receptive_field.sizes(graph)
    modules = dict(network.named_modules())  # without second calls of a layer
    reads = {o.name: o.inputs[0] for o in graph.operations if o.name in modules}
    names = {name for name, field in fields.items() if field and field.is_map}
    layers = [name for name in reads if name in names]
    layers = layers[:: -max(1, len(layers) // 6)]
    if only:
        layers = [name for name in reads if only in (name, reads[name])]
    picture = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    with watched(network, {name: reads[name] for name in layers}) as maps, Positive():
        network(picture)
    names = {only} if only else names - {INPUT}
    return Case(graph, picture, {name: maps[name] for name in maps if name in names})


def places(height: int, width: int) -> set[tuple[int, int]]:
    """The middle, two corners and a place between."""
    return {(height // 2, width // 2), (0, width - 1), (height - 1, 0), (height // 3, width // 3)}


def disagreements(case: Case) -> list[Any]:
    """Units whose field the engine and the gradient tell differently."""
    fields = receptive_field.sizes(case.graph)
    even = not any("daptive" in operation.type for operation in case.graph.operations)
    wrong: list[Any] = []
    for layer, units in case.maps.items():
        for unit in places(*(units.shape[dim] for dim in dims(case.graph, layer))):
            spans = case.field(layer, unit)
            ours = receptive_field.field(case.graph, layer, unit)
            wrong += [(layer, unit, ours, spans)] if ours != spans else []
            field = fields[layer]
            for axis, i, span, side in zip(
                (field.y, field.x), unit, spans, case.picture.shape[2:], strict=True
            ):
                first, last = axis.start + i * axis.jump, axis.start + i * axis.jump + axis.size - 1
                inside = first >= 0 and last + 2 * axis.jump < side  # what strides drop lies there
                if inside and even and (first, last) != span:
                    wrong.append((layer, unit, axis, span))
    return wrong


@pytest.mark.parametrize(("name", "shape"), NETWORKS.items(), ids=NETWORKS)
def test_units_read_exactly_these_pixels(name: str, shape: tuple[int, int, int]):
    case = run(on_meta(name), shape)
    assert len(case.maps) >= 5
    assert not disagreements(case)


def without_gates(network: nn.Module) -> nn.Module:
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if type(child).__name__ == "SqueezeExcitation":
                setattr(module, name, nn.Identity())
    return network


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v3_small", "regnet_y_400mf"])
def test_a_gate_shows_the_whole_picture_and_can_be_left_out(name: str):
    shape = (3, 352, 64)
    gated = record(on_meta(f"torchvision/{name}"), (1, *shape))
    plain = run(without_gates(on_meta(f"torchvision/{name}")), shape)
    assert not disagreements(plain)
    left_out = receptive_field.sizes(gated, gates=False)
    for layer, field in receptive_field.sizes(plain.graph).items():
        if layer in left_out:
            assert left_out[layer] == field
    behind = next(o.name for o in gated.operations if o.type == "mul")
    assert receptive_field.field(gated, behind, (0, 0)) == ((0, 351), (0, 63))
    assert receptive_field.sizes(gated)[behind].size >= (352, 64)


@pytest.mark.parametrize("case", FACTS["receptive_fields"], ids=lambda case: case["network"])
def test_chains_of_sizes_and_jumps_are_the_courses(case: dict[str, Any]):
    graph = record(on_meta(case["network"]), (1, *get(case["network"]).input_size))
    fields = receptive_field.sizes(graph)
    rows = [
        [operation.type, *{(axis.size, axis.jump) for axis in (field.y, field.x)}.pop()]
        for operation in graph.operations
        if operation.type in {"Conv2d", "MaxPool2d", "AvgPool2d"}
        and (field := fields[operation.name])
    ]
    assert rows == case["rows"]


@pytest.mark.parametrize(
    ("name", "size", "shape"), [(name, *facts) for name, facts in PUBLISHED.items()]
)
def test_last_maps_see_what_is_published(name: str, size: int, shape: tuple[int, int, int] | None):
    table = summary.measure(NetworkSpec.parse(name), get(name).input_size)
    assert table.totals.receptive_field == (size, size)
    if shape:
        last_map = table.totals.last_map
        if last_map == "avgpool":  # to 7 × 7, which the map has already
            operations = {layer.operation.name: layer.operation for layer in table.layers}
            last_map = operations[last_map].inputs[0]
        case = run(on_meta(name), shape, only=last_map)
        ((layer, last),) = case.maps.items()
        (top, bottom), _ = case.field(layer, (last.shape[2] // 2, 0))
        assert 0 < top <= bottom < shape[1] - 1
        assert bottom - top + 1 == size


def test_attention_has_no_box():
    graph = record(on_meta("torchvision/swin_t"), (1, 3, 64, 64))
    fields = receptive_field.sizes(graph)
    assert fields["features.0.0"].size == (4, 4)
    assert fields[graph.operations[-1].name] is None
    assert receptive_field.field(graph, graph.operations[-1].name, (0, 0)) is None


# Made-up networks


@st.composite
def windows(draw: st.DrawFn) -> nn.Module:
    kind = draw(st.sampled_from(["conv", "max", "avg", "adaptive"]))
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    if kind == "adaptive":
        return nn.AdaptiveAvgPool2d(draw(st.integers(2, 9)))
    if kind == "conv":
        dilation = draw(st.integers(1, 3))
        padding = tuple(draw(st.integers(0, dilation * (k - 1) // 2)) for k in kernel)
        return nn.LazyConv2d(2, kernel, stride, padding, dilation, device="meta")
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
    return pool(kernel, stride, padding, ceil_mode=draw(st.booleans()))


@st.composite
def branches(draw: st.DrawFn) -> nn.Module:
    """Two ways that end with the same size, added or joined along the channels."""
    stride = draw(st.integers(1, 2))

    def way() -> nn.Module:
        half = draw(st.integers(0, 3))
        dilation = draw(st.integers(1, 2))
        return nn.LazyConv2d(2, 2 * half + 1, stride, half * dilation, dilation, device="meta")

    joined = draw(st.booleans())
    meet = torch.add if not joined else lambda a, b: torch.cat((a, b), 1)
    ways = {"one": way(), "two": way(), "end": nn.Identity()}
    return Net(lambda net, x: net.end(meet(net.one(x), net.two(x))), **ways)


@settings(
    max_examples=80, deadline=None, derandomize=True, database=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.lists(windows() | branches(), min_size=1, max_size=5), st.integers(20, 50))
def test_made_up_networks_read_exactly_these_pixels(layers: list[nn.Module], side: int):
    network = nn.Sequential(*layers).eval()
    try:
        network(torch.zeros(1, 1, side, side + 7, device="meta"))
    except RuntimeError:
        assume(False)
    case = run(network, (1, side, side + 7))
    assert case.maps
    assert not disagreements(case)
