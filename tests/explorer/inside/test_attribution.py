"""Attribution against captum, and on models whose answer is known by hand."""

from collections.abc import Callable
from functools import cache
from typing import Any

import captum.attr
import pytest
import scipy.stats
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from explorer.analysis import summary
from explorer.base.torchvision_import import torchvision
from explorer.data import pictures
from explorer.inside.attribution import (
    BASELINES,
    METHODS,
    agreement,
    baseline,
    by_chance,
    convolutions,
    deletion,
    grad_cam,
    integrated_gradients,
    mean,
    occlusion,
    places,
    saliency,
)
from explorer.inside.attribution.running import output_of
from explorer.networks import NetworkSpec, get

NETWORKS = {"lenet": 28, "resnet18": 40, "densenet": 40, "torchvision/resnet18": 48}


@cache
def built(name: str) -> tuple[nn.Module, Tensor]:
    """A network that is only read, as visitors share it, and a picture."""
    architecture = get(name)
    torch.manual_seed(0)
    options = {"activation": "relu"} if name == "lenet" else {}
    network = architecture.build(**architecture.resolve(options)).eval()
    network.requires_grad_(requires_grad=False)
    side = NETWORKS[name]
    return network, torch.randn(1, architecture.input_size[0], side, side)


def plain(network: nn.Module) -> nn.Module:
    """For captum, which puts hooks on what it is given and cannot stand `inplace`."""
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return network


def linear(channels: int = 2, side: int = 6, classes: int = 3) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(channels * side * side, classes)).eval()
    return network, torch.randn(1, channels, side, side)


def weight_of(network: Any, target: int, picture: Tensor) -> Tensor:
    return network[1].weight[target].detach().view(picture.shape[1:])


# Known by hand


def test_a_linear_models_integrated_gradients_are_weight_times_input():
    network, picture = linear()
    expected = (weight_of(network, 1, picture) * picture[0]).sum(0)
    torch.testing.assert_close(integrated_gradients(network, picture, 1, steps=3), expected)
    halfway = integrated_gradients(network, picture, 1, steps=3, baseline=picture / 2)
    torch.testing.assert_close(halfway, expected / 2)


def test_a_linear_model_loses_what_is_covered():
    network, picture = linear()
    products = (weight_of(network, 0, picture) * picture[0]).sum(0)
    torch.testing.assert_close(
        occlusion(network, picture, 0, patch=1, stride=1), products, atol=1e-5, rtol=1e-5
    )
    corner = occlusion(network, picture, 0, patch=3, stride=3)[:3, :3]
    torch.testing.assert_close(corner, products[:3, :3].sum().expand(3, 3), atol=1e-5, rtol=1e-5)


# Against captum


def grad_cam_of_captum(network: nn.Module, picture: Tensor, target: int, layer: str) -> Tensor:
    method = captum.attr.LayerGradCam(network, network.get_submodule(layer))
    heat = method.attribute(picture.clone().requires_grad_(), target, relu_attributions=True)
    return interpolate(heat, picture.shape[2:], mode="bilinear")[0, 0].detach()


def of_captum(name: str, network: nn.Module, picture: Tensor, target: int) -> Tensor:
    x = picture.clone().requires_grad_()
    if name == "saliency":
        return captum.attr.Saliency(network).attribute(x, target)[0].amax(0)
    if name == "integrated_gradients":
        return captum.attr.IntegratedGradients(network).attribute(x, target=target)[0].sum(0)
    if name == "grad_cam":
        return grad_cam_of_captum(network, x, target, convolutions(network)[-1])
    patch, stride = (x.shape[1], 12, 12), (x.shape[1], 9, 9)
    return captum.attr.Occlusion(network).attribute(x, patch, stride, target=target)[0, 0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NETWORKS)
