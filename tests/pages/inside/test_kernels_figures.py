"""Kernels of layers of every kind: each weight stands where its input and output say."""

import numpy as np
import pytest
import torch
from torch import nn

from explorer import networks
from explorer.analysis import summary
from explorer.networks import NetworkSpec, get
from pages.inside.kernels import figures, spread
from pages.inside.kernels.figures import Layer
from pages.inside.kernels.spread import Spread


def lone(module: nn.Module) -> tuple[nn.Module, Layer]:
    """A network of one layer."""
    network = nn.Sequential(module)
    (layer,) = figures.layers(network)
    return network, layer


def answer(network: nn.Module, channel: int, channels: int, side: int = 9) -> torch.Tensor:
    """What a network gives (K, H, W) for a single 1 in the middle of one channel, biases taken."""
    picture = torch.zeros(1, channels, side, side)
    nothing = network(picture)
    picture[0, channel, side // 2, side // 2] = 1
    return (network(picture) - nothing).detach()[0]


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_convolution_s_answer_to_one_pixel_is_the_kernel_turned(groups: int) -> None:
    torch.manual_seed(0)
    network, layer = lone(nn.Conv2d(4, 8, 3, padding=1, groups=groups))
    assert layer.shape == (8, 4 // groups, 3, 3)
    given = figures.weights(network, layer)
    for channel in range(4):
        seen = answer(network, channel, 4)[:, 3:6, 3:6].flip(1, 2)
        for kernel in range(8):
            reads = layer.reads(kernel)
            expected = given[kernel, channel - reads.start] if channel in reads else torch.zeros(3)
            assert torch.allclose(seen[kernel], expected.expand(3, 3), atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_paints_its_kernel(groups: int) -> None:
    torch.manual_seed(0)
    network, layer = lone(nn.ConvTranspose2d(4, 6, 3, groups=groups))
    assert layer.shape == (6, 4 // groups, 3, 3)
    given = figures.weights(network, layer)
    for channel in range(4):
        painted = answer(network, channel, 4, side=1)
        for kernel in range(6):
            reads = layer.reads(kernel)
            if channel in reads:
                assert torch.allclose(painted[kernel], given[kernel, channel - reads.start])
            else:
                assert not painted[kernel].any()


def layers_of(name: str) -> dict[str, Layer]:
    spec = NetworkSpec.parse(name)
    network, measured = spec.build_on_meta(), summary.measure(spec, spec.input_size)
    found = figures.layers(network, [each.operation for each in measured.layers])
    return {each.name: each for each in found}


@pytest.mark.parametrize(
    "name",
    [
        *(each for each in networks.names() if not each.startswith("torchvision/")),
        *("torchvision/" + each for each in (
            "alexnet", "mobilenet_v3_small", "regnet_x_400mf", "shufflenet_v2_x0_5", "swin_t",
            "convnext_tiny", "squeezenet1_1", "resnext50_32x4d", "vit_b_32", "efficientnet_b0",
        )),
    ],
)  # fmt: skip
def test_every_weight_of_every_convolution_and_linear_layer_is_there(name: str) -> None:
    network = NetworkSpec.parse(name).build_on_meta()
    expected = {
        f"{path}.weight".removeprefix("."): module.weight.numel()
        for path, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    }
    found = layers_of(name)
    assert {f"{each}.weight": layer.count for each, layer in found.items()} == expected
    assert all(layer.kinds for layer in found.values())


def test_what_reads_the_picture_and_what_lies_on_a_map() -> None:
    lenet = layers_of("lenet")
    assert lenet["conv1"].first
    assert not lenet["conv2"].first
    assert lenet["fc1"].shape == (120, 16, 5, 5)
    assert [each.on_map for each in lenet.values()] == [False, False, True, False, False]
    alexnet = layers_of("torchvision/alexnet")
    assert alexnet["classifier.1"].shape == (4096, 256, 6, 6)  # behind a dropout
    assert alexnet["classifier.4"].shape == (4096, 4096, 1, 1)
    assert alexnet["features.0"].kinds == ("rgb", "kernels", "norms")
    assert alexnet["features.3"].kinds == ("norms",)
    mobile = layers_of("torchvision/mobilenet_v2")
    depthwise = mobile["features.17.conv.1.0"]
    assert depthwise.shape == (960, 1, 3, 3)
    assert depthwise.kinds == ("kernels",)
    assert depthwise.reads(77) == range(77, 78)
    assert mobile["features.18.0"].kinds == ("matrix",)
    assert next(iter(layers_of("googlenet"))) == "stage1.conv"
    assert not any(each.on_map for each in layers_of("torchvision/convnext_tiny").values())


def test_a_linear_layer_on_a_map_sums_over_the_map() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 5))
    graph = summary.dissect(network.to("meta"), (1, 1, 6, 6))[0]
    layer = figures.layers(network, graph.operations)[1]
    assert layer.shape == (5, 3, 4, 4)
    linear = nn.Linear(48, 5)
    maps = torch.randn(3, 4, 4)
    given = figures.weights(nn.ModuleDict({"3": linear}), layer)
    by_hand = (given * maps).sum((1, 2, 3)) + linear.bias
    assert torch.allclose(by_hand, linear(maps.flatten()), atol=1e-5)


def test_norms_numbers_and_histograms_agree_with_numpy() -> None:
    torch.manual_seed(0)
    given = torch.randn(6, 4, 3, 3) * 0.2
    array = given.numpy().astype(np.float64)
    assert np.allclose(figures.norms(given), np.sqrt((array**2).sum((2, 3))))
    found = figures.statistics(given)
    assert found.count == 216
    assert found.mean == pytest.approx(array.mean(), abs=1e-6)
    assert found.deviation == pytest.approx(array.std(), rel=1e-5)
    assert found.norm == pytest.approx(np.linalg.norm(array.ravel()), rel=1e-5)
    assert found.size == pytest.approx(np.sqrt((array**2).mean()), rel=1e-5)
    assert found.farthest == pytest.approx(np.abs(array).max())
    assert found.slice_norm == pytest.approx(np.sqrt((array**2).sum((2, 3))).max(), rel=1e-5)
    counts = figures.histogram(given, 1.0)
    assert counts.tolist() == np.histogram(array, figures.BINS, (-1, 1))[0].tolist()
    figure = spread.spread([Spread("now", counts, found)], 1.0)
    assert sum(figure.data[0].y) == pytest.approx(100)
    assert figure.data[0].x[figures.BINS // 2] == 0


@pytest.mark.parametrize(
    ("count", "mean", "deviation"),
    [(2**23, 0.0, 0.01), (2**23, 0.25, 0.02), (4096, 0.1, 1e-5), (4096, -3.0, 1e-4)],
)
def test_numbers_about_many_weights_lose_no_digits(
    count: int, mean: float, deviation: float
) -> None:
    torch.manual_seed(0)
    given = torch.empty(count).normal_(mean, deviation).view(16, -1, 4, 4)
    right = given.numpy().astype(np.float64)
    found = figures.statistics(given)
    tiny = 1e-7 * np.abs(right).max()  # a mean near zero has no digits of its own
    assert found.mean == pytest.approx(right.mean(), rel=1e-6, abs=tiny)
    assert found.deviation == pytest.approx(right.std(), rel=1e-6)
    assert found.norm == pytest.approx(np.sqrt((right**2).sum()), rel=1e-7)
    assert found.size == pytest.approx(np.sqrt((right**2).mean()), rel=1e-7)
    slices = np.sqrt((right**2).sum((2, 3)))
    assert found.slice_norm == pytest.approx(slices.max(), rel=1e-6)


def test_weights_that_are_all_the_same_do_not_deviate() -> None:
    assert figures.statistics(torch.full((64, 64, 3, 3), 0.1)).deviation == 0
    assert figures.statistics(torch.full((1, 1, 1, 1), 0.1)).deviation == 0


def test_large_matrices_keep_what_is_farthest_from_zero() -> None:
    matrix = torch.tensor([[1.0, -3, 2], [0, 2, -5], [4, 1, 0]])
    assert figures.farthest(matrix, 2, 2).tolist() == [[-3, -5], [4, 0]]
    assert figures.farthest(matrix, 1, 1) is matrix
    large = torch.zeros(1030, 700, 1, 1)
    large[1029, 699] = -2
    sheet = figures.sheet(large, "matrix")
    assert sheet.values.shape == (344, 350, 1, 1)
    assert (sheet.rows, sheet.columns) == (3, 2)
    assert sheet.values[343, 349] == -2


def test_a_chart_has_a_point_for_each_layer() -> None:
    network = get("lenet").build(**get("lenet").resolve())
    found = figures.layers(network)
    summaries = [figures.statistics(figures.weights(network, each)) for each in found]
    sides = [("before", summaries), ("after", summaries)]
    figure = spread.sizes(found, sides, "norm", 2)
    assert [len(trace.y) for trace in figure.data] == [5, 5]
    norms = [float(figures.weights(network, each).norm()) for each in found]
    assert list(figure.data[1].y) == pytest.approx(norms, rel=1e-5)
    assert figure.data[0].line.dash != figure.data[1].line.dash
