"""The page on kernels: what it shows are the network's own weights, and links restore it."""

import base64
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef

from explorer import weights
from explorer.networks import NetworkSpec
from pages.inside.kernels import downloads, figures
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import boards, opened, text, untold
from tests.shipped_weights import trained

pytestmark = pytest.mark.usefixtures("shipped")


def sheets(at: AppTest) -> list[dict[str, Any]]:
    """What the sheets of kernels were sent: all kernels, a single one, a film."""
    return [sent for sent in boards(at) if "values" in sent]


def numbers(sent: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(sent["values"]), "<f4").reshape(sent["shape"])


# -- what is shown ----------------------------------------------------------------------------


def test_every_weight_of_a_layer_and_of_the_chosen_kernel() -> None:
    at = opened("kernels", layer="conv2", channel="7")
    network = weights.load(NetworkSpec.parse("lenet"), "untrained:0")
    every, one = sheets(at)
    assert np.array_equal(numbers(every), network.conv2.weight)
    assert np.array_equal(numbers(one)[0], network.conv2.weight[7])
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
    network = weights.load(NetworkSpec.parse("lenet"), "untrained:0")
    assert every["shape"] == [120, 16, 5, 5]
    assert every["across"] == 4
    maps = torch.randn(16, 5, 5)
    by_hand = float((maps * torch.from_numpy(numbers(one)[0].copy())).sum() + network.fc1.bias[119])
    assert by_hand == pytest.approx(float(network.fc1(maps.flatten())[119]), abs=1e-5)


def test_a_1_by_1_convolution_is_a_mixing_matrix() -> None:
    at = opened("kernels", network="nin", layer="block1.conv2", sort="norm")
    every = sheets(at)[0]
    weight = weights.load(NetworkSpec.parse("nin"), "untrained:0").block1.conv2.weight
    assert every["stack"]
    assert np.array_equal(numbers(every), weight)
    norms = [float(weight[kernel].norm()) for kernel in every["order"]]
    assert norms == sorted(norms, reverse=True)
    assert sorted(every["order"]) == list(range(96))


def test_large_layers_send_norms_and_the_chosen_kernel_alone() -> None:
    at = opened("kernels", network="torchvision/resnet18", layer="layer4.1.conv2", channel="500")
    every, one = sheets(at)
    weight = (
        weights.load(NetworkSpec.parse("torchvision/resnet18"), "untrained:0")
        .layer4[1]
        .conv2.weight
    )
    assert every["shape"] == [512, 512, 1, 1]
    assert np.allclose(numbers(every)[..., 0, 0], weight.square().sum((2, 3)).sqrt(), atol=1e-6)
    assert not every["signed"]
    assert np.array_equal(numbers(one)[0], weight[500])
    assert sum(len(sent["values"]) for sent in (every, one)) < 1_500_000
    first = sheets(opened("kernels", network="torchvision/resnet18"))[0]
    assert first["rgb"]
    assert first["shape"] == [64, 3, 7, 7]


