"""The page on learning an edge kernel: what it says, what it keeps, and how its board moves."""

import csv
import json
import math
import re
from functools import partial
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from explorer.lessons import edge_kernel as engine
from tests import opened_pages
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import board as sent
from tests.opened_pages import press, text

pytestmark = pytest.mark.usefixtures("one_thread")
PROBLEM = engine.Problem(engine.bars(), torch.tensor([[1.0, -1.0]]), bias=True)
COURSE = {"edge_rate": "0.01", "edge_bias": "true", "edge_start": "course"}


opened = partial(opened_pages.opened, "edge-kernel")


# -- what it says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "sentences"),
    [
        ({}, ["**Yes.**", "Rates above **0.0333** = 2/60 run away", "asked for: 1 −1"]),
        ({"edge_image": "transposed", "edge_rate": "0.01", "edge_start": "4"},
         ["the kernel is another", "along 1 of 2 axes the loss is flat"]),
    ],
)  # fmt: skip
def test_one_question_and_its_answer(address: dict[str, str], sentences: list[str]) -> None:
    words = text(opened(**address))
    assert [sentence for sentence in sentences if sentence not in words] == []


def test_the_courses_run_is_one_click_away() -> None:
    at = press(opened(), "The course’s run")
    for sentence in (
        *("| 5 | 6.806 | 6.805 |", "| 10 | 1.376 | 1.376 |", "| 15 | 0.325 | 0.325 |"),
        "| 20 | 0.084 | 0.084 |",
        "here 0.9189, −0.9376, 0.01044",
        "Rates above **0.0161** = 2/124.3 run away",
    ):
        assert sentence in text(at)
    steps = sent(at)["runs"][0]["steps"]
    assert steps[4]["loss"] == pytest.approx(6.806, abs=0.0015)
    assert steps[20]["loss"] == pytest.approx(0.0646, abs=5e-5)
    assert steps[20]["p"] == pytest.approx([0.9189, -0.9376, 0.0104], abs=5e-5)


def test_a_rate_above_the_critical_one_is_explained_and_can_be_mended() -> None:
    at = opened(**COURSE | {"edge_rate": "0.03"})
    assert "**It runs away.**" in text(at)
    assert "1 − 0.03 · 124.3 = −2.73" in text(at)
    press(at, "Use 0.014")
    assert "It runs away" not in text(at)
    assert at.text_input(key="edge_rate").value == "0.014"


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        ("0.005", "flattest axis (λ = 12) a step leaves 94\u202f% of the error: 38 steps"),
        ("0.0333", "steepest axis (λ = 60) a step crosses the valley and leaves 99.8\u202f%"),
    ],
)  # fmt: skip
def test_the_axis_that_is_named_is_the_one_that_holds_the_run_up(rate: str, sentence: str) -> None:
    assert sentence in text(opened(edge_rate=rate, edge_steps="2"))


def test_a_kernel_from_a_photograph_is_told_to_be_learned_in_its_output_only() -> None:
    at = press(opened(), "Learn a Sobel kernel from a photograph")
    assert "**The output is learned, the kernel is not yet.**" in text(at)
    error = re.search(r"weights are still off by up to ([\d.]+)", text(at))
    assert error
    assert float(error[1]) > engine.RIGHT_KERNEL
    at.text_input(key="edge_steps").set_value("5").run()
    rates = re.search(r"([\d.]+) is the best rate here; above \*\*([\d.]+)\*\*", text(at))
    assert rates
    assert float(rates[1]) < float(rates[2])


def test_the_same_rate_without_a_bias_works() -> None:
    at = press(opened(), "0.03 without a bias")
    assert "It runs away" not in text(at)
    assert sent(at)["runs"][0]["steps"][-1]["loss"] < 0.3
    at.toggle(key="edge_bias").set_value(True).run()
    assert "It runs away" in text(at)


def test_overflow_and_nan_are_told_with_their_steps() -> None:
    at = press(opened(), "Until NaN")
    run = engine.descend(PROBLEM, engine.COURSE_START, 0.03, 120)
    assert f"From step {run.overflow_step} on the loss is ∞" in text(at)
    assert f"by step {run.nan_step} the weights are too" in text(at)
    assert sent(at)["runs"][0]["steps"][-1]["loss"] == "NaN"


