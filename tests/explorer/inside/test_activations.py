"""Activations are what a plain forward pass gives, as they were when they were made."""

import gc
import operator
import re
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from explorer.analysis.operations import INPUT
from explorer.analysis.shapes_and_macs import record as record_shapes
from explorer.inside import activations
from explorer.inside.activations import own_copy, record, stages, thumbnails
from explorer.inside.activations.records import layout
from explorer.networks import NetworkSpec, course
from tests.explorer.inside.recorded_networks import (
    NARROW,
    built,
    plain_output,
    recorded,
    untouched,
)

TORCHVISION = [
    *("alexnet", "squeezenet1_1", "googlenet", "resnet18", "densenet121", "mobilenet_v3_small"),
    *("shufflenet_v2_x0_5", "efficientnet_b0", "convnext_tiny"),
]
NAMES = [*course(), *(f"torchvision/{name}" for name in TORCHVISION)]


class Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return not list(m.children())


class Outputs(fx.Interpreter):
    """Runs a traced network node by node and notes a copy of every tensor, before it changes."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(fx.GraphModule(network, Tracer().trace(network)))
        self.outputs: list[tuple[str, Tensor]] = []

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if n.target is operator.getitem and not isinstance(self.env[n.args[0]], Tensor):
            return result  # one of several outputs: no operation
        first = result[0] if isinstance(result, list | tuple) else result
        if n.op.startswith("call_") and isinstance(first, Tensor):
            self.outputs.append((str(n.target), first.clone()))
        return result


# The same numbers
@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_as_plainly_run_and_as_in_the_layer_table(name: str):
    network, picture = built(name)
    plain = Outputs(network)
    with torch.inference_mode():
        logits = plain.run(picture)
    recording = recorded(name)
    named = [operation.name for operation in recording.operations]
    assert list(recording.steps) == named
    for operation, (target, output) in zip(recording.operations, plain.outputs, strict=True):
        if operation.kind == "module":
            assert re.fullmatch(re.escape(target) + r"(_\d+)?", operation.name)
        assert torch.equal(recording.values(operation.name), output), operation.name
    assert torch.equal(recording.output, logits)
    for step in recording.steps.values():  # what it read is what the one before gave
        for source, tensor in zip(step.operation.inputs, step.inputs, strict=True):
            outputs = recording.step(source).outputs if source != INPUT else (picture,)
            assert any(torch.equal(tensor, each) for each in outputs)
    meta = NetworkSpec.parse(name, NARROW.get(name, {})).build_on_meta()
    table = record_shapes(meta, tuple(recording.picture.shape))
    assert recording.operations == tuple(replace(each, macs=0) for each in table.operations)


class Scale(nn.Module):
    """A layer of one's own that overwrites what it reads, and does not say so."""

    def forward(self, x: Tensor) -> Tensor:
        x[:, 0] *= 3
        return functional.relu_(x)


class Mixture(nn.Module):
    """Views, copies and writes into shared memory in a random order; what each gave is noted."""

    STEPS: tuple[Any, ...] = (
        lambda x: x[:, :2].reshape(-1, 2, 4, 4)[:, [0, 0, 1, 1]],
        lambda x: x.transpose(2, 3),
        lambda x: x.view(x.shape),
        lambda x: x.chunk(2, dim=1)[1].repeat(1, 2, 1, 1),
        lambda x: x.expand_as(x).contiguous(),
        lambda x: x.add_(1),
        lambda x: operator.iadd(x, 1),
        lambda x: functional.leaky_relu(x, 0.5, inplace=True),
        lambda x: functional.relu(x, True),
        lambda x: functional.dropout(x, 0.5, False, True),
        lambda x: x[:, 1:3].mul_(-2),
        lambda x: x.clamp_(-3, 3),
        lambda x: torch.sub(x, 1, out=x),
        lambda x: x * 0.5,
    )

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed, self.noted = seed, list[Tensor]()
        self.same, self.act, self.own = nn.Identity(), nn.ELU(inplace=True), Scale()

    def forward(self, x: Tensor) -> Tensor:
        dice, self.noted = np.random.default_rng(self.seed), []
        tensors, steps = [x], (*self.STEPS, self.same, self.act, self.own)
        for _step in range(20):
            tensor = tensors[int(dice.integers(len(tensors)))]
            result = steps[int(dice.integers(len(steps)))](tensor)
            with torch._C.DisableTorchFunction():
                self.noted.append(result.clone())
            if result.shape == x.shape:
                tensors.append(result)
        return result


