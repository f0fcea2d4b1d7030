"""The page on kernels: what it shows are the network's own weights, and links restore it."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef

from explorer import networks, weights
from explorer.analysis import summary
from explorer.networks import NetworkSpec
from explorer.ui import selection
from explorer.ui.boards import component
from pages.inside.kernels import figures, kernel_sheet, layer_view, spread
from pages.inside.kernels.figures import Layer
from pages.inside.kernels.kernel_sheet import Drawn
from pages.inside.kernels.spread import Spread
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import boards, numbers, opened, text
from tests.shipped_weights import trained, untrained

pytestmark = pytest.mark.usefixtures("shipped")


def sheets(at: AppTest) -> list[dict[str, Any]]:
    """What the sheets of kernels were sent: all kernels, a single one, a film."""
    return [sent for sent in boards(at) if "values" in sent]


def values(sent: dict[str, Any]) -> np.ndarray:
    return numbers(sent["values"]).reshape(sent["shape"])


# -- what is shown ----------------------------------------------------------------------------


def test_every_weight_of_a_layer_and_of_the_chosen_kernel() -> None:
    at = opened("kernels", layer="conv2", channel="7")
    network = untrained()
    every, one = sheets(at)
    assert np.array_equal(values(every), network.conv2.weight)
    assert np.array_equal(values(one)[0], network.conv2.weight[7])
    assert every["chosen"] == 7
    assert every["most"] == [pytest.approx(float(network.conv2.weight.abs().max()), rel=1e-5)]
    assert "kernel 8 of 16" in one["title"]
    assert f"{float(network.conv2.bias[7]):.4g}".replace("-", "−") in one["title"]
    (strip,) = [sent for sent in boards(at) if "stages" in sent]
    assert [stage["name"] for stage in strip["stages"]] == ["conv1", "conv2", "fc1", "fc2", "fc3"]
    assert "learned nothing yet" in text(at)


def test_a_linear_layer_lies_on_the_map_that_it_receives() -> None:
    at = opened("kernels", layer="fc1", channel="119")
    every, one = sheets(at)
    network = untrained()
    assert every["shape"] == [120, 16, 5, 5]
    assert every["across"] == 4
    maps = torch.randn(16, 5, 5)
    by_hand = float((maps * torch.from_numpy(values(one)[0].copy())).sum() + network.fc1.bias[119])
    assert by_hand == pytest.approx(float(network.fc1(maps.flatten())[119]), abs=1e-5)


def test_a_1_by_1_convolution_is_a_mixing_matrix() -> None:
    at = opened("kernels", network="nin", layer="block1.conv2", sort="norm")
    every = sheets(at)[0]
    weight = untrained("nin").block1.conv2.weight
    assert every["stack"]
    assert np.array_equal(values(every), weight)
    norms = [float(weight[kernel].norm()) for kernel in every["order"]]
    assert norms == sorted(norms, reverse=True)
    assert sorted(every["order"]) == list(range(96))


def test_large_layers_send_norms_worked_out_once_and_the_chosen_kernel_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    plain = figures.sheet
    monkeypatch.setattr(figures, "sheet", lambda *each: calls.append(each[1]) or plain(*each))
    at = opened("kernels", network="torchvision/resnet18", layer="layer4.1.conv2", channel="500")
    every, one = sheets(at)
    weight = untrained("torchvision/resnet18").layer4[1].conv2.weight
    assert every["shape"] == [512, 512, 1, 1]
    assert np.allclose(values(every)[..., 0, 0], weight.square().sum((2, 3)).sqrt(), atol=1e-6)
    assert not every["signed"]
    assert np.array_equal(values(one)[0], weight[500])
    assert sum(len(sent["values"]) for sent in (every, one)) < 1_500_000
    at.number_input(key="kernel_number").set_value(9).run()
    assert calls == ["norms"]  # a hundred million weights take a tenth of a second to go through
    after, one = sheets(at)
    assert (after["values"], after["chosen"]) == (every["values"], 8)
    assert np.array_equal(values(one)[0], weight[8])
    first = sheets(opened("kernels", network="torchvision/resnet18"))[0]
    assert first["rgb"]
    assert first["shape"] == [64, 3, 7, 7]


# -- links ------------------------------------------------------------------------------------


def test_layer_kernel_range_and_order_come_from_the_link() -> None:
    at = opened("kernels", layer="conv2", channel="3", show="norms", scale="kernel", sort="norm")
    every, one = sheets(at)
    assert every["shape"] == [16, 6, 1, 1]
    assert every["most"] == pytest.approx(values(every).max((1, 2, 3)), rel=1e-5)
    assert one["most"] == [pytest.approx(float(np.abs(values(one)).max()), rel=1e-5)]
    assert at.number_input(key="kernel_number").value == 4
    at.number_input(key="kernel_number").set_value(6).run()
    assert at.query_params["channel"] == "5"
    assert sheets(at)[0]["chosen"] == 5
    wide = opened("kernels", layer="conv2", scale="network")
    whole = untrained()
    largest = max(float(each.abs().max()) for each in whole.parameters() if each.ndim > 1)
    assert sheets(wide)[0]["most"] == [pytest.approx(largest, rel=1e-5)]


def test_a_late_choice_moves_no_kernel_of_another_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    choices: list[dict[str, str]] = []
    monkeypatch.setattr(selection, "go", lambda _state, **choice: choices.append(choice))
    callbacks: list[Callable[[], None]] = []
    monkeypatch.setattr(
        kernel_sheet, "SHEET", lambda **board: callbacks.append(board["on_at_change"])
    )
    network, layer = lone(nn.Conv2d(1, 6, 5))
    sheet = figures.sheet(figures.weights(network, layer), "kernels")
    kernel_sheet.show(layer, Drawn("conv2", "", sheet, [1.0], "", picks=True), key="sheet")
    for of in ("conv1", "conv2"):
        choice = {"at": {"of": of, "kernel": 3}}
        monkeypatch.setattr(component.st, "session_state", {"sheet": choice})
        callbacks[0]()
        assert choices == [{"channel": "3"}] * (of == "conv2")


# -- through training -------------------------------------------------------------------------


def test_random_stands_beside_trained_in_one_range(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("kernels", layer="conv1", beside="moments", channel="2")
    before, after, first, second = sheets(at)
    assert np.array_equal(values(after), network.conv1.weight)
    assert np.array_equal(values(second)[0], network.conv1.weight[2])
    start = weights.load(NetworkSpec.parse("lenet"), "shipped:lenet@0")
    assert np.array_equal(values(before), start.conv1.weight)
    assert np.array_equal(values(first)[0], start.conv1.weight[2])
    assert before["most"] == after["most"] == [0.5]
    assert before["title"].startswith("before training")
    assert "learned nothing yet" not in text(at)
    turned = opened("kernels", weights="shipped:lenet@0", beside="moments")
    assert np.array_equal(values(sheets(turned)[0]), network.conv1.weight)


def test_one_moment_alone_makes_no_film() -> None:
    assert "one moment only" in text(opened("kernels", weights="untrained:0", through="true"))


# -- files ------------------------------------------------------------------------------------


def test_files_hold_the_weights(tmp_path: Path) -> None:
    model = weights.model(NetworkSpec.parse("lenet"), "untrained:0")
    weight = untrained().conv2.weight
    (tmp_path / "layer.npy").write_bytes(layer_view.layer_array(model, 1))
    assert np.array_equal(np.load(tmp_path / "layer.npy"), weight)
    lines = layer_view.layer_table(model, 1).splitlines()
    assert lines[0] == "kernel,channel,row,column,weight"
    assert len(lines) == 1 + 16 * 6 * 25
    table = np.loadtxt(lines[1:], delimiter=",")
    assert np.array_equal(table[:, 4].astype(np.float32), weight.flatten())
    assert table[-1, :4].tolist() == [16, 6, 5, 5]
    kernel = np.loadtxt(layer_view.layer_table(model, 1, 9).splitlines()[1:], delimiter=",")
    assert np.array_equal(kernel[:, 4].astype(np.float32), weight[9].flatten())
    assert set(kernel[:, 0]) == {10}
    every = layer_view.layers_table(model).splitlines()
    assert len(every) == 6
    assert every[2].startswith("conv2,Conv2d,16,6,5,5,1,2400,")


def test_a_visitor_keeps_no_network_alive(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its session lives on with the fragments and files of the last run, and thirty others' too."""
    trained(shipped)
    files: list[Callable[[], Any]] = []
    offered = MediaFileManager.add_deferred

    def keep(manager: MediaFileManager, content: Any, *others: Any, **named: Any) -> str:
        files.append(content)
        return offered(manager, content, *others, **named)

    monkeypatch.setattr(MediaFileManager, "add_deferred", keep)
    at = opened("kernels", layer="conv2", beside="moments", sort="norm", through="true")
    at.number_input(key="kernel_number").set_value(6).run()
    assert sheets(at)[0]["chosen"] == 5
    assert all(content() for content in files)  # each of them is taken along, and offered still
    networks = [
        weights.load(NetworkSpec.parse("lenet"), f"shipped:lenet{at_}") for at_ in ("", "@0")
    ]
    memory = [StorageWeakRef(p.untyped_storage()) for each in networks for p in each.parameters()]
    del networks
    weights._cache.clear()
    gc.collect()
    assert all(each.expired() for each in memory)
    assert all(content() for content in files)
    assert not at.run().exception


