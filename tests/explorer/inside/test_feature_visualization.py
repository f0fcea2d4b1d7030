"""What excites a channel: found as brute force finds it, seen exactly, drawn honestly."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from explorer import weights
from explorer.analysis import summary
from explorer.data import datasets
from explorer.inside import feature_visualization
from explorer.inside.feature_visualization import (
    BEST,
    Ascent,
    Fields,
    Gallery,
    Probe,
    Settings,
    TopPictures,
)
from explorer.inside.feature_visualization.activation_maximization import blurred, roughness
from explorer.networks import NetworkSpec
from pages.inside.feature_visualization import figures
from tests.explorer.inside.recorded_networks import untouched
from tests.shipped_weights import untrained

pytestmark = pytest.mark.usefixtures("shipped")
SOME = 120
SMALL = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 3))


def last(steps: Iterator[Any]) -> Any:
    *_others, end = steps
    return end


def searched(network: nn.Module, name: str, total: int, side: int = 28, **how: Any) -> TopPictures:
    return last(feature_visualization.strongest(network, name, gallery(side), total, **how))


def gallery(side: int = 28) -> Gallery:
    return Gallery("digits", (1, side, side))


def hooked(network: nn.Module, layer: nn.Module, pictures: Tensor) -> Tensor:
    """What a layer gives, by a plain forward hook: (N, C, H, W)."""
    outputs: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _m, _i, out: outputs.append(out.clone()))
    with torch.no_grad():
        network(pictures)
    handle.remove()
    return outputs[0] if outputs[0].dim() == 4 else outputs[0][:, :, None, None]


def fields_of(name: str, layer: str, units: tuple[int, int]) -> Fields:
    """Those of a layer's units, for pictures of 28 × 28."""
    spec = NetworkSpec.parse(name)
    measured = summary.measure(spec, spec.input_size.with_sides(28, 28)).layers
    return Fields([each.operation for each in measured], (1, 28, 28), layer, units)


# -- the strongest pictures -------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["conv1", "bn2", "pool2", "fc1", "fc3"])
@pytest.mark.parametrize("batch", [50, 7])
def test_the_best_are_those_that_brute_force_finds(layer: str, batch: int) -> None:
    network = untrained("bn_lenet", 3)
    top = searched(network, layer, SOME, batch=batch)
    copy = untrained("bn_lenet", 3)
    maps = hooked(copy, copy.get_submodule(layer), gallery().tensors(0, SOME))
    strongest = maps.flatten(2).amax(2)
    expected = strongest.sort(dim=0, descending=True).values[:BEST]
    assert torch.allclose(top.values, expected, atol=1e-5)
    assert torch.allclose(top.least, maps.amin((0, 2, 3)), atol=1e-5)
    channels = torch.arange(maps.shape[1]).expand_as(top.pictures)
    units = maps[top.pictures, channels, top.rows, top.columns]
    assert torch.allclose(units, top.values, atol=1e-5)
    assert all(len(set(column)) == BEST for column in top.pictures.T.tolist())
    labels = datasets.load("digits").test.labels[:SOME]
    for label in range(10):
        assert torch.allclose(top.means[label], strongest[labels == label].mean(0), atol=1e-4)


def test_functions_between_modules_have_channels_too() -> None:
    network = weights.load(NetworkSpec.parse("resnet18", {"num_classes": 3}), "untrained:0")
    name = "stage2.block1.add"
    top = searched(network, name, 12, 32, batch=5)
    block = network.get_submodule("stage2.block1")
    pictures = gallery(32).tensors(0, 12)
    with torch.no_grad():
        before = network.stage1(pictures)
        expected = block.bn2(block.conv2(relu(block.bn1(block.conv1(before))))) + before
    assert torch.allclose(top.values[0], expected.flatten(2).amax(2).amax(0), atol=1e-4)


def test_it_tells_how_far_it_is_stops_and_goes_on() -> None:
    network = untrained()
    steps = feature_visualization.strongest(network, "conv2", gallery(), SOME, batch=32)
    first, second = islice(steps, 2)
    steps.close()
    assert (first.searched, second.searched, second.total) == (32, 64, SOME)
    assert not second.done
    on = list(
        feature_visualization.strongest(network, "conv2", gallery(), SOME, batch=32, since=second)
    )
    assert [each.searched for each in on] == [96, SOME]
    whole = searched(network, "conv2", SOME, batch=32)
    for part in ("values", "pictures", "rows", "columns", "least", "sums", "counts"):
        assert torch.equal(getattr(on[-1], part), getattr(whole, part))


