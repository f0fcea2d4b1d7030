"""The recorder against what modules really do: plain hooks, torchinfo, and sums by hand."""

from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import torch
import torchinfo
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.shapes_and_macs import INPUT, Graph, record
from explorer.analysis.summary import dissect
from explorer.networks import NetworkSpec, course, get
from tests.explorer.analysis.small_networks import Net, on_meta

# Networks that run fast on a CPU, and between them hold gates, shuffles, dense blocks, branches,
# attention, normalisation over channels, and layers called several times.
REAL = {
    "lenet": (1, 28, 28),
    "bn_lenet": (3, 31, 29),
    "alexnet": (1, 224, 193),
    "nin": (1, 67, 80),
    "googlenet": (1, 40, 33),
    "resnet18": (1, 40, 33),
    "densenet": (2, 40, 33),
    "torchvision/alexnet": (3, 64, 80),
    "torchvision/squeezenet1_1": (3, 64, 80),
    "torchvision/googlenet": (3, 64, 80),
    "torchvision/resnet18": (3, 64, 80),
    "torchvision/densenet121": (3, 64, 80),
    "torchvision/mobilenet_v3_small": (3, 64, 80),
    "torchvision/shufflenet_v2_x0_5": (3, 64, 80),
    "torchvision/efficientnet_b0": (3, 64, 80),
    "torchvision/regnet_y_400mf": (3, 64, 80),
    "torchvision/swin_t": (3, 64, 64),
}


def meta(network: nn.Module) -> nn.Module:
    return network.to("meta").eval()


def calls(network: nn.Module, picture: Tensor) -> list[tuple[Any, ...]]:
    """Name, type and shapes of every leaf module's call, seen by plain hooks."""
    rows: list[tuple[Any, ...]] = []
    again: Counter[str] = Counter()

    def note(name: str, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        again[name] += 1
        unique = name + (f"_{again[name]}" if again[name] > 1 else "")
        rows.append((unique, type(layer).__name__, tuple(inputs[0].shape), tuple(output.shape)))

    for name, layer in network.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(partial(note, name))
    with torch.inference_mode():
        network(picture)
    return rows


# Against real forward passes


@pytest.mark.parametrize(("name", "shape"), REAL.items())
def test_leaf_modules_are_those_that_really_run(name: str, shape: tuple[int, int, int]):
    spec = NetworkSpec.parse(name, {"in_channels": shape[0]})
    graph = record(spec.build_on_meta(), (1, *shape))
    assert not graph.problem
    assert calls(spec.build().eval(), torch.zeros(1, *shape)) == [
        (o.name, o.type, o.input_shapes[0], o.output_shape)
        for o in graph.operations
        if o.kind == "module"
    ]


@pytest.mark.parametrize("name", course())
def test_torchinfo_counts_the_same_parameters_and_shapes(name: str):
    picture = torch.empty(2, *get(name).input_size, device="meta")
    info = torchinfo.summary(
        on_meta(name), input_data=picture, verbose=0, depth=9, device="meta", mode="eval"
    )
    graph = record(on_meta(name), tuple(picture.shape))
    assert sum(operation.parameters for operation in graph.operations) == info.total_params
    ours = [o for o in graph.operations if o.kind == "module"]
    theirs = [row for row in info.summary_list if row.is_leaf_layer]
    for operation, row in zip(ours, theirs, strict=True):
        assert operation.type == row.class_name
        assert operation.parameters == row.num_params
        assert list(operation.output_shape or ()) == row.output_size


@pytest.mark.parametrize("name", ["googlenet", "resnet18", "torchvision/shufflenet_v2_x0_5"])
def test_names_are_unique_and_every_input_ran_before(name: str):
    graph = record(on_meta(name), (2, *get(name).input_size))
    shapes = {INPUT: graph.input_shape}
    for operation in graph.operations:
        assert operation.name not in shapes
        assert operation.inputs
        for source, shape in zip(operation.inputs, operation.input_shapes, strict=True):
            assert source in shapes
            if graph.operations[-1].type != "chunk":
                assert len(shapes[source]) == len(shape) or operation.kind == "module"
        shapes[operation.name] = operation.output_shape or ()
    assert shapes[graph.operations[-1].name] == graph.output_shape


def test_functions_between_modules_are_there():
    kinds = Counter(o.type for o in record(on_meta("googlenet"), (1, 1, 96, 96)).operations)
    assert kinds["cat"] == 9
    assert kinds["relu"] + kinds["ReLU"] == 9 * 6 + 2
    kinds = Counter(o.type for o in record(on_meta("resnet18"), (1, 1, 64, 64)).operations)
    assert kinds["add"] == 8
    assert kinds["relu"] + kinds["ReLU"] == 17


# Small networks, by hand


def residual() -> nn.Module:
    return Net(lambda net, x: functional.relu(net.conv(x) + x), conv=nn.Conv2d(2, 2, 3, padding=1))


LINEAR = nn.Linear(4, 4)


def tied_by_assignment() -> nn.Module:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)).to("meta")
    network[1].weight = network[0].weight
    return network


