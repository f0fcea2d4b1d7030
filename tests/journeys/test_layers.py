"""Whole journeys through the layer explorer in a real browser, as a teacher would make them."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import box_of, settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import opened

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"


def board(page: Page, name: str) -> Locator:
    """The layer board, once it shows the network called `name`, table and picture."""
    found = page.locator(f'.board[data-board-painted^="{name}-"][data-board-graph^="{name}-"]')
    found.wait_for(timeout=30_000)
    return found


def row(shown: Locator, name: str) -> Locator:
    return shown.locator("tbody tr[data-id]").filter(has=shown.page.get_by_text(name, exact=True))


def test_from_the_home_page_to_a_mended_size(page: Page, app_server: str) -> None:
    page.goto(app_server)
    settled(page)
    page.get_by_role("link", name=re.compile("AlexNet at 28")).click()
    shown = board(page, "alexnet")
    lesson = page.locator(".st-key-lesson")
    expect(lesson).to_contain_text("pool2's window is 3 cells long, but there are only 2")
    expect(shown.locator("tr.failed")).to_have_count(1)
    expect(shown.locator("tbody tr[data-id]")).to_have_count(7)  # the picture and six layers
    page.get_by_role("button", name="Use 1x193x193").click()
    page.locator('.board[data-board-painted*="1x1x193x193"]').wait_for()
    expect(page.get_by_text("46.8 M parameters")).to_be_visible()
    expect(shown.locator("tr.failed")).to_have_count(0)
    expect(shown.locator("tbody tr[data-id]")).to_have_count(22)


def test_a_number_says_why_and_the_link_remembers(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=alexnet")
    shown = board(page, "alexnet")
    row(shown, "conv1").click()
    why = shown.locator(".why").filter(has_text="96 × (11·11·1 + 1)")
    expect(why).to_contain_text("54 = ⌊(224 + 2·1 − 11) / 4⌋ + 1")
    expect(why).to_contain_text("= 96·54·54 × 11·11·1")
    # Exact numbers can be read without a mouse.
    expect(shown.locator(".why .exact").get_by_text("33\u202f872\u202f256")).to_be_visible()
    page.wait_for_url("**layer=conv1**")
    page.reload()
    shown = board(page, "alexnet")
    expect(row(shown, "conv1")).to_have_attribute("aria-selected", "true")
    assert parse_qs(urlsplit(page.url).query)["layer"] == ["conv1"]


def test_picture_and_table_are_one(page: Page) -> None:
    mounted(page, opened("layers", network="lenet"), "board")
    shown = board(page, "lenet")
    number = row(shown, "pool1").get_attribute("data-id")
    shown.locator(f'.strip g.node[data-id="{number}"]').first.click()
    expect(row(shown, "pool1")).to_have_attribute("aria-selected", "true")
    row(shown, "fc2").click()
    chosen = shown.locator(".strip g.node.chosen").first
    assert chosen.get_attribute("data-id") == row(shown, "fc2").get_attribute("data-id")


def test_blocks_fold_and_unfold_with_mouse_and_keys(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=googlenet")
    shown = board(page, "googlenet")
    rows = shown.locator("tbody tr[data-id]")
    expect(rows).to_have_count(7)  # the picture, five stages, one linear layer
    shown.get_by_role("button", name="Unfold all").click()
    expect(rows).to_have_count(153)
    expect(shown.locator("tbody tr").filter(has_text="cat")).to_have_count(9)
    shown.get_by_role("button", name="Fold all", exact=True).click()
    expect(rows).to_have_count(7)
    row(shown, "stage3").click()
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(10)
    page.wait_for_url("**open=stage3**")
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(7)


def seen(place: Locator) -> bool:
    """Whether all of it is in the window, below the page's header."""
    return bool(
        place.evaluate(
            "element => { const box = element.getBoundingClientRect();"
            " return box.top >= 44 && box.bottom <= innerHeight }"
        )
    )


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_choice_in_the_picture_brings_its_arithmetic_into_sight(
    page: Page, app_server: str, motion: str
) -> None:
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    page.goto(f"{app_server}/layers?network=alexnet")
    shown = board(page, "alexnet")
    for name in ("conv5", "fc3", "conv1"):
        number = row(shown, name).get_attribute("data-id")
        shown.locator(f'.strip g.node[data-id="{number}"]').first.click()
        expect(row(shown, name)).to_have_attribute("aria-selected", "true")
        page.wait_for_timeout(900)  # a smooth movement ends
        assert seen(row(shown, name))
        assert seen(shown.locator("tr.detail .formulas"))
    row(shown, "fc3").click()
    page.wait_for_timeout(900)
    assert seen(shown.locator("tr.detail .formulas"))