def test_what_is_sent_is_bounded() -> None:
    for wide, slices in ((4096, 1), (2048, 512), (7, 25088)):
        network = nn.Sequential(nn.Conv2d(slices, wide, 1))
        (layer,) = figures.layers(network)
        values = figures.sheet(figures.weights(network, layer), layer.kinds[0]).values
        assert values.size <= figures.MOST_SIDE**2


# -- layers of every kind ---------------------------------------------------------------------


def lone(module: nn.Module) -> tuple[nn.Module, Layer]:
    """A network of one layer."""
    network = nn.Sequential(module)
    (layer,) = figures.layers(network)
    return network, layer


def answer(network: nn.Module, channel: int, side: int) -> torch.Tensor:
    """What a network gives (K, H, W) for a single 1 in the middle of one channel, biases taken."""
    picture = torch.zeros(1, 4, side, side)
    nothing = network(picture)
    picture[0, channel, side // 2, side // 2] = 1
    return (network(picture) - nothing).detach()[0]


def kernels_answer(
    network: nn.Module, layer: Layer, painted: Callable[[int], torch.Tensor]
) -> None:
    """What is painted for a 1 in each of four channels (K, 3, 3) are the weights that are shown."""
    weights = figures.weights(network, layer)
    for channel, kernel in np.ndindex(4, len(weights)):
        reads = layer.reads(kernel)
        expected = weights[kernel, channel - reads.start] if channel in reads else torch.zeros(3, 3)
        assert torch.allclose(painted(channel)[kernel], expected, atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_convolution_s_answer_to_one_pixel_is_the_kernel_turned(groups: int) -> None:
    torch.manual_seed(0)
    network, layer = lone(nn.Conv2d(4, 8, 3, padding=1, groups=groups))
    assert layer.shape == (8, 4 // groups, 3, 3)
    kernels_answer(
        network, layer, lambda channel: answer(network, channel, 9)[:, 3:6, 3:6].flip(1, 2)
    )


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_paints_its_kernel(groups: int) -> None:
    torch.manual_seed(0)
    network, layer = lone(nn.ConvTranspose2d(4, 6, 3, groups=groups))
    assert layer.shape == (6, 4 // groups, 3, 3)
    kernels_answer(network, layer, lambda channel: answer(network, channel, 1))


def layers_of(name: str) -> dict[str, Layer]:
    spec = NetworkSpec.parse(name)
    network, measured = spec.build_on_meta(), summary.measure(spec, spec.input_size)
    layers = figures.layers(network, [each.operation for each in measured.layers])
    return {each.name: each for each in layers}


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
    layers = layers_of(name)
    assert {f"{each}.weight": layer.count for each, layer in layers.items()} == expected
    assert all(layer.kinds for layer in layers.values())


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


@pytest.mark.parametrize(
    ("count", "mean", "deviation"),
    [(256, 0.0, 0.2), (2**23, 0.0, 0.01), (2**23, 0.25, 0.02), (4096, 0.1, 1e-5), (4096, -3, 1e-4)],
)
def test_numbers_about_weights_lose_no_digits(count: int, mean: float, deviation: float) -> None:
    torch.manual_seed(0)
    weights = torch.empty(count).normal_(mean, deviation).view(16, -1, 4, 4)
    right = weights.numpy().astype(np.float64)
    statistics = figures.statistics(weights)
    tiny = 1e-7 * np.abs(right).max()  # a mean near zero has no digits of its own
    assert (statistics.count, statistics.farthest) == (count, pytest.approx(np.abs(right).max()))
    assert statistics.mean == pytest.approx(right.mean(), rel=1e-6, abs=tiny)
    assert statistics.deviation == pytest.approx(right.std(), rel=1e-6)
    assert statistics.norm == pytest.approx(np.sqrt((right**2).sum()), rel=1e-7)
    assert statistics.size == pytest.approx(np.sqrt((right**2).mean()), rel=1e-7)
    slices = np.sqrt((right**2).sum((2, 3)))
    assert np.allclose(figures.norms(weights), slices)
    assert statistics.slice_norm == pytest.approx(slices.max(), rel=1e-6)
    same = torch.full(weights.shape, 0.1)
    assert figures.statistics(same).deviation == 0


def test_a_histogram_has_a_bar_around_zero() -> None:
    torch.manual_seed(0)
    weights = torch.randn(6, 4, 3, 3) * 0.2
    counts = figures.histogram(weights, 1.0)
    assert counts.tolist() == np.histogram(weights, figures.BINS, (-1, 1))[0].tolist()
    figure = spread.spread([Spread("now", counts, figures.statistics(weights))], 1.0)
    assert sum(figure.data[0].y) == pytest.approx(100)
    assert figure.data[0].x[figures.BINS // 2] == 0


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
    network = untrained()
    layers = figures.layers(network)
    weights = [figures.weights(network, each) for each in layers]
    summaries = list(map(figures.statistics, weights))
    sides = [("before", summaries), ("after", summaries)]
    figure = spread.sizes(layers, sides, "norm", 2)
    assert [len(trace.y) for trace in figure.data] == [5, 5]
    norms = [float(each.norm()) for each in weights]
    assert list(figure.data[1].y) == pytest.approx(norms, rel=1e-5)
    assert figure.data[0].line.dash != figure.data[1].line.dash


# -- in a real browser ------------------------------------------------------------------------


@pytest.mark.browser
def test_from_the_strip_to_a_weight_and_back_by_the_link(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/kernels?weights=untrained:0")
    settled(page)
    every, one = page.locator(".kernels-sheet").first, page.locator(".kernels-sheet").nth(1)
    expect(every.locator(".title")).to_have_text("conv1: 6 kernels of one slice, 5 × 5")
    page.locator('.maps-strip .stage[data-layer="conv2"]').click()
    expect(every.locator(".title")).to_contain_text("conv2: 16 kernels")
    every.locator(".box").press("ArrowRight")
    expect(one.locator(".title")).to_contain_text("kernel 2 of 16")
    every.locator("canvas").click(position={"x": 8, "y": 8})
    expect(one.locator(".title")).to_contain_text("kernel 1 of 16")
    one.locator("canvas").hover(position={"x": 8, "y": 8})
    weight = untrained().conv2.weight[0, 0, 0, 0]
    words = one.locator(".words")
    expect(words).to_contain_text("kernel 1, channel 1, row 1, column 1: ")
    number = float(words.inner_text().split(": ")[1].replace("−", "-"))
    assert number == pytest.approx(float(weight), rel=1e-3)

    every.locator(".box").press("End")
    page.wait_for_url("**channel=15*")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Kernel (CSV)").click()
    assert saved.value.suggested_filename == "lenet-conv2-kernel-16.csv"
    with page.expect_download() as saved:
        every.get_by_role("button", name="Save this picture (PNG)").click()
    assert saved.value.suggested_filename == "lenet-conv2.png"
    page.reload()
    settled(page)
    expect(one.locator(".title")).to_contain_text("conv2, kernel 16 of 16")


@pytest.mark.browser
def test_neighbours_in_the_strip_are_told_apart_by_name(page: Page) -> None:
    at = opened("kernels", network="torchvision/resnet18", weights="untrained:0")
    stages = mounted(page, at, "maps-strip").board.locator(".stage").all()
    names = [str(stage.get_attribute("data-layer")) for stage in stages]
    assert {"layer1.0.conv1", "layer1.0.conv2", "layer4.1.conv2"} < set(names)
    for stage, name in zip(stages, names, strict=True):
        assert str(stage.get_attribute("title")).startswith(f"{name} (")
        assert stage.locator("b").inner_text().replace("\n", "") == name
        cut = "lines => lines.some(line => line.scrollWidth > line.clientWidth)"
        lines = "b > i:last-child" if "downsample" in name else "b > i"
        assert not stage.locator(lines).evaluate_all(cut), name