def test_captum_finds_the_same(name: str, method: str):
    network, picture = built(name)
    options = {"patch": 12, "stride": 9} if method == "occlusion" else {}
    heat = METHODS[method].explain(network, picture, 3, **options)
    network.train()  # however it comes, it is run in evaluation mode
    assert torch.equal(heat, METHODS[method].explain(network, picture, 3, **options))
    assert all(module.training for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())
    assert METHODS[method].signed or float(heat.min()) >= 0
    assert not heat.requires_grad
    expected = of_captum(method, plain(network.eval()), picture, 3).detach()
    scale = float(expected.abs().max()) or 1.0
    torch.testing.assert_close(heat / scale, expected / scale, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("name", ["densenet", "resnet18"])
def test_grad_cam_at_any_convolution(name: str):
    network, picture = built(name)
    for layer in convolutions(network)[::3]:
        heat = grad_cam(network, picture, 0, layer=layer)
        expected = grad_cam_of_captum(plain(network), picture, 0, layer)
        torch.testing.assert_close(heat, expected, atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "first", "size"),
    [
        ("lenet", "conv2", 28),
        ("resnet18", "stage5", 64),  # its last convolution is only what is added to the shortcut
        ("googlenet", "stage5.inception5b", 64),  # and here, one path of four
        ("densenet", "block4", 64),
        ("torchvision/mobilenet_v3_small", "features.12.0", 64),
        ("torchvision/swin_t", "features.0.0", 64),  # its blocks end in tokens
    ],
)
def test_grad_cam_looks_at_blocks_too(name: str, first: str, size: int):
    spec = NetworkSpec.parse(name)
    shapes = places(summary.measure(spec, spec.input_size.with_sides(size, size)))
    assert next(iter(shapes)) == first
    network = plain(spec.build().eval())
    picture = torch.randn(1, spec.input_size.channels, size, size)
    for layer in list(shapes)[:: max(1, len(shapes) // 4)]:
        with output_of(network, layer) as outputs, torch.no_grad():
            network(picture)
        assert tuple(outputs[0].shape[1:]) == shapes[layer]
    mine, theirs = (
        method(network, picture, 2, layer=first) for method in (grad_cam, grad_cam_of_captum)
    )
    torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-3)


# What methods promise


def test_integrated_gradients_add_up_to_the_difference():
    network, picture = built("lenet")
    with torch.no_grad():
        logits = network(torch.cat((picture, torch.zeros_like(picture))))[:, 5]
    heat = integrated_gradients(network, picture, 5, steps=200)
    assert float(heat.sum()) == pytest.approx(float(logits[0] - logits[1]), rel=1e-2)


def test_a_layer_that_is_called_twice_has_two_names():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 1, 3, padding=1), nn.Linear(64, 2)
            self.end = nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.end(self.conv(self.end(self.conv(x)))).flatten(1))

    torch.manual_seed(4)
    network, picture = Twice(), torch.randn(1, 1, 8, 8)
    x = network.conv(network.end(network.conv(picture))).detach().requires_grad_()
    (slope,) = torch.autograd.grad(network.fc(x.relu().flatten(1))[0, 1], x)
    expected = (slope.mean() * x[0, 0]).relu().detach()
    torch.testing.assert_close(grad_cam(network, picture, 1, layer="conv_2"), expected)
    assert not torch.equal(grad_cam(network, picture, 1, layer="conv"), expected)


def test_pictures_and_networks_of_others_stay_as_they_are():
    torch.manual_seed(5)
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(16, 2)).eval()
    picture = torch.randn(1, 1, 4, 4)
    before = picture.clone()
    saliency(network, picture, 0)
    integrated_gradients(network, picture, 0)
    occlusion(network, picture, 0, patch=2, stride=2)
    assert torch.equal(picture, before)
    with torch.inference_mode():  # made where gradients are not even thought of
        other = torch.randn(1, 1, 4, 4)
    assert saliency(network, other, 0).shape == (4, 4)
    assert all(parameter.grad is None for parameter in network.parameters())


# Progress, errors, other visitors