@pytest.mark.parametrize(
    ("network", "shape", "parameters", "macs"),
    [
        pytest.param(
            Net(lambda net, x: net.conv(net.conv(x)), conv=nn.Conv2d(3, 3, 3, padding=1)),
            (1, 3, 8, 8), [84, 0], [5184, 5184], id="called twice",
        ),
        pytest.param(
            nn.Sequential(LINEAR, nn.ReLU(), LINEAR), (1, 4), [20, 0, 0], [16, 0, 16],
            id="under two names",
        ),
        pytest.param(tied_by_assignment(), (1, 4), [20, 4], [16, 16], id="tied, own bias"),
    ],
)  # fmt: skip
def test_shared_weights_count_once_and_their_work_each_time(
    network: nn.Module, shape: tuple[int, ...], parameters: list[int], macs: list[int]
):
    graph, _, _, totals = dissect(meta(network), shape)
    assert [o.parameters for o in graph.operations] == parameters
    assert [o.macs for o in graph.operations] == macs
    first, last = graph.operations[0], graph.operations[-1]
    assert last.name != first.name == last.shares_weights_with
    assert (totals.parameters, totals.macs) == (sum(parameters), sum(macs))


FROZEN = nn.Conv2d(1, 2, 3).requires_grad_(requires_grad=False)
SIDE = nn.Sequential(nn.Linear(5, 5), nn.ReLU())
SCALE = nn.Parameter(torch.ones(3, 1, 1))


@pytest.mark.parametrize(
    ("network", "shape", "parameters", "trainable"),
    [
        pytest.param(  # moving averages are no parameters
            nn.Sequential(FROZEN, nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)), (1, 1, 4, 4),
            {"0": 20, "1": 4, "2": 0, "3": 27}, 4 + 27, id="frozen",
        ),
        pytest.param(
            Net(lambda net, x: net.conv(x), conv=nn.Conv2d(1, 2, 3), side=SIDE), (1, 1, 4, 4),
            {"conv": 20, "side.0 unused": 30}, 20 + 30, id="never runs",
        ),
        pytest.param(
            Net(lambda net, x: net.conv(x * net.scale), scale=SCALE, conv=nn.Conv2d(3, 1, 1)),
            (1, 3, 4, 4), {"mul": 3, "conv": 4}, 7, id="outside any layer",
        ),
    ],
)  # fmt: skip
def test_every_weight_is_counted_where_it_is_used(
    network: nn.Module, shape: tuple[int, ...], parameters: dict[str, int], trainable: int
):
    _, layers, _, totals = dissect(meta(network), shape)
    names = (x.operation.name + (" unused" if x.status == "unused" else "") for x in layers)
    assert dict(zip(names, (layer.parameters for layer in layers), strict=True)) == parameters
    assert (totals.parameters, totals.trainable) == (sum(parameters.values()), trainable)


def test_views_and_operations_in_place_allocate_nothing():
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.ReLU(inplace=True),
        nn.ReLU(),
        nn.Dropout(),
        nn.Identity(),
        nn.Flatten(),
        nn.Unflatten(1, (4, 36)),
    )
    graph = record(meta(network), (1, 1, 8, 8))
    allocating = [o.type for o in graph.operations if o.allocates]
    assert (len(graph.operations), allocating) == (7, ["Conv2d", "ReLU"])
    assert graph.operations[2].allocates


def test_a_sum_in_place_is_read_by_what_follows():
    def steps(net: nn.Module, x: Tensor) -> Tensor:
        out = net.conv(x)
        out += x
        return net.end(out)

    graph = record(meta(Net(steps, conv=nn.Conv2d(2, 2, 1), end=nn.ReLU())), (1, 2, 4, 4))
    conv, add, end = graph.operations
    assert (conv.inputs, add.type, set(add.inputs)) == ((INPUT,), "add", {"conv", INPUT})
    assert not add.allocates
    assert end.inputs == (add.name,)