def test_two_rates_are_compared() -> None:
    at = opened(edge_rate="0.03", edge_compare="0.034")
    assert [run["rate"] for run in sent(at)["runs"]] == [0.03, 0.034]
    assert "A · **Yes.**" in text(at)
    assert "B · **It runs away.**" in text(at)
    press(at, "Use 0.027")
    assert at.text_input(key="edge_compare").value == "0.027"


def test_sum_and_mean_differ_by_the_number_of_outputs() -> None:
    rates = [sent(opened(edge_loss=loss))["spectrum"]["critical"] for loss in ("sum", "mean")]
    assert rates[1] == pytest.approx(42 * rates[0])


@pytest.mark.parametrize("image", ["bars", "transposed", "diagonal", "own", "photo"])
@pytest.mark.parametrize("kernel", ["1; -1", "1 0 -1; 2 0 -2; 1 0 -1"])
def test_every_image_with_other_kernels(image: str, kernel: str) -> None:
    at = opened(edge_image=image, edge_kernel=kernel, edge_bias="true", edge_loss="mean")
    data = sent(at)
    assert not at.error
    expected = torch.nn.functional.conv2d(
        torch.tensor(data["image"])[None, None], torch.tensor(data["target_kernel"])[None, None]
    )
    torch.testing.assert_close(torch.tensor(data["target"]), expected[0, 0])


# -- links, mistakes, things to take along ----------------------------------------------------


def test_a_link_restores_everything() -> None:
    data = sent(opened(
        edge_image="own", edge_drawing="0 1 1; 0 0 1; 0 0 0.5", edge_kernel="1; -1",
        edge_rate="0.05", edge_steps="7", edge_bias="true", edge_loss="mean", edge_start="3",
        edge_compare="0.1",
    ))  # fmt: skip
    expected = {
        "image": [[0, 1, 1], [0, 0, 1], [0, 0, 0.5]], "target_kernel": [[1], [-1]], "bias": True,
        "reduction": "mean",
    }  # fmt: skip
    assert {name: data[name] for name in expected} == expected
    assert [(run["rate"], len(run["steps"])) for run in data["runs"]] == [(0.05, 8), (0.1, 8)]
    generator = torch.Generator().manual_seed(3)
    start = torch.randn(2, 1, generator=generator).flatten().tolist()
    assert data["runs"][0]["steps"][0]["p"][:2] == pytest.approx(start)


def test_the_definition_and_the_run_can_be_read() -> None:
    codes = [code.value for code in opened(**COURSE).code]
    assert any("rate, steps = 0.01, 20" in code for code in codes)
    assert any("def descend(" in code and "def bowl(" in code for code in codes)


# -- in the browser ---------------------------------------------------------------------------


def painted(page: Page) -> Locator:
    """The board, once it is painted and the page rests."""
    page.wait_for_selector(".descent[data-descent-painted]", timeout=30_000)
    return settled(page).locator(".descent[data-descent-painted]")


# As on a busy machine: every frame says a time at which it should have come.
LATE_FRAMES = """
const frame = requestAnimationFrame
window.requestAnimationFrame = answer => frame(time => answer(time - 1000))
"""


@pytest.mark.browser
def test_the_next_update_of_nine_weights_is_in_sight_whole(page: Page) -> None:
    at = press(opened(), "Learn a Sobel kernel from a photograph")
    table = mounted(page, at, "descent").board.locator(".update .wide")
    expect(table.locator("tbody tr")).to_have_count(9)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert table.evaluate("table => table.scrollWidth <= table.clientWidth"), width