def test_a_click_works_nothing_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred million weights take a tenth of a second to go through: once is enough."""
    made: list[str] = []
    plain = figures.sheet
    monkeypatch.setattr(figures, "sheet", lambda *given: made.append(given[1]) or plain(*given))
    at = opened("kernels", network="torchvision/resnet18", layer="layer3.1.conv2", channel="5")
    assert made == ["norms"]
    before = sheets(at)[0]
    at.number_input(key="kernel_number").set_value(9).run()
    assert made == ["norms"]
    after, one = sheets(at)
    assert (after["values"], after["chosen"]) == (before["values"], 8)
    weight = (
        weights.load(NetworkSpec.parse("torchvision/resnet18"), "untrained:0")
        .layer3[1]
        .conv2.weight
    )
    assert np.array_equal(numbers(one)[0], weight[8])
    assert np.allclose(numbers(after)[..., 0, 0], weight.square().sum((2, 3)).sqrt(), atol=1e-6)


# -- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        {
            "layer": "nothing",
            "channel": "-1",
            "sort": "?",
            "scale": "?",
            "show": "?",
            "through": "?",
        },
        {"channel": "999999", "side": "3", "measure": "?", "through": "?"},
        {"weights": "run:99", "beside": "moments", "moment2": "run:99@0"},
        {"network": "nothing", "method": "nothing"},
    ],
)
def test_nonsense_in_a_link_does_no_harm(address: dict[str, str]) -> None:
    at = opened("kernels", **address)
    assert sheets(at)[0]["chosen"] == 0
    assert sheets(at)[0]["shape"] == [6, 1, 5, 5]
    assert not untold(at, address.keys() - {"moment2"})


def test_layer_kernel_range_and_order_come_from_the_link() -> None:
    at = opened("kernels", layer="conv2", channel="3", show="norms", scale="kernel", sort="norm")
    every, one = sheets(at)
    assert every["shape"] == [16, 6, 1, 1]
    assert every["most"] == pytest.approx(numbers(every).max((1, 2, 3)), rel=1e-5)
    assert one["most"] == [pytest.approx(float(np.abs(numbers(one)).max()), rel=1e-5)]
    assert at.number_input(key="kernel_number").value == 4
    at.number_input(key="kernel_number").set_value(6).run()
    assert at.query_params["channel"] == "5"
    assert sheets(at)[0]["chosen"] == 5
    wide = opened("kernels", layer="conv2", scale="network")
    whole = weights.load(NetworkSpec.parse("lenet"), "untrained:0")
    largest = max(float(each.abs().max()) for each in whole.parameters() if each.ndim > 1)
    assert sheets(wide)[0]["most"] == [pytest.approx(largest, rel=1e-5)]


# -- through training -------------------------------------------------------------------------


def test_random_stands_beside_trained_in_one_range(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("kernels", layer="conv1", beside="moments", channel="2")
    before, after, first, second = sheets(at)
    assert np.array_equal(numbers(after), network.conv1.weight)
    assert np.array_equal(numbers(second)[0], network.conv1.weight[2])
    start = weights.load(NetworkSpec.parse("lenet"), "shipped:lenet@0")
    assert np.array_equal(numbers(before), start.conv1.weight)
    assert np.array_equal(numbers(first)[0], start.conv1.weight[2])
    assert before["most"] == after["most"] == [0.5]
    assert before["title"].startswith("before training")
    assert "learned nothing yet" not in text(at)
    turned = opened("kernels", weights="shipped:lenet@0", beside="moments")
    assert np.array_equal(numbers(sheets(turned)[0]), network.conv1.weight)


def test_a_kernel_is_followed_through_training(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("kernels", layer="conv2", channel="1", through="true")
    film = sheets(at)[-1]
    assert film["captions"] == ["before training", "trained"]
    assert film["shape"] == [2, 6, 5, 5]
    assert np.array_equal(numbers(film)[1], network.conv2.weight[1])
    alone = opened("kernels", weights="untrained:0", through="true")
    assert "one moment only" in text(alone)


# -- files ------------------------------------------------------------------------------------


def test_files_hold_the_weights(tmp_path: Path) -> None:
    model = weights.model(NetworkSpec.parse("lenet"), "untrained:0")
    weight = weights.load(NetworkSpec.parse("lenet"), "untrained:0").conv2.weight
    (tmp_path / "layer.npy").write_bytes(downloads.layer_array(model, 1))
    assert np.array_equal(np.load(tmp_path / "layer.npy"), weight)
    lines = downloads.layer_table(model, 1).splitlines()
    assert lines[0] == "kernel,channel,row,column,weight"
    assert len(lines) == 1 + 16 * 6 * 25
    table = np.loadtxt(lines[1:], delimiter=",")
    assert np.array_equal(table[:, 4].astype(np.float32), weight.flatten())
    assert table[-1, :4].tolist() == [16, 6, 5, 5]
    kernel = np.loadtxt(downloads.layer_table(model, 1, 9).splitlines()[1:], delimiter=",")
    assert np.array_equal(kernel[:, 4].astype(np.float32), weight[9].flatten())
    assert set(kernel[:, 0]) == {10}
    every = downloads.layers_table(model).splitlines()
    assert len(every) == 6
    assert every[2].startswith("conv2,Conv2d,16,6,5,5,1,2400,")


def test_a_visitor_keeps_no_network_alive(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its session lives on with the fragments and files of the last run, and thirty others' too."""
    trained(shipped)
    files: list[Callable[[], Any]] = []
    offered = MediaFileManager.add_deferred

    def keep(manager: MediaFileManager, content: Any, *given: Any, **named: Any) -> str:
        files.append(content)
        return offered(manager, content, *given, **named)

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
    weight = weights.load(NetworkSpec.parse("lenet"), "untrained:0").conv2.weight[0, 0, 0, 0]
    told = one.locator(".words")
    expect(told).to_contain_text("kernel 1, channel 1, row 1, column 1: ")
    shown = float(told.inner_text().split(": ")[1].replace("−", "-"))
    assert shown == pytest.approx(float(weight), rel=1e-3)

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
        assert str(stage.get_attribute("aria-label")).startswith(f"{name} (")
        assert stage.get_attribute("title") == stage.get_attribute("aria-label")
        assert stage.locator("b").inner_text().replace("\n", "") == name
        cut = "lines => lines.some(line => line.scrollWidth > line.clientWidth)"
        lines = "b > i:last-child" if "downsample" in name else "b > i"
        assert not stage.locator(lines).evaluate_all(cut), name


@pytest.mark.browser
def test_what_a_finger_taps_stays_told(browser: Browser) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        sheet = mounted(page, opened("kernels", layer="conv2"), "kernels-sheet", 1).board
        told = []
        for x in (8, 60):
            sheet.locator("canvas").tap(position={"x": x, "y": 8})
            page.evaluate(
                "new Promise(drawn => setTimeout(() => requestAnimationFrame(drawn), 50))"
            )
            told.append(sheet.locator(".words").inner_text())
        assert "channel 1, row 1, column 1: " in told[0]
        assert "row 1, column " in told[1]
        assert told[1] != told[0]
    finally:
        context.close()
