"""Recordings in training mode, of own copies, and of thirty visitors at once."""

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.inside.activations import own_copy, record, thumbnails
from tests.explorer.inside.recorded_networks import SIDES, built, plain_output, recorded, untouched


# Mode, failures, and other visitors
def test_training_is_the_visitors_own():
    network, picture = built("torchvision/resnet18")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    recording = record(network, picture, training=True)
    read, given = recording.step("bn1").inputs[0], recording.values("bn1")
    mean, variance = read.mean((0, 2, 3)), read.var((0, 2, 3), correction=0)
    expected = (read - mean[:, None, None]) / (variance[:, None, None] + 1e-5).sqrt()
    torch.testing.assert_close(given, expected)
    assert not network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_dropout_drops_in_training_alone():
    network, picture = nn.Sequential(nn.Flatten(), nn.Dropout(0.5)).eval(), torch.ones(1, 1, 20, 20)
    assert record(network, picture).values("1").unique().tolist() == [1]
    assert record(network, picture, training=True).values("1").unique().tolist() == [0, 2]


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
    seen: list[Any] = []
    for part in own.modules():
        part.register_forward_hook(lambda *_: seen.append(1))
    plain_output(network, picture)
    assert not seen
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


def test_a_module_in_two_places_stays_one_in_the_copy():
    layer = nn.Linear(4, 4)
    own = own_copy(nn.Sequential(layer, nn.ReLU(), layer))
    assert own[0] is own[2]
    assert own[0] is not layer


def test_names_and_facts_are_found_once_however_many_ask_at_the_same_time():
    network, picture = built("torchvision/densenet121")
    for _turn in range(3):
        recording = record(network, picture)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _n, each=recording: each.steps, range(8)))
        assert all(steps is recording.steps for steps in found)
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


def visitors() -> Iterator[tuple[str, int]]:
    """Thirty of them: some share a network, all have pictures of their own."""
    names = ["lenet", "bn_lenet", "resnet18", "densenet", "googlenet"]
    return ((names[n % len(names)], n) for n in range(30))


def test_thirty_visitors_at_once_see_their_own_maps_only():
    networks = {name: built(name)[0] for name in SIDES | {"resnet18": 64} if name != "alexnet"}
    people = list(visitors())

    def picture(name: str, seed: int) -> Tensor:
        side = SIDES.get(name, 64)
        return torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(seed))

    def look(visitor: tuple[str, int]) -> list[Tensor]:
        name, seed = visitor
        recording = record(networks[name], picture(name, seed), training=False)
        return [recording.values(each.name) for each in recording.operations]

    alone = [look(each) for each in people]
    with ThreadPoolExecutor(30) as threads:
        together = list(threads.map(look, people))
    for expected, found in zip(alone, together, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert all(map(untouched, networks.values()))
