"""The page "Why this class?": its maps are the methods' own, its checks hold, its links restore."""

import csv
import io
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from explorer import weights
from explorer.base import compute_slots
from explorer.base.cache import SizedCache
from explorer.base.tasks import Progress, Task
from explorer.inside import attribution
from explorer.inside.attribution import METHODS
from explorer.networks import NetworkSpec
from explorer.ui import progress
from explorer.ui.inside.recordings import Subject
from explorer.ui.picture_picker.browse import Place
from explorer.weights import Model
from pages.inside.why import boards as why_boards
from pages.inside.why import charts, mistakes, results
from pages.inside.why.results import Explanation, Piece, Question
from tests.conftest import box_of, settled
from tests.opened_pages import boards, grey_input, in_address, numbers, opened, press, text
from tests.shipped_weights import digit_answers, trained, untrained

VISITORS = 30
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
    return torch.from_numpy(numbers(card["values"]).copy()).view(*card["size"])


def test_maps_and_curves_are_made_with_the_settings_of_the_link() -> None:
    at = opened("why", picture="digits:test:0", **SETTINGS, **{"class": "3"})
    network, picture = untrained(), grey_input()
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
    # The curve is what taking pixels away by hand gives.
    heat = attribution.saliency(network, picture, 3)
    order = heat.flatten().sort(descending=True, stable=True).indices
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    lines = {each["name"]: each for each in spec["data"] if "name" in each}
    low, high = (each for each in spec["data"] if "name" not in each)
    mean = lines["mean of random orders"]["y"]
    assert list(lines)[1:] == [each.title for each in METHODS.values()]
    assert all(a <= m <= b for a, m, b in zip(low["y"], mean, high["y"], strict=True))
    assert high["fill"] == "tonexty", "the random orders are a band"
    for share, point in list(zip(lines["Saliency"]["x"], lines["Saliency"]["y"], strict=True))[::5]:
        rest = picture.clone().flatten()
        rest[order[: round(share * 784)]] = 0.5
        with torch.no_grad():
            probability = network(rest.view(1, 1, 28, 28))[0].softmax(0)[3]
        assert point == pytest.approx(float(probability), rel=1e-4)
    note = row["maps"][0]["note"]
    area = np.trapezoid(lines["Saliency"]["y"], lines["Saliency"]["x"])
    assert note.split()[-1] == f"{area:.3f}"
    generator = torch.Generator().manual_seed(0)
    areas = []
    for _order in range(results.ORDERS):
        chance = torch.rand(28, 28, generator=generator)
        areas.append(attribution.deletion(network, picture, 3, chance, baseline=0.5).area)
    assert f"random orders: {min(areas):.3f} to {max(areas):.3f}." in text(at)


def test_bars_are_the_network_s_answer_and_its_own_class_is_explained_first() -> None:
    at = opened("why", picture="digits:test:0", network="bn_lenet")
    with torch.no_grad():  # in the mode that the page names
        probabilities = untrained("bn_lenet").eval()(grey_input())[0].double().softmax(0)
    sent = board(at, "answer")["guesses"]
    assert [each["label"] for each in sent] == probabilities.topk(5).indices.tolist()
    assert [each["probability"] for each in sent] == pytest.approx(
        probabilities.topk(5).values.tolist(), rel=1e-5
    )
    assert [each["chosen"] for each in sent] == [True, False, False, False, False]
    least = int(probabilities.argmin())
    other = opened("why", picture="digits:test:0", network="bn_lenet", **{"class": str(least)})
    sent = board(other, "answer")["guesses"]
    assert sent[-1]["label"] == least  # also shown when it is not among the likeliest
    assert [each["chosen"] for each in sent] == [False] * 5 + [True]
    assert "little to lose" not in text(other)  # 1 of 10 classes: some 10 %


