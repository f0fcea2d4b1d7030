"""The page "Why this class?": its maps are the methods' own, its checks hold, its links restore."""

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from torch import Tensor

from explorer import weights
from explorer.figures import maps
from explorer.inside import attribution
from explorer.inside.attribution import METHODS
from explorer.networks import NetworkSpec
from explorer.ui import progress
from explorer.ui.picture_picker.browse import Place
from pages.inside.why import boards as inside_why_board
from pages.inside.why import charts, results
from tests.conftest import settled
from tests.opened_pages import boards, given, opened, text, untold
from tests.shipped_weights import trained

SETTINGS = {"cam": "conv1", "patch": "6", "move": "whole", "path": "20", "empty": "grey"}


@pytest.fixture(autouse=True)
def patient(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page waits for all of its results."""
    monkeypatch.setattr(progress, "PATIENCE", 60.0)


def board(at: AppTest, kind: str) -> dict[str, Any]:
    """What one of the page's boards was sent, told by what it alone has."""
    mark = {"answer": "guesses", "maps": "rows"}[kind]
    (sent,) = [each for each in boards(at) if mark in each]
    return sent


def values(card: dict[str, Any]) -> Tensor:
    numbers = np.frombuffer(base64.b64decode(card["values"]), "<f4")
    return torch.from_numpy(numbers.copy()).view(*card["size"])


def test_the_maps_are_the_methods_own_with_the_settings_of_the_link() -> None:
    at = opened("why", picture="digits:test:0", **SETTINGS, **{"class": "3"})
    network, picture = weights.load(NetworkSpec.parse("lenet"), "untrained:0"), given()
    options: dict[str, dict[str, Any]] = {
        "integrated_gradients": {"steps": 20, "baseline": 0.5},
        "grad_cam": {"layer": "conv1"},
        "occlusion": {"patch": 6, "stride": 6, "baseline": 0.5},
    }
    row, control = board(at, "maps")["rows"]
    for card, (name, method) in zip(row["maps"], METHODS.items(), strict=True):
        expected = method.explain(network, picture, 3, **options.get(name, {}))
        torch.testing.assert_close(values(card), expected, atol=1e-7, rtol=1e-4)
        assert (card["title"], card["signed"], card["block"]) == (method.title, method.signed, 1)
        assert card["low"] == (-card["high"] if method.signed else 0)
    x = picture.clone().requires_grad_()
    (slope,) = torch.autograd.grad(network(x)[0, 3], x)
    torch.testing.assert_close(values(row["maps"][0]), slope[0, 0].abs())
    assert "class 3" in row["title"]
    assert "random weights" in control["title"]


def test_bars_are_the_network_s_answer_and_its_own_class_is_explained_first() -> None:
    at = opened("why", picture="digits:test:0")
    network = weights.load(NetworkSpec.parse("lenet"), "untrained:0")
    with torch.no_grad():
        probabilities = network(given())[0].double().softmax(0)
    sent = board(at, "answer")["guesses"]
    assert [each["label"] for each in sent] == probabilities.topk(5).indices.tolist()
    assert [each["probability"] for each in sent] == pytest.approx(
        probabilities.topk(5).values.tolist(), rel=1e-5
    )
    assert [each["chosen"] for each in sent] == [True, False, False, False, False]
    least = int(probabilities.argmin())
    other = opened("why", picture="digits:test:0", **{"class": str(least)})
    sent = board(other, "answer")["guesses"]
    assert sent[-1]["label"] == least  # also shown when it is not among the likeliest
    assert [each["chosen"] for each in sent] == [False] * 5 + [True]
    assert "little to lose" not in text(other)  # 1 of 10 classes: some 10 %


def test_the_curve_is_what_taking_pixels_away_by_hand_gives() -> None:
    at = opened("why", picture="digits:test:0", **SETTINGS, **{"class": "3"})
    network, picture = weights.load(NetworkSpec.parse("lenet"), "untrained:0"), given()
    heat = attribution.saliency(network, picture, 3)
    order = heat.flatten().sort(descending=True, stable=True).indices
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    lines = {each["name"]: each for each in spec["data"]}
    assert list(lines) == ["random order", *(each.title for each in METHODS.values())]
    for share, shown in list(zip(lines["Saliency"]["x"], lines["Saliency"]["y"], strict=True))[::5]:
        rest = picture.clone().flatten()
        rest[order[: round(share * 784)]] = 0.5
        with torch.no_grad():
            probability = network(rest.view(1, 1, 28, 28))[0].softmax(0)[3]
        assert shown == pytest.approx(float(probability), rel=1e-4)
    note = board(at, "maps")["rows"][0]["maps"][0]["note"]
    area = np.trapezoid(lines["Saliency"]["y"], lines["Saliency"]["x"])
    assert note.split()[-1] == f"{area:.3f}"
    assert f"random order: {np.trapezoid(lines['random order']['y'], dx=1 / 20):.3f}" in text(at)


def test_trained_weights_stand_beside_those_before_training(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("why", picture="digits:test:0")
    row, control = board(at, "maps")["rows"]
    before = weights.load(NetworkSpec.parse("lenet"), "shipped:lenet@0")
    target = next(e["label"] for e in board(at, "answer")["guesses"] if e["chosen"])
    with torch.no_grad():
        assert target == int(network(given()).argmax())
        share = float(before(given())[0].softmax(0)[target])
    assert control["title"].startswith("The same network before training")
    assert inside_why_board.percent(share) in control["title"]
    torch.testing.assert_close(
        values(control["maps"][0]), attribution.saliency(before, given(), target)
    )
    pair = [values(each["maps"][0]).flatten() for each in (row, control)]
    expected = f"{scipy.stats.spearmanr(*pair).statistic:.2f}".replace("-", "−")
    assert control["maps"][0]["note"] == f"rank correlation {expected}"
    off = opened("why", picture="digits:test:0", control="false")
    assert len(board(off, "maps")["rows"]) == 1


def test_a_map_of_zeros_says_so() -> None:
    found = results.Explanation({"control grad_cam": torch.zeros(4, 4)})
    assert "says nothing" in inside_why_board._note(found, "control", "grad_cam")
    drawn = charts.drawn(torch.zeros(4, 4), signed=True)
    assert (drawn["low"], drawn["high"], drawn["cut"]) == (0, 0, False)


@pytest.mark.parametrize(
    "address",
    [
        {"class": "99", "cam": "nothing", "patch": "-1", "move": "?", "path": "0", "empty": "?"},
        {"opacity": "9999", "control": "?", "method": "nothing", "epoch": "3"},
        {"picture": "nothing:test:1", "weights": "shipped:../../etc/passwd"},
    ],
)
def test_nonsense_in_a_link_does_no_harm(address: dict[str, str]) -> None:
    at = opened("why", **address)
    sent = board(at, "maps")
    assert all(card["values"] for row in sent["rows"] for card in row["maps"])
    assert sent["opacity"] == inside_why_board.USUAL_OPACITY
    assert not untold(at, address)
    at.run()
    assert not untold(at, address), "it stays while nothing is chosen"
    at.selectbox(key="why.class").select("3").run()
    assert not at.warning


def test_a_size_that_does_not_fit_is_a_lesson_and_too_many_passes_a_sentence() -> None:
    at = opened("why", network="lenet", side="40")
    assert "fc1 wants 400 numbers" in text(at)
    assert not boards(at)
    many = opened("why", network="torchvision/squeezenet1_1", side="224", patch="2", move="half")
    assert "passes; at most 5000" in text(many)


def test_another_network_begins_with_its_own_last_layer() -> None:
    at = opened("why", picture="digits:test:0", cam="conv1")
    assert at.selectbox(key="why.cam").value == "conv1"
    at.selectbox(key="why.network").set_value("bn_lenet").run()
    assert not at.exception
    assert at.selectbox(key="why.cam").value == "conv2"  # though it has a conv1
    assert "cam" not in at.query_params


def test_a_few_bright_pixels_do_not_darken_all_others() -> None:
    torch.manual_seed(0)
    heat = torch.rand(28, 28)
    heat[3, 4] = 1000
    drawn = charts.drawn(heat, signed=False)
    assert drawn["cut"]
    assert drawn["high"] == pytest.approx(float(torch.quantile(heat, 0.99)), rel=1e-5)
    whole = charts.drawn(torch.eye(3), signed=True)
    assert (whole["low"], whole["high"], whole["cut"]) == (-1, 1, False)
    large = charts.drawn(torch.rand(224, 200), signed=False)
    assert large["values"].shape == (1, 112, 100)
    assert large["block"] == 2
    assert len(charts.LINES) >= len(METHODS)
    assert all(dash in inside_why_board.DASHES for _color, dash, _mark in charts.LINES)
    assert maps.LAST == 254


def test_files_hold_every_number() -> None:
    heats = {"one": torch.rand(3, 5), "two": -torch.rand(3, 5)}
    rows = list(csv.reader(io.StringIO(charts.maps_csv(heats))))
    assert rows[0] == ["row", "column", "one", "two"]
    assert [rows[8][0], rows[8][1]] == ["1", "2"]
    found = np.array(rows[1:], float)
    assert np.allclose(found[:, 2].reshape(3, 5), heats["one"], rtol=1e-7)
    curve = attribution.Deletion(torch.tensor([0, 0.5, 1]), torch.tensor([0.9, 0.25, 0.1]))
    lines = list(csv.reader(io.StringIO(charts.curves_csv({"map": curve}))))
    assert lines == [
        ["fraction", "map"],
        ["0", "0.899999976"],
        ["0.5", "0.25"],
        ["1", "0.100000001"],
    ]
    assert Place.read("digits:test:3") == Place("digits", "test", 3)


@pytest.mark.browser
def test_from_a_class_to_its_maps_and_back_by_the_link(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/why?weights=untrained:0&picture=digits:test:0")
    settled(page)
    painted = page.locator("[data-why-painted]")
    expect(painted).to_be_visible()
    bars = page.locator(".why-answer .bar")
    third = bars.nth(2).locator(".class").inner_text()
    bars.nth(2).click()
    expect(page.locator(".why-maps h3").first).to_contain_text(third)
    page.wait_for_url("**class=*")
    expect(bars.nth(2)).to_have_attribute("aria-checked", "true")

    cards = page.locator(".why-maps .card")
    expect(cards).to_have_count(8)
    expect(page.locator(".why-maps canvas")).to_have_count(8)
    box = cards.first.locator("canvas").bounding_box()
    assert box is not None
    cards.first.locator("canvas").hover(
        position={"x": box["width"] * 0.4, "y": box["height"] * 0.6}
    )
    for card in (cards.first, cards.nth(5)):  # all are read at the same pixel
        expect(card.locator(".note")).to_contain_text("row 17, column 12:")

    page.locator(".why-maps input[type=range]").fill("100")
    page.wait_for_url("**opacity=100*")
    settled(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Maps (CSV)").click()
    assert len(Path(saved.value.path()).read_text().splitlines()) == 28 * 28 + 1
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save this picture (PNG)").click()
    assert saved.value.suggested_filename.startswith("lenet-why-")

    page.reload()
    settled(page)
    expect(page.locator(".why-maps h3").first).to_contain_text(third)
    expect(page.locator(".why-maps input[type=range]")).to_have_value("100")


@pytest.mark.browser
def test_on_a_phone_the_maps_come_before_what_checks_them(page: Page, app_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_server}/why?weights=untrained:0&picture=digits:test:0")
    settled(page)
    chart = page.locator(".st-key-why_deletion")
    expect(chart.locator(".xtitle")).to_be_visible(timeout=30_000)
    parts = [page.locator(".why-answer"), page.locator(".why-maps"), chart]
    boxes = [part.bounding_box() for part in parts]
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops)
    assert len(tops) == 3
    assert all(box and box["width"] > 340 for box in boxes)
    grey = "text => getComputedStyle(text).fill.match(/[0-9]+/g).map(Number)"
    assert max(chart.locator(".xtitle").evaluate(grey)) < 119, "4.5 : 1 on white"