@pytest.mark.browser
def test_everything_moves_together_and_asks_the_server_nothing(page: Page) -> None:
    page.add_init_script(LATE_FRAMES)
    alone = mounted(page, opened(**COURSE), "descent")
    board = alone.board
    expect(board).to_have_attribute("data-step", "0")  # the question before its answer
    run = engine.descend(PROBLEM, engine.COURSE_START, 0.01, 20)
    balls = set()
    for step in (0, 4, 9, 14, 19, 20):
        board.locator(".scrub").fill(str(step))
        record = run.records[step]
        kernel = torch.tensor([record.parameters[:2]])
        expected = engine.correlate(PROBLEM.image, kernel, torch.tensor(record.parameters[2:]))
        output = torch.tensor(json.loads(board.get_attribute("data-output") or ""))
        torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
        expect(board.locator(".now")).to_have_text(f"Step {step} of 20 · loss {record.loss:.4f}")
        cells = [cell.replace("−", "-") for cell in board.locator(".cells span").all_inner_texts()]
        assert cells == [f"{weight:.3f}" for weight in record.parameters[:2]]
        balls.add(board.locator(".ball").get_attribute("d"))
    assert len(balls) == 6  # the point has moved with every step
    board.locator('[data-act="back"]').click()
    expect(board).to_have_attribute("data-step", "19")
    board.locator('[data-act="first"]').click()
    board.locator(".speed").select_option("4")
    board.get_by_role("button", name="Play").click()
    expect(board).to_have_attribute("data-step", "20", timeout=15_000)
    expect(board.get_by_role("button", name="Play")).to_be_visible()  # it stops at the end
    board.locator(".output canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    last = run.records[20]
    expect(board.locator(".arithmetic")).to_have_text(
        f"row 1, column 2: 0.9189·1 + (−0.9376)·0 + 0.0104 = "
        f"{last.parameters[0] + last.parameters[2]:.4f}; target 1"
    )
    board.get_by_role("button", name="over its axes").click()
    expect(board.locator(".surface .note")).to_contain_text("Across λ = 12.0, up λ = 124.31")
    assert alone.sent == []


@pytest.mark.browser
def test_the_ruler_sets_the_rate_and_the_surface_can_be_saved(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/edge-kernel?edge_rate=0.03")
    board = painted(page)
    expect(board.locator(".critical")).to_have_text("0.0333 diverges beyond here")
    board.get_by_role("slider", name="Learning rate").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**edge_rate=0.0357**")
    expect(page.get_by_text("It runs away")).to_be_visible()
    board = painted(page)
    buttons = {kind: board.locator(f'[data-act="{kind}"]') for kind in ("svg", "png")}
    files = {}
    for kind, button in (buttons | {"csv": page.get_by_role("button", name="Steps (CSV)")}).items():
        with page.expect_download() as download:
            button.click()
        files[kind] = download.value.path().read_bytes()
    assert files["png"].startswith(b"\x89PNG")
    drawing = ET.fromstring(files["svg"])  # noqa: S314 (we drew it ourselves)
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}ellipse"))) > 5
    rows = list(csv.DictReader(files["csv"].decode().splitlines()))
    assert [row["step"] for row in rows] == [str(step) for step in range(21)]


@pytest.mark.browser
def test_a_zigzag_that_grows_is_inside_its_picture(page: Page) -> None:
    board = mounted(page, opened(edge_rate="0.05"), "descent").board
    path = board.locator(".surface g path[stroke-opacity]").first.get_attribute("d") or ""
    clip = board.locator(".surface clipPath rect")
    left, top, side = (float(clip.get_attribute(name) or "") for name in ("x", "y", "width"))
    points = [tuple(map(float, pair.split())) for pair in path.removeprefix("M").split("L")]
    swings = points[:4]  # the start and three steps, each twice as far as the one before
    assert all(left <= x <= left + side and top <= y <= top + side for x, y in swings)
    lengths = [math.dist(a, b) for a, b in pairwise(swings)]
    assert lengths[1] > 1.5 * lengths[0]
    assert lengths[0] > 8  # to be seen


@pytest.mark.browser
def test_a_phone_draws_its_own_image(page: Page, app_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{app_server}/edge-kernel?edge_image=own&edge_drawing=0 0 1;0 0 1;0 1 1")
    board = painted(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    board.locator(".image canvas").click(position={"x": 4, "y": 4})
    expect(page.locator(".st-key-edge_drawing input")).to_have_value("1 0 1; 0 0 1; 0 1 1")
    page.wait_for_url(
        lambda url: parse_qs(urlsplit(url).query)["edge_drawing"] == ["1 0 1; 0 0 1; 0 1 1"]
    )