@pytest.mark.parametrize("seed", range(12))
def test_whatever_views_and_writes_come_together_all_is_kept_as_it_was(seed: int):
    network, picture = Mixture(seed), torch.rand(2, 4, 4, 4)
    plain_output(network, picture.clone())
    recording = record(network, original := picture.clone())
    assert torch.equal(original, picture)
    assert torch.equal(recording.values("input"), picture)
    steps = list(recording.steps.values())
    for expected in network.noted:  # between these stand views that were taken on the way
        while not torch.equal(steps[0].outputs[0], expected):
            steps.pop(0)
    for name, step in recording.steps.items():
        alone = record(network, picture, [name]).step(name)
        for one, other in zip(alone.outputs, step.outputs, strict=True):
            assert torch.equal(one, other), name
        for source, tensor in zip(step.operation.inputs, alone.inputs, strict=True):
            assert torch.equal(tensor, step.inputs[step.operation.inputs.index(source)]), name


class Reshaping(nn.Module):
    """Changes a tensor's shape in place, and writes into a constant."""

    def forward(self, x: Tensor) -> Tensor:
        y, mask = x * 2, torch.ones(1, 1, 4, 4)
        product = y * mask
        mask.mul_(x)
        y.squeeze_(0).unsqueeze_(-1)
        return product.flatten().sum() + (y.flatten() * mask.flatten()).sum()


def test_shapes_are_those_of_the_moment_and_constants_too():
    picture = torch.rand(1, 1, 4, 4)
    recording = record(Reshaping(), picture)
    shapes = {each.name: each.output_shape for each in recording.operations}
    assert shapes["mul"] == (1, 1, 4, 4)
    assert (shapes["squeeze"], shapes["unsqueeze"]) == ((1, 4, 4), (1, 4, 4, 1))
    product = recording.step("mul_2")
    assert torch.equal(product.args[1], torch.ones(1, 1, 4, 4))
    assert torch.equal(recording.values("mul_2"), picture * 2)
    assert torch.equal(recording.values("mul_3"), picture)


# What is asked for
def test_only_what_is_asked_for_is_kept():
    network, picture = built("resnet18")
    everything = record(network, picture)
    some = record(network, picture, ["stage3.block1.add"])
    assert list(some.steps) == ["stage3.block1.add"]
    assert some.operations == everything.operations
    assert torch.equal(some.maps("stage3.block1.add"), everything.maps("stage3.block1.add"))
    assert some.nbytes < everything.nbytes / 20
    with pytest.raises(ValueError, match=r"stage1\.conv were not kept"):
        some.maps("stage1.conv")


@pytest.mark.parametrize("ask", [["conv9"], ["conv1", "nothing"]])
def test_an_unknown_name_is_a_sentence(ask: list[str]):
    network, picture = built("lenet")
    with pytest.raises(ValueError, match=r"no operation “.*It has conv1, act1"):
        record(network, picture, ask)
    with pytest.raises(ValueError, match="no operation"):
        record(network, picture).maps(ask[-1])