def test_ties_go_to_the_first_and_silent_channels_are_known() -> None:
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU())
    nn.init.zeros_(network[0].weight)
    network[0].bias.data = torch.tensor([-1.0, 0.0, 2.0])
    top = searched(network, "1", 30, batch=8)
    assert top.constant.tolist() == [True] * 3
    assert top.values[:, 2].tolist() == [2.0] * BEST
    assert top.pictures[:, 0].tolist() == list(range(BEST))
    torch.manual_seed(0)
    few = searched(SMALL, "2", 4)
    assert few.values.shape == (4, 5)
    assert not few.constant.any()
    network[0].bias.data[1] = torch.nan
    broken = searched(network, "0", 4)
    assert broken.values[0].tolist() == [-1.0, -torch.inf, 2.0]


@pytest.mark.parametrize(
    ("layer", "side", "total", "sentence"),
    [
        ("nothing", 28, 5, "no operation “nothing”"),
        ("fc1", 40, 5, "cannot take pictures of 1 × 40 × 40"),
        ("conv1", 28, 0, "at least one picture"),
    ],
)
def test_what_cannot_be_is_said(layer: str, side: int, total: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        searched(untrained(), layer, total, side)


# -- what a unit sees -------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [(0, 0), (4, 7), (9, 9), (0, 5)])
def test_a_patch_is_exactly_what_the_unit_sees(unit: tuple[int, int]) -> None:
    network = untrained(seed=1)
    fields = fields_of("lenet", "conv2", (10, 10))
    top, bottom, left, right = fields.box(*unit)
    probe = Probe(network, "conv2")
    picture, outside = torch.rand(2, 1, 1, 28, 28)
    inside = (..., slice(top, bottom + 1), slice(left, right + 1))
    outside[inside] = picture[inside]

    def same(other: Tensor) -> bool:
        value, another = (probe.maps(each)[(0, slice(None), *unit)] for each in (picture, other))
        return torch.allclose(value, another, atol=1e-6)

    assert same(outside)
    for row, column in ((top, left), (top, right), (bottom, left), (bottom, right)):
        changed = picture.clone()
        changed[..., row, column] += 100
        assert not same(changed)
    pixels = (picture[0] * 255).byte().numpy()
    drawn = figures.patch(pixels, (top, bottom, left, right), fields.size)
    assert drawn.shape[:2] == fields.size == (14, 14)
    opaque = drawn[..., 3] > 0
    assert opaque.sum() == (bottom - top + 1) * (right - left + 1)
    assert np.array_equal(drawn[opaque][:, 0], pixels[0][inside].flatten())
    if unit == (0, 0):  # cut off above and on the left
        assert [opaque[:2].any(), opaque[:, :2].any(), opaque[-1, -1]] == [False, False, True]


def test_a_unit_that_sees_everything_has_the_whole_picture() -> None:
    fields = fields_of("lenet", "fc3", (1, 1))
    assert fields.sees_all
    large = fields_of("bn_lenet", "pool2", (5, 5))
    assert not large.sees_all
    assert fields.box(0, 0) == (0, 27, 0, 27)
    picture = np.arange(784, dtype=np.uint8).reshape(1, 28, 28)
    assert np.array_equal(figures.patch(picture, fields.box(0, 0), (28, 28))[..., 0], picture[0])
    assert np.array_equal(figures.patch(picture, None, (28, 28))[..., 2], picture[0])


# -- gradient ascent --------------------------------------------------------------------------


def climbed(
    network: nn.Module, name: str, channel: int,
    *, shape: Any = (1, 28, 28), normalisation: str = "none", **settings: Any,
) -> Ascent:  # fmt: skip
    how = Settings(**{"steps": 24, **settings})
    what = (network, name, channel, shape, how)
    return last(feature_visualization.ascend(*what, normalisation=normalisation))


@pytest.mark.parametrize(("layer", "channel"), [("conv1", 0), ("conv2", 7), ("fc3", 9)])
@pytest.mark.parametrize("goal", ["unit", "mean"])
def test_ascent_raises_the_number_that_it_tells(layer: str, channel: int, goal: str) -> None:
    network = untrained("bn_lenet")
    end = climbed(network, layer, channel, goal=goal)
    assert end.step == 24
    assert end.done
    assert end.values[-1] > end.values[0]
    assert 0 <= float(end.picture.min()) <= float(end.picture.max()) <= 1
    maps = hooked(network, network.get_submodule(layer), end.picture[None])[0, channel]
    height, width = maps.shape
    expected = maps.mean() if goal == "mean" else maps[height // 2, width // 2]
    assert end.values[-1] == pytest.approx(float(expected), abs=1e-5)


def test_a_linear_unit_is_driven_to_its_kernel() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 1, 5))
    with torch.no_grad():  # a weight of almost nothing would move its pixel only in the long run
        network[0].weight.copy_(network[0].weight.sign() * (0.1 + network[0].weight.abs()))
    end = climbed(network, "0", 0, variation=0.0, jitter=0, rate=0.3, steps=200)
    kernel = network[0].weight[0, 0].detach()
    middle = end.picture[0, 12:17, 12:17]
    assert torch.equal(middle, (kernel > 0).float())  # as bright or dark as pixels can be
    best = float(kernel.clamp(min=0).sum() + network[0].bias.detach()[0])
    assert end.values[-1] == pytest.approx(best, abs=1e-5)
    noise = climbed(network, "0", 0, variation=0.0, jitter=0, steps=1).picture
    assert torch.equal(end.picture[0, 0], noise[0, 0])  # what it does not see stays