def test_trained_weights_stand_beside_those_before_training(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("why", picture="digits:test:0")
    row, control = board(at, "maps")["rows"]
    before = weights.load(NetworkSpec.parse("lenet"), "shipped:lenet@0")
    target = next(e["label"] for e in board(at, "answer")["guesses"] if e["chosen"])
    with torch.no_grad():
        assert target == int(network(grey_input()).argmax())
        share = float(before(grey_input())[0].softmax(0)[target])
    assert control["title"].startswith("The same network before training")
    assert why_boards.percent(share) in control["title"]
    torch.testing.assert_close(
        values(control["maps"][0]), attribution.saliency(before, grey_input(), target)
    )
    pair = [values(each["maps"][0]).flatten() for each in (row, control)]
    expected = f"{scipy.stats.spearmanr(*pair).statistic:.2f}".replace("-", "−")
    assert control["maps"][0]["note"] == f"rank correlation {expected}"
    off = opened("why", picture="digits:test:0", control="false")
    assert len(board(off, "maps")["rows"]) == 1


def test_too_many_passes_are_a_sentence() -> None:
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
    for ends, plain in ((1, torch.eye(3)), (0, torch.zeros(4, 4))):
        whole = charts.drawn(plain, signed=True)
        assert (whole["low"], whole["high"], whole["cut"]) == (-ends, ends, False)
    zeros = results.Explanation({"control grad_cam": torch.zeros(4, 4)})
    assert "says nothing" in why_boards._note(zeros, "control", "grad_cam")
    large = charts.drawn(torch.rand(224, 200), signed=False)
    assert large["values"].shape == (1, 112, 100)
    assert large["block"] == 2
    assert len(charts.LINES) >= len(METHODS)
    assert all(dash in why_boards.DASHES for _color, dash, _mark in charts.LINES)


def test_files_hold_every_number() -> None:
    heats = {"one": torch.rand(3, 5), "two": -torch.rand(3, 5)}
    rows = list(csv.reader(io.StringIO(charts.maps_csv(heats))))
    assert rows[0] == ["row", "column", "one", "two"]
    assert [rows[8][0], rows[8][1]] == ["1", "2"]
    numbers = np.array(rows[1:], float)
    assert np.allclose(numbers[:, 2].reshape(3, 5), heats["one"], rtol=1e-7)
    curve = attribution.Deletion(torch.tensor([0, 0.5, 1]), torch.tensor([0.9, 0.25, 0.1]))
    lines = list(csv.reader(io.StringIO(charts.curves_csv({"map": curve}))))
    rows = [["fraction", "map"], ["0", "0.899999976"], ["0.5", "0.25"], ["1", "0.100000001"]]
    assert lines == rows
    assert Place.read("digits:test:3") == Place("digits", "test", 3)


# -- what takes a while: shared, in turns, stopped, given up ----------------------------------


def wrong(network: nn.Module) -> list[int]:
    """The test pictures that it takes for something else."""
    numbers: list[int] = (~digit_answers(network).right).nonzero().flatten().tolist()
    return numbers


def test_the_next_mistake_is_one(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("why", picture="digits:test:0")
    first, second, *_others = (n for n in wrong(network) if n > 0)
    press(at, "Next mistake of this network")
    assert in_address(at, "picture") == f"digits:test:{first}"
    assert "**A mistake**: it is" in text(at)
    press(at, "Next mistake of this network")
    assert in_address(at, "picture") == f"digits:test:{second}"
    untrained = opened("why", picture="digits:test:0", weights="untrained:0")
    assert not [each for each in untrained.button if each.label == "Next mistake of this network"]


def test_the_search_for_mistakes_is_bounded(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(shipped)
    at = opened("why", picture="digits:test:0")
    monkeypatch.setattr(mistakes, "SECONDS", -1.0)
    monkeypatch.setattr(mistakes, "_right", lambda *inputs: [True] * len(inputs[2]))
    press(at, "Next mistake of this network")
    assert in_address(at, "picture") == "digits:test:16"
    assert "No mistake up to picture 16" in at.toast[0].value
    monkeypatch.setattr(mistakes, "SECONDS", 600.0)
    press(at, "Next mistake of this network")
    assert "gets every test picture of" in at.toast[0].value
    assert in_address(at, "picture") == "digits:test:16"


def test_a_search_that_gets_no_turn_says_so(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(shipped)
    at = opened("why", picture="digits:test:3")
    with monkeypatch.context() as hasty, ExitStack() as others:
        hasty.setattr(mistakes, "SECONDS", 0.05)
        for _each in range(compute_slots.MOST):
            assert others.enter_context(compute_slots.turn(30))
        press(at, "Next mistake of this network")
    assert at.toast[0].value == "Others are being served first: press again in a moment."
    assert in_address(at, "picture") == "digits:test:3"
    press(at, "Next mistake of this network")
    assert "**A mistake**: it is" in text(at)


def test_thirty_who_search_share_what_is_known(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = trained(shipped)
    for number in range(5):
        shutil.copy(shipped / f"lenet{weights.SUFFIX}", shipped / f"copy{number}{weights.SUFFIX}")
    judged: list[tuple[str, int]] = []
    plain = mistakes._right

    def right(model: Model, fit: str, numbers: list[int]) -> list[bool]:
        judged.extend((model.source, number) for number in numbers)
        return plain(model, fit, numbers)

    monkeypatch.setattr(mistakes, "_right", right)
    monkeypatch.setattr(mistakes, "SECONDS", 600.0)
    gate = threading.Barrier(VISITORS)

    def visit(visitor: int) -> tuple[int, mistakes.Search]:
        model = weights.model(NetworkSpec.parse("lenet"), f"shipped:copy{visitor % 5}")
        place = Place("digits", "test", 11 * (visitor // 5))
        gate.wait(60)
        return place.number, mistakes.after(model, "squeeze", place)

    with ThreadPoolExecutor(VISITORS) as threads:
        searches = list(threads.map(visit, range(VISITORS)))
    mistaken = wrong(network)
    for number, search in searches:
        assert search.ended == "mistake"
        assert search.place.number == next(n for n in mistaken if n > number)
    assert len(judged) == len(set(judged))  # no picture twice


def piece(name: str, make: Any, passes: int = 10) -> Piece:
    return Piece(name, name, passes, make)


def test_thirty_visitors_at_once_each_get_their_own() -> None:
    settings = results.Settings("conv2", 7, 7, 5, "black", "none")

    def question(visitor: int) -> Question:
        picture = grey_input(f"digits:test:{visitor}")
        model = weights.model(NetworkSpec.parse("lenet"), f"untrained:{visitor % 3}")
        subject = Subject(model, f"{visitor}", False, picture)
        return Question(subject, visitor % 10, settings)

    def visit(visitor: int) -> Explanation:
        pieces = results.pieces(question(visitor), None)
        task = results.TASKS.ask(results.key(pieces), results.steps(pieces))
        assert task.wait(60)
        return results.explanation(task, pieces)

    with ThreadPoolExecutor(VISITORS) as threads:
        explanations = list(threads.map(visit, range(VISITORS)))
    for visitor, explained in enumerate(explanations):
        network, picture = untrained(seed=visitor % 3), grey_input(f"digits:test:{visitor}")
        heat = attribution.grad_cam(network, picture, visitor % 10, layer="conv2")
        torch.testing.assert_close(explained.heats("map")["grad_cam"], heat)
        heat = attribution.saliency(network, picture, visitor % 10)
        torch.testing.assert_close(explained.heats("map")["saliency"], heat)


def test_what_fails_is_a_sentence_of_its_own_and_tried_again_by_others() -> None:
    calls: list[str] = []
    progresses: list[tuple[int, int]] = []

    def refuse(_tell: Progress) -> Tensor:
        calls.append("refused")
        raise ValueError("Choose a smaller patch.")

    def fine(tell: Progress) -> Tensor:
        tell(1, 2)
        calls.append("fine")
        return torch.ones(1)

    def fail(_tell: Progress) -> Tensor:
        raise RuntimeError("a fault of ours")

    pieces = [piece("map saliency", refuse), piece("map occlusion", fine, 30)]
    task: Task[Explanation] = Task()
    for _visitor in range(2):
        task.queue(results.steps(pieces))
        task.run(0)
        task.run(0)  # however short the turns
        task.run(0)
        explained = results.explanation(task, pieces)
        assert str(explained.errors["map saliency"]) == "Choose a smaller patch."
        assert set(explained.heats("map")) == {"occlusion"}
        progresses.append((task.done, task.total))
    assert progresses == [(25, 40), (0, 40)]  # 10 and half of 30; then only what failed is tried
    assert calls == ["refused", "fine", "refused"]
    task.queue(results.steps([piece("map grad_cam", fail), *pieces]))
    task.run()
    errors = results.explanation(task, [piece("map grad_cam", fail)]).errors
    assert "our mistake" in str(errors["map grad_cam"])


def test_slow_work_shows_how_far_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()

    def slow(network: nn.Module, picture: Tensor, target: int, **options: Any) -> Tensor:
        options["progress"](1, 4)
        free.wait(20)
        heat: Tensor = occlusion.explain(network, picture, target, **options)
        return heat

    occlusion = METHODS["occlusion"]
    monkeypatch.setitem(METHODS, "occlusion", replace(occlusion, explain=slow))
    monkeypatch.setattr(progress, "PATIENCE", 0.5)
    at = opened("why", picture="digits:test:0")
    for _again in range(40):  # until the quick maps are there
        if sum(bool(each.get("values")) for each in board(at, "maps")["rows"][0]["maps"]) == 3:
            break
        at.run()
    cards = board(at, "maps")["rows"][0]["maps"]
    assert [bool(each.get("values")) for each in cards] == [True, True, True, False]
    at.button(key="why_stop").click().run()
    assert "Stopped" in text(at)
    free.set()
    monkeypatch.setattr(progress, "MOMENT", 20.0)
    at.button(key="why_go_on").click().run()
    assert not at.exception
    assert all(each["values"] for each in board(at, "maps")["rows"][0]["maps"])


def test_a_page_ends_though_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_cache", SizedCache(1, results._nbytes))
    monkeypatch.setattr(progress, "PATIENCE", 0.0)  # however fast: what is made comes later
    monkeypatch.setattr(progress, "MOMENT", 0.0)
    plain, calls = METHODS["occlusion"], []

    def explain(*inputs: Any, **options: Any) -> Tensor:
        calls.append(1)
        return plain.explain(*inputs, **options)

    monkeypatch.setitem(METHODS, "occlusion", replace(plain, explain=explain))
    at = opened("why", picture="digits:test:0")
    end = time.monotonic() + 60
    while at.get("progress") and time.monotonic() < end:
        at.run()
    assert not at.exception
    for row in board(at, "maps")["rows"]:
        assert all(card["values"] for card in row["maps"])
    assert at.get("plotly_chart")
    at.run()
    assert not at.get("progress")
    assert len(calls) == 3  # the map, its deletion, which found none kept, and the control's map


# -- in a real browser ------------------------------------------------------------------------


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
    box = box_of(cards.first.locator("canvas"))
    at = {"x": box["width"] * 0.4, "y": box["height"] * 0.6}
    cards.first.locator("canvas").hover(position=at)
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
    boxes = [box_of(part) for part in parts]
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert all(box["width"] > 340 for box in boxes)
    grey = "text => getComputedStyle(text).fill.match(/[0-9]+/g).map(Number)"
    assert max(chart.locator(".xtitle").evaluate(grey)) < 119, "4.5 : 1 on white"