def test_what_is_kept_is_bounded():
    network, picture = built("densenet")
    everything = record(network, picture)
    with pytest.raises(ValueError, match="too large to be kept"):
        record(network, picture, most_bytes=everything.nbytes // 2)
    assert record(network, picture, most_bytes=2 * everything.nbytes).nbytes == everything.nbytes
    assert untouched(network)


def test_a_glance_keeps_nothing_alive_but_small_pictures(monkeypatch: pytest.MonkeyPatch):
    network, picture = built("torchvision/densenet121")
    alive: list[weakref.ref[Tensor]] = []
    most = [0]
    plain = activations.keeper.Keeper.note

    def note(keeper: Any, operation: Any, outputs: list[Tensor]) -> None:
        alive.extend(map(weakref.ref, outputs))
        most[0] = max(most[0], sum(reference() is not None for reference in alive))
        plain(keeper, operation, outputs)

    monkeypatch.setattr(activations.keeper.Keeper, "note", note)
    thumbnails(network, picture)
    assert len(alive) > 400
    assert most[0] < 40  # a dense block keeps those that it joins
    gc.collect()
    assert not any(reference() is not None for reference in alive)


def test_thumbnails_show_the_maps_small():
    network, picture = built("resnet18")
    recording, small = record(network, picture), thumbnails(network, picture)
    assert [*small] == ["input", *recording.steps]
    for name, drawn in small.items():
        maps = recording.maps(name)
        assert drawn.shape == tuple(maps.shape)
        assert (drawn.low, drawn.high) == (float(maps.min()), float(maps.max()))
        assert drawn.dead == int(recording.statistics(name).dead.sum())
        expected = maps[:16]
        if max(maps.shape[1:]) > 32:
            expected = functional.adaptive_avg_pool2d(expected, (32, 32))
        torch.testing.assert_close(drawn.maps, expected)
    assert max(recording.maps("input").shape) > 32, "some are made smaller"


@pytest.mark.parametrize("name", NAMES)
def test_a_strip_shows_a_few_stages_in_order_and_ends_with_the_logits(name: str):
    operations = recorded(name).operations
    strip, order = stages(operations), [operation.name for operation in operations]
    assert 6 <= len(strip) <= 20
    assert strip[-1] == order[-1]
    assert sorted(strip, key=order.index) == list(strip)


# Maps, wherever channels lie
def test_maps_and_units_go_both_ways():
    values = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    for shape, places, expected in [
        ((2, 3, 4, 5), (2, 3), (3, 4, 5)),
        ((2, 3, 4, 5), (1, 2), (5, 3, 4)),
        ((2, 60), None, (60, 1, 1)),
        ((2, 12, 5), None, (5, 12, 1)),
        ((2, 3, 2, 2, 5), None, (6, 2, 5)),
        ((2,), None, (1, 1, 1)),
    ]:
        output = values.reshape(shape) if len(shape) > 1 else torch.rand(2)
        axes = layout(shape, places)
        maps = axes.maps(output[1])
        assert tuple(maps.shape) == axes.map_shape == expected
        for unit in [(0, 0, 0), tuple(size - 1 for size in expected)]:
            assert maps[unit] == output[(1, *axes.index(*unit))]
            assert axes.unit(axes.index(*unit)) == unit


def test_channels_that_come_last_are_put_first():
    recording = recorded("torchvision/convnext_tiny")
    permuted = next(o for o in recording.operations if o.type == "Permute")
    expected = recording.values(permuted.name)[0].permute(2, 0, 1)
    assert torch.equal(recording.maps(permuted.name), expected)


def test_statistics_and_silent_channels_by_hand():
    maps = torch.tensor([[[0.0, 0.0], [0.0, 0.0]], [[1.0, -1.0], [3.0, 1.0]]])
    columns = {name: each.tolist() for name, each in vars(activations.statistics(maps)).items()}
    assert columns == {"mean": [0, 1], "minimum": [0, -1], "maximum": [0, 3],
                       "variance": [0, 2], "dead": [True, False]}  # fmt: skip


# Mode, failures, and other visitors
def test_training_is_the_visitors_own():
    network, picture = built("torchvision/resnet18")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    recording = record(network, picture, training=True)
    read = recording.step("bn1").inputs[0]
    mean, variance = read.mean((0, 2, 3)), read.var((0, 2, 3), correction=0)
    expected = (read - mean[:, None, None]) / (variance[:, None, None] + 1e-5).sqrt()
    torch.testing.assert_close(recording.values("bn1"), expected)
    assert not network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_one_picture_that_batch_norm_cannot_train_on_is_a_sentence():
    network, picture = built("bn_lenet")
    with pytest.raises(ValueError, match="or evaluation mode"):
        record(network, picture, training=True)


@pytest.mark.parametrize(
    ("name", "picture", "expected"),
    [
        ("lenet", torch.rand(1, 1, 40, 40), "fc1 got 1024"),
        ("resnet18", torch.rand(1, 3, 64, 64), r"stage1\.conv got 3 × 64 × 64"),
        ("nin", torch.rand(1, 1, 20, 20), "cannot take a picture of 1 × 20 × 20"),
        ("lenet", torch.rand(1, 28, 28), r"\(N, C, H, W\)"),
        ("lenet", torch.zeros(1, 1, 28, 28, dtype=torch.uint8), "floating point"),
    ],
)
def test_a_picture_that_does_not_fit_is_a_sentence_and_leaves_nothing_behind(
    name: str, picture: Tensor, expected: str
):
    network, fitting = built(name)
    for call in (record, thumbnails):
        with pytest.raises(ValueError, match=expected):
            call(network, picture)
    assert untouched(network)
    assert not network.training
    assert not torch.is_inference_mode_enabled()
    assert torch.equal(record(network, fitting).output, plain_output(network, fitting))


@pytest.mark.parametrize("name", ["googlenet", "torchvision/shufflenet_v2_x0_5"])
def test_an_own_copy_shares_the_weights_and_neither_hooks_nor_mode(name: str):
    network, picture = built(name)
    own = own_copy(network, training=True)
    assert not {id(part) for part in own.modules()} & {id(part) for part in network.modules()}
    weights = zip(own.parameters(), network.parameters(), strict=True)
    assert all(mine is theirs for mine, theirs in weights)
    calls: list[Any] = []
    for part in own.modules():
        part.register_forward_hook(lambda *_: calls.append(1))
    plain_output(network, picture)
    assert not calls
    assert untouched(network)
    assert [m.training for m in network.modules()] == [False] * len(list(network.modules()))
    assert all(m.training for m in own.modules())


def test_a_copy_for_one_pass_takes_no_hooks():
    network, _picture = built("lenet")
    own = own_copy(network, hooks=False)
    with pytest.raises(TypeError, match="takes no hooks"):
        own.conv1.register_forward_hook(print)
    handle = network.conv1.register_forward_hook(print)
    assert own_copy(network, hooks=False).conv1._forward_hooks == network.conv1._forward_hooks
    handle.remove()
    assert untouched(network)
    layer = nn.Linear(4, 4)  # in two places it stays one
    own = own_copy(nn.Sequential(layer, nn.ReLU(), layer))
    assert own[0] is own[2]
    assert own[0] is not layer


def test_names_and_facts_are_found_once_however_many_ask_at_the_same_time():
    network, picture = built("torchvision/densenet121")
    for _turn in range(3):
        recording = record(network, picture)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _n, each=recording: each.steps, range(8)))
        assert all(steps is recording.steps for steps in answers)
        assert [*recording.steps] == [each.name for each in recording.operations]
        assert recording.operations == recorded("torchvision/densenet121").operations


def test_a_recording_that_is_let_go_leaves_nothing_for_the_garbage_collector():
    network, picture = built("resnet18")
    gc.collect()
    gc.disable()
    try:
        for nodes in (None, ["stage1.conv"]):
            recording = record(network, picture, nodes)
            alive = [weakref.ref(t) for step in recording.steps.values() for t in step.outputs]
            del recording
            assert not any(reference() is not None for reference in alive)
    finally:
        gc.enable()