@pytest.mark.parametrize("method", [integrated_gradients, occlusion])
def test_progress_is_told_and_can_stop(method: Callable[..., Tensor]):
    network, picture = built("lenet")
    heard: list[tuple[int, int]] = []
    method(network, picture, 0, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1][0] == heard[-1][1]
    assert sorted(heard) == heard

    def stop(_done: int, _total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        method(network, picture, 0, progress=stop)
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("picture", "target", "expected"),
    [
        (torch.randn(1, 1, 28, 28), 10, "no class 10: the network has 10, from 0"),
        (torch.randn(1, 1, 28, 28), -1, "no class -1"),
        (torch.randn(1, 1, 50, 50), 0, "cannot take a picture of 1 × 50 × 50"),
        (torch.randn(2, 1, 28, 28), 0, "One picture"),
        (torch.zeros(1, 1, 28, 28, dtype=torch.uint8), 0, "floating point"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(
    method: str, picture: Tensor, target: int, expected: str
):
    network, _fitting = built("lenet")
    with pytest.raises(ValueError, match=expected):
        METHODS[method].explain(network, picture, target)
    assert not any(module._forward_hooks for module in network.modules())
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda n, x: grad_cam(n, x, 0, layer="conv9"), "no layer “conv9”. It has conv1, conv2"),
        (lambda n, x: grad_cam(n, x, 0, layer="fc1"), "fc1 gives no maps"),
        (lambda _n, _x: grad_cam(*linear(), 0), "has no convolution"),
        (lambda n, x: grad_cam(n, x, 0, layer="conv1_7"), "conv1_7 gives no maps"),
        (lambda n, x: occlusion(n, x, 0, patch=0), "A patch of 0 cannot move by 4"),
        (lambda n, x: occlusion(n, x, 0, patch=3, stride=4), "from 1 to 3 pixels"),
        (lambda n, x: occlusion(n, torch.randn(1, 1, 99, 99), 0, patch=1, stride=1), "9801 passes"),
        (lambda n, x: integrated_gradients(n, x, 0, steps=0), "1 to 1000 steps, not 0"),
        (lambda n, x: integrated_gradients(n, x, 0, steps=9999), "1 to 1000 steps, not 9999"),
        (lambda n, x: deletion(n, x, 0, torch.zeros(7, 7)), "7 × 7 does not fit a picture of 28"),
        (lambda n, x: baseline("pink", x), "“pink” is none of black, grey, white, blurred"),
    ],
)
def test_settings_that_mean_nothing_are_a_sentence(call: Any, expected: str):
    network, picture = built("lenet")
    with pytest.raises(ValueError, match=expected):
        call(network, picture)
    assert not any(module._forward_hooks for module in network.modules())


# The answer, and whether a map means anything


def test_a_map_without_sense_is_measured_by_orders_of_chance():
    network, picture = built("lenet")
    heard: list[tuple[int, int]] = []
    chance = by_chance(
        network, picture, 3, orders=3, progress=lambda done, total: heard.append((done, total))
    )
    again = by_chance(network, picture, 3, orders=3)
    assert [each.area for each in chance] == [each.area for each in again]
    assert len({each.area for each in chance}) == 3
    assert heard == [(21, 63), (42, 63), (63, 63)]
    middle = mean(chance)
    assert middle.area == pytest.approx(sum(each.area for each in chance) / 3, rel=1e-5)
    ends = {(float(each.probability[0]), float(each.probability[-1])) for each in chance}
    assert len(ends) == 1  # the whole picture, and the empty one


def test_maps_agree_as_scipy_says():
    torch.manual_seed(6)
    one, other = torch.randn(9, 9), torch.randn(9, 9)
    tied = (one + other).relu().round(decimals=1)  # many equal values, as Grad-CAM's zeros
    for pair in ((one, other), (one, tied), (tied, tied), (one, -one)):
        expected = scipy.stats.spearmanr(*(each.flatten().numpy() for each in pair)).statistic
        assert agreement(*pair) == pytest.approx(float(expected), abs=1e-9)
    assert agreement(one, torch.zeros(9, 9)) is None


@pytest.mark.parametrize("name", BASELINES)
def test_an_empty_picture_is_prepared_as_the_picture_is(name: str):
    pixels = torch.randint(0, 256, (3, 20, 30), dtype=torch.uint8)
    picture = pictures.Picture(pixels, "")
    prepared = pictures.prepare(picture, (3, 20, 30), normalisation="imagenet")
    empty = baseline(name, prepared.tensor, "imagenet")
    assert empty.shape == prepared.tensor.shape
    if name == "blurred":
        expected = torchvision.transforms.functional.gaussian_blur(
            pad(prepared.tensor, (6, 6, 6, 6), mode="replicate"), 13, 2.0
        )[:, :, 6:-6, 6:-6]
    else:
        level = {"black": 0, "grey": 127.5, "white": 255}[name]
        flat = torch.full((1, 3, 20, 30), level / 255)
        middle, deviation = pictures.STATISTICS["imagenet"]
        expected = torchvision.transforms.functional.normalize(flat, middle, deviation)
    torch.testing.assert_close(empty, expected, atol=1e-5, rtol=1e-5)
