"""Made-up sizes and layers: the explorer's verdict is that of a real forward pass on the CPU."""

from functools import cache

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis import size_mismatch
from explorer.analysis.shapes_and_macs import record
from explorer.networks import NetworkSpec, get
from tests.explorer.analysis.small_networks import Net, on_meta

# Same examples at every run; a failing one is shown as it is.
STEADY = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NARROW = {"conv_ratio": 8, "fc_ratio": 8}
NETWORKS: dict[str, dict[str, int]] = {
    "lenet": {},
    "bn_lenet": {},
    "alexnet": {},
    "vgg11": NARROW,
    "vgg13": NARROW,
    "vgg16": NARROW,
    "vgg19": NARROW,
    "nin": {},
    "googlenet": {},
    "resnet18": {},
    "densenet": {"growth_rate": 4},
    "torchvision/alexnet": {},
    "torchvision/squeezenet1_1": {},
    "torchvision/googlenet": {},
}
LARGE = {"alexnet", "googlenet", "resnet18", "torchvision/alexnet", "torchvision/googlenet"}
# Where some network begins or ceases to work, among sizes at random.
EDGES = (12, 15, 17, 27, 28, 29, 31, 32, 63, 66, 67, 192, 193, 223, 224, 225, 255, 256)
SIDES = st.integers(1, 300) | st.sampled_from(EDGES)


@cache
def real(name: str) -> tuple[nn.Module, list[str]]:
    """The network with real weights, and the list of its leaf layers that have begun."""
    begun: list[str] = []
    network = NetworkSpec.parse(name, NETWORKS[name]).build().eval()

    def watch(name: str, layer: nn.Module) -> None:
        layer.register_forward_pre_hook(lambda *_: begun.append(name))
        layer.register_forward_hook(lambda *_: begun.clear())

    for path, layer in network.named_modules():
        if not list(layer.children()):
            watch(path, layer)
    return network, begun


meta = cache(lambda name: on_meta(name, **NETWORKS[name]))


def verdict(name: str, shape: tuple[int, int, int]) -> tuple[str, tuple[int, ...]]:
    """The leaf layer that raises ("" for a function, "works" for none), and the output's shape."""
    network, begun = real(name)
    begun.clear()
    try:
        with torch.inference_mode():
            return "works", tuple(network(torch.zeros(1, *shape)).shape)
    except (RuntimeError, ValueError):
        return (begun[-1] if begun else ""), ()


@st.composite
def pictures(draw: st.DrawFn, built_for: int) -> tuple[int, int, int]:
    channels = draw(st.sampled_from([built_for] * 6 + [1, 2, 3, 4]))
    height = draw(SIDES)
    return channels, height, draw(st.just(height) | SIDES)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_size_works_or_fails_where_it_really_does(name: str):
    @settings(STEADY, max_examples=12 if name in LARGE else 40)
    @given(pictures(get(name).input_size[0]))
    def check(shape: tuple[int, int, int]) -> None:
        graph = record(meta(name), (1, *shape))
        where, output = verdict(name, shape)
        if graph.failed:
            assert where == (graph.failed.name if graph.failed.kind == "module" else "")
            assert graph.failed.output_shape is graph.output_shape is None
        else:
            assert (where, output) == ("works", graph.output_shape)
        channels, height, width = shape
        if channels == get(name).input_size[0] and height == width:
            spec = NetworkSpec.parse(name, NETWORKS[name])
            low, high = size_mismatch.accepted_sides(spec, channels) or (0, 0)
            assert (where == "works") == (low <= height <= (high or height))

    check()


def test_the_fuzz_meets_sizes_that_work_and_sizes_that_fail():
    assert verdict("lenet", (1, 31, 28))[0] == "works"
    assert verdict("lenet", (1, 32, 28))[0] == "fc1"
    assert verdict("lenet", (1, 1, 300))[0] == "pool1"
    assert verdict("vgg11", (1, 30, 300))[0] == "block5.pool"
    assert verdict("densenet", (2, 50, 50))[0] == "stem.conv"


# Single layers

KERNELS = st.integers(1, 5) | st.tuples(st.integers(1, 5), st.integers(1, 5))


@st.composite
def layers(draw: st.DrawFn) -> nn.Module:
    kind = draw(st.sampled_from(["conv", "max", "avg", "adaptive", "linear", "norm", "plain"]))
    if kind == "conv":
        groups = draw(st.sampled_from([1, 1, 2]))
        padding = draw(st.integers(0, 3) | st.just("same") | st.just("valid"))
        return nn.Conv2d(
            groups * draw(st.integers(1, 2)),
            groups * draw(st.integers(1, 3)),
            draw(KERNELS),
            stride=1 if padding == "same" else draw(st.integers(1, 3)),
            padding=padding,
            dilation=draw(st.integers(1, 2)),
            groups=groups,
            bias=draw(st.booleans()),
            padding_mode=draw(st.sampled_from(["zeros", "zeros", "reflect", "circular"])),
        )
    if kind in ("max", "avg"):
        pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
        return pool(
            draw(KERNELS),
            draw(st.none() | st.integers(1, 4)),
            padding=draw(st.integers(0, 2)),
            ceil_mode=draw(st.booleans()),
        )
    if kind == "adaptive":
        sizes = st.integers(1, 6) | st.tuples(st.none() | st.integers(1, 6), st.integers(1, 6))
        return draw(st.sampled_from([nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d]))(draw(sizes))
    if kind == "linear":
        return nn.Linear(draw(st.integers(5, 7)), 3)
    if kind == "norm":
        return nn.BatchNorm2d(draw(st.integers(1, 3)))
    return draw(st.sampled_from([nn.ReLU(), nn.Dropout(), nn.Flatten(), nn.Identity(), nn.GELU()]))


@settings(STEADY, max_examples=600)
@given(layers(), st.tuples(*[st.integers(1, n) for n in (2, 3, 9, 9)]))
def test_a_layer_gives_and_costs_what_it_really_does(layer: nn.Module, shape: tuple[int, ...]):
    network = nn.Sequential(layer).eval()
    output: tuple[int, ...] | None = None
    try:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            output = tuple(network(torch.zeros(shape)).shape)
    except (RuntimeError, ValueError):
        pass
    graph = record(network.to("meta"), shape)
    assert graph.output_shape == output
    if output:
        assert 2 * graph.operations[0].macs == counter.get_total_flops()


def test_a_pool_that_gives_its_places_too_is_run():
    def unpooled() -> nn.Module:
        layers = {"pool": nn.MaxPool2d(2, return_indices=True), "unpool": nn.MaxUnpool2d(2)}
        return Net(lambda net, x: net.unpool(*net.pool(x)), **layers)

    shape = (1, 1, 6, 6)
    expected = unpooled()(torch.zeros(shape)).shape
    assert record(unpooled().to("meta").eval(), shape).output_shape == tuple(expected)