def test_an_output_of_several_tensors_can_be_read_in_parts():
    def steps(net: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        first, second = x.chunk(2, dim=1)
        return net.one(first), net.two(second)

    network = Net(steps, one=nn.Conv2d(2, 3, 1), two=nn.Conv2d(2, 5, 1))
    graph = record(meta(network), (1, 4, 4, 4))
    chunk, one, two = graph.operations
    assert chunk.type == "chunk"
    assert one.inputs == two.inputs == (chunk.name,)
    assert one.input_shapes == two.input_shapes == ((1, 2, 4, 4),)
    assert graph.output_shape == (1, 3, 4, 4)


def test_a_layer_called_like_the_picture_is_told_from_it():
    parts = {"input": nn.Conv2d(1, 2, 3), "fc": nn.Conv2d(2, 2, 3)}
    graph = record(meta(nn.Sequential(OrderedDict(parts))), (1, 1, 8, 8))
    first, second = graph.operations
    assert first.inputs == (INPUT,)
    assert first.name != INPUT
    assert second.inputs == (first.name,)


def called(function: Any, *weights: tuple[int, ...]) -> nn.Module:
    """One function of torch, between layers."""
    own = nn.ParameterList(torch.zeros(shape) for shape in weights)
    return Net(lambda net, x: function(net.first(x), *net.own), first=nn.Identity(), own=own)


@pytest.mark.parametrize(
    ("network", "macs"),
    [
        pytest.param(
            Net(lambda _net, x: x @ x.transpose(-1, -2)), 3 * 8 * 8 * 4, id="layer-without-weights"
        ),
        pytest.param(called(lambda x: x @ x.mT), 3 * 8 * 8 * 4, id="matmul"),
        pytest.param(called(lambda x: torch.einsum("nchw,ncvw->nchv", x, x)), 768, id="einsum"),
        pytest.param(called(functional.linear, (5, 4)), 3 * 8 * 5 * 4, id="linear"),
        pytest.param(called(functional.conv2d, (2, 3, 3, 3)), 6 * 2 * 2 * 27, id="conv2d"),
        pytest.param(
            called(functional.conv_transpose2d, (3, 2, 3, 3)), 3 * 8 * 4 * 18, id="conv_transpose2d"
        ),
        pytest.param(
            called(lambda x, w: torch.tensordot(x, w, dims=1), (4, 5)),
            3 * 8 * 4 * 5,
            id="tensordot",
        ),
        pytest.param(called(torch.inner, (5, 4)), 3 * 8 * 5 * 4, id="inner"),
        pytest.param(
            called(lambda x: functional.scaled_dot_product_attention(x, x, x)),
            2 * 3 * 8 * 8 * 4,
            id="attention",
        ),
        pytest.param(nn.ConvTranspose2d(3, 2, 3), 3 * 8 * 4 * 18, id="ConvTranspose2d"),
        pytest.param(nn.Sequential(nn.Conv2d(3, 6, 3, groups=3)), 6 * 2 * 6 * 9, id="groups"),
    ],
)
def test_macs_wherever_the_product_stands(network: nn.Module, macs: int):
    network = meta(nn.Sequential(network))
    picture = torch.empty(1, 3, 8, 4, device="meta")
    with FlopCounterMode(display=False) as counter:
        network(picture)
    assert counter.get_total_flops() == 2 * macs
    assert sum(o.macs for o in record(network, tuple(picture.shape)).operations) == macs


# Failures, and what is left behind


def untouched(network: nn.Module) -> bool:
    return not any("forward" in vars(module) for module in network.modules())


def test_a_networks_own_check_is_a_failure_with_its_words():
    def steps(net: nn.Module, x: Tensor) -> Tensor:
        x = net.stem(x)
        if x.shape[-1] != 6:
            raise AssertionError(f"I want 6 columns, not {x.shape[-1]}")
        return net.block(x)

    network = meta(Net(steps, stem=nn.Conv2d(1, 2, 3), block=residual()))
    graph = record(network, (1, 1, 8, 9))
    assert graph.failed
    assert graph.failed.kind == "function"
    assert graph.problem == "I want 6 columns, not 7"
    assert [o.name for o in graph.operations[:-1]] == ["stem"]
    assert graph.failed.output_shape is graph.output_shape is None
    assert not graph.unused
    assert untouched(network)
    assert not record(network, (1, 1, 8, 8)).problem  # it can be asked again
    assert untouched(network)


def test_branches_that_do_not_match_fail_where_they_meet():
    convolutions = {"one": nn.Conv2d(1, 2, 3), "two": nn.Conv2d(1, 2, 5)}
    network = Net(lambda net, x: net.one(x) + net.two(x), **convolutions)
    failed = record(meta(network), (1, 1, 8, 8)).failed
    assert failed
    assert (failed.type, failed.inputs) == ("add", ("one", "two"))
    assert failed.input_shapes == ((1, 2, 6, 6), (1, 2, 4, 4))


def test_two_threads_do_not_see_each_other():
    def work(name: str) -> tuple[str, Graph]:
        return name, record(on_meta(name), (1, *get(name).input_size))

    names = ["resnet18", "googlenet", "lenet", "densenet"]
    alone = dict(map(work, names))
    with ThreadPoolExecutor(4) as threads:
        for name, graph in threads.map(work, names * 4):
            assert graph.operations == alone[name].operations


def test_recording_leaves_the_real_world_alone():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), residual())
    before = torch.get_default_device(), torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    record(meta(network), (1, 1, 8, 8))
    after = torch.get_default_device(), torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    assert before == after
    assert untouched(network)
    assert torch.ones(2).add(1).tolist() == [2, 2]