def test_the_arithmetic_of_a_link_begins_above_the_fold(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=alexnet&layer=conv1")
    top = box_of(board(page, "alexnet").locator("tr.detail"))
    assert top["y"] < 720
    title = box_of(page.get_by_role("heading", level=1))
    label = box_of(page.get_by_text("Network", exact=True))
    assert title["y"] >= 44, "below the page's header"
    padding = page.get_by_role("heading", level=1).evaluate(
        "element => parseFloat(getComputedStyle(element).paddingBottom)"
    )
    assert label["y"] - (title["y"] + title["height"] - padding) >= 8


def test_a_network_in_one_block_opens_with_something_to_see(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=torchvision/vgg11")
    rows = board(page, "torchvision-vgg11").locator("tbody tr[data-id]")
    expect(rows).to_have_count(26)
    page.get_by_role("button", name="Fold all", exact=True).click()
    expect(rows).to_have_count(5)
    page.wait_for_url("**open=none**")
    page.get_by_role("button", name="All sums").click()  # a rerun
    settled(page)
    expect(rows).to_have_count(5)
    page.reload()
    board(page, "torchvision-vgg11")
    expect(rows).to_have_count(5)


def test_another_network_forgets_what_was_unfolded_and_chosen(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=googlenet&open=all&layer=stage3")
    board(page, "googlenet")
    page.locator(".st-key-layers-network input").click()
    page.locator(".st-key-layers-network input").fill("densenet")
    page.get_by_role("option", name="densenet · DenseNet", exact=True).click()
    shown = board(page, "densenet")
    page.wait_for_url("**network=densenet")
    expect(shown.locator('tr[aria-expanded="true"], tr[aria-selected="true"]')).to_have_count(0)


def test_another_network_is_picked_by_typing(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=lenet")
    board(page, "lenet")
    for typed in ("torchvision/resnet50", "ResNet-50", "resnet 50"):
        page.locator(".st-key-layers-network input").click()
        page.locator(".st-key-layers-network input").fill(typed)
        found = page.get_by_role("option", name="torchvision/resnet50 · ResNet-50", exact=True)
        expect(found).to_be_visible()
        page.keyboard.press("Escape")
    page.locator(".st-key-layers-network input").click()
    page.locator(".st-key-layers-network input").fill("resnet 50")
    found.click()
    board(page, "torchvision-resnet50")
    expect(page.get_by_text("25.6 M parameters")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["network"] == ["torchvision/resnet50"]


def test_what_is_on_screen_can_be_taken_along(page: Page, app_server: str, tmp_path: Path) -> None:
    page.goto(f"{app_server}/layers?network=resnet18&open=all")
    shown = board(page, "resnet18")
    with page.expect_download() as saved:
        shown.get_by_role("button", name="Graph (SVG)").click()
    picture = tmp_path / "graph.svg"
    saved.value.save_as(picture)
    drawn = ET.parse(picture).getroot()  # noqa: S314 (we drew it ourselves)
    assert drawn.tag == f"{SVG}svg"
    words = {node.text for node in drawn.iter(f"{SVG}text")}
    assert {"+", "convolution", "merge"} <= words, "the signs and the legend"
    fills = {node.get("stroke-width") for node in drawn.iter(f"{SVG}path")}
    assert "3px" not in fills, "nothing is marked as chosen"
    stem = saved.value.suggested_filename.removesuffix(".svg")
    page.get_by_role("tab", name="Code").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Table (CSV)").click()
    assert saved.value.suggested_filename == f"{stem}.csv"
    table = tmp_path / "layers.csv"
    saved.value.save_as(table)
    assert table.read_text(encoding="utf-8").count("Conv2d") == 20


def test_a_chart_can_be_saved(page: Page, app_server: str, tmp_path: Path) -> None:
    page.goto(f"{app_server}/layers?network=alexnet&view=costs&picture=svg")
    settled(page)
    chart = page.locator(".st-key-layers-costs .js-plotly-plot")
    chart.wait_for()
    expect(chart.locator(".bars .point")).to_have_count(8)
    chart.hover()
    with page.expect_download() as saved:
        chart.locator(".modebar-btn").first.click()
    picture = tmp_path / "chart.svg"
    saved.value.save_as(picture)
    assert ET.parse(picture).getroot().tag == f"{SVG}svg"  # noqa: S314


def test_a_picture_that_cannot_be_drawn_says_so(page: Page) -> None:
    page.route("**/layers/layout.js", lambda route: route.abort())
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    shown = mounted(page, opened("layers", network="lenet"), "board").board
    expect(shown.locator(".strip")).to_contain_text("could not be loaded")
    expect(shown.locator("tbody tr[data-id]")).to_have_count(13)
    assert not failures


def test_a_choice_does_not_send_the_network_again(page: Page, app_server: str) -> None:
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    page.goto(f"{app_server}/layers?network=torchvision/densenet201")
    shown = board(page, "torchvision-densenet201")
    settled(page)
    assert sum(received) > 500_000
    received.clear()
    row(shown, "conv0").click()
    page.wait_for_url("**layer=features.conv0**")
    settled(page)
    assert sum(received) < 60_000


def test_a_phone_shows_everything_without_sideways_scrolling(page: Page, app_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_server}/layers?network=densenet")
    shown = board(page, "densenet")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(shown.locator(".strip")).to_have_class(re.compile("more-right"))  # its edge fades
    field = box_of(page.locator(".st-key-layers-network .stSelectbox"))
    assert field["width"] > 340
    shown.locator("tbody tr[data-id]").nth(2).click()
    expect(shown.locator("tr.detail")).to_be_visible()