def test_the_same_seed_draws_the_same_also_in_two_parts() -> None:
    network = untrained()
    every = dict(jitter=2, blur=0.4, decay=0.1, variation=0.2)
    one, two = (climbed(network, "conv2", 3, seed=5, **every) for _n in range(2))
    assert torch.equal(one.picture, two.picture)
    assert one.values == two.values
    other = climbed(network, "conv2", 3, seed=6, **every)
    assert not torch.equal(one.picture, other.picture)
    settings = Settings(steps=24, seed=5, **every)
    steps = feature_visualization.ascend(network, "conv2", 3, (1, 28, 28), settings)
    *_first, half = islice(steps, 11)
    steps.close()
    assert (half.step, half.done) == (10, False)
    end = last(feature_visualization.ascend(network, "conv2", 3, (1, 28, 28), settings, since=half))
    assert torch.equal(end.picture, one.picture)


def test_a_dead_channel_is_told_not_drawn() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    network[0].bias.data = torch.tensor([-100.0, 1.0])
    dead = climbed(network, "1", 0)
    assert dead.flat
    assert dead.done
    assert set(dead.values) == {0.0}
    assert not climbed(network, "1", 1).flat


def test_regularisers_do_what_they_say() -> None:
    picture = torch.rand(2, 9, 11)
    x = picture.clone().requires_grad_()
    (x.diff(dim=1).abs().sum() + x.diff(dim=2).abs().sum()).backward()
    assert torch.equal(roughness(picture), x.grad)
    from torchvision.transforms.functional import gaussian_blur

    assert torch.allclose(
        blurred(picture, 1.0), gaussian_blur(picture, [7, 7], [1.0, 1.0]), atol=1e-6
    )
    assert blurred(picture, 0.0) is picture
    network = untrained()
    rough, smooth = (
        climbed(network, "conv2", 0, goal="mean", variation=each).picture for each in (0.0, 1.0)
    )
    assert smooth.diff(dim=2).abs().mean() < rough.diff(dim=2).abs().mean()
    plain, grey = (climbed(network, "fc3", 0, decay=each).picture for each in (0.0, 5.0))
    assert (grey - 0.5).abs().mean() < (plain - 0.5).abs().mean()


@pytest.mark.parametrize(
    ("settings", "channel", "sentence"),
    [
        (Settings(goal="sideways"), 0, "is no goal"),
        (Settings(steps=0), 0, "from 1 to 1024"),
        (Settings(rate=0.0), 0, "choose others"),
        (Settings(blur=-1.0), 0, "choose others"),
        (Settings(), 16, "no channel 16: it has 16"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    settings: Settings, channel: int, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        climbed(untrained(), "conv2", channel, **vars(settings))


def test_imagenet_s_normalisation_is_part_of_the_way() -> None:
    network = nn.Sequential(nn.Conv2d(3, 1, 1))
    end = climbed(network, "0", 0, shape=(3, 8, 8), normalisation="imagenet", steps=4)
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with torch.no_grad():
        expected = network(((end.picture - mean) / deviation)[None])[0, 0, 4, 4]
    assert end.values[-1] == pytest.approx(float(expected), abs=1e-5)


def test_the_shared_network_is_only_read() -> None:
    network = untrained("bn_lenet")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    searched(network, "bn1", 8)
    climbed(network, "bn1", 0, steps=4)
    steps = feature_visualization.ascend(network, "fc3", 0, (1, 28, 28), Settings())
    next(steps)
    with pytest.raises(ValueError, match="no channel"):
        climbed(network, "bn1", 99)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert untouched(network)
    assert not any(module.training for module in network.modules())
    assert all(each.grad is None and not each.requires_grad for each in network.parameters())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


# -- as pictures and tables -------------------------------------------------------------------


def test_files_hold_what_is_shown() -> None:
    network = untrained()
    end = climbed(network, "conv1", 0)
    lines = figures.curve(end).splitlines()
    assert len(lines) == 26
    assert float(lines[-1].split(",")[1]) == pytest.approx(end.values[-1], rel=1e-6)
    framed = figures.framed(np.zeros((1, 28, 28), np.uint8), (0, 4, 10, 14))
    assert framed.shape == (112, 112, 4)
    assert tuple(framed[0, 40]) == figures.WHITE
    assert figures.sheet([np.full((6, 8, 4), n, np.uint8) for n in range(5)]).tile == (6, 8)
