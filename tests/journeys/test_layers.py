"""Whole journeys through the layer explorer in a real browser, as a teacher would make them."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import box_of, settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import opened

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"


def layer_board(page: Page, name: str) -> Locator:
    """The layer board, once it shows the network called `name`, table and picture."""
    board = page.locator(f'.board[data-board-painted^="{name}-"][data-board-graph^="{name}-"]')
    board.wait_for(timeout=30_000)
    return board


def row(board: Locator, name: str) -> Locator:
    return board.locator("tbody tr[data-id]").filter(has=board.page.get_by_text(name, exact=True))


def pick(page: Page, words: str, option: str) -> None:
    """Find a network by typing, and take it."""
    field = page.locator(".st-key-layers-network input")
    field.click()
    field.fill(words)
    page.get_by_role("option", name=option, exact=True).click()


def test_from_the_home_page_to_a_mended_size(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=alexnet&input=1x64x64")
    layer_board(page, "alexnet-1x1x64x64")
    page.get_by_role("link", name="Home").first.click()
    settled(page)
    page.get_by_role("link", name="AlexNet at 28").click()  # the same network at another size
    board = layer_board(page, "alexnet-1x1x28x28")
    lesson = page.locator(".st-key-lesson")
    expect(lesson).to_contain_text("pool2's window is 3 cells long, but there are only 2")
    expect(board.locator("tr.failed")).to_have_count(1)
    expect(board.locator("tbody tr[data-id]")).to_have_count(7)  # the picture and six layers
    page.get_by_role("button", name="Use 1x193x193").click()
    board = layer_board(page, "alexnet-1x1x193x193")
    expect(page.get_by_text("46.8 M parameters")).to_be_visible()
    expect(board.locator("tr.failed")).to_have_count(0)
    expect(board.locator("tbody tr[data-id]")).to_have_count(22)


def test_a_number_says_why_and_the_link_remembers(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=alexnet")
    board = layer_board(page, "alexnet")
    row(board, "conv1").click()
    why = board.locator(".why").filter(has_text="96 × (11·11·1 + 1)")
    expect(why).to_contain_text("54 = ⌊(224 + 2·1 − 11) / 4⌋ + 1")
    expect(why).to_contain_text("= 96·54·54 × 11·11·1")
    # Exact numbers can be read without a mouse.
    expect(board.locator(".why .exact").get_by_text("33\u202f872\u202f256")).to_be_visible()
    page.wait_for_url("**layer=conv1**")
    page.reload()
    board = layer_board(page, "alexnet")
    expect(row(board, "conv1")).to_have_attribute("aria-selected", "true")
    assert parse_qs(urlsplit(page.url).query)["layer"] == ["conv1"]
    comes_into_sight(board.locator("tr.detail .formulas"))
    # The title stands below the page's header, and apart from the fields.
    heading = page.get_by_role("heading", level=1)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    title, label = box_of(heading), box_of(page.get_by_text("Network", exact=True))
    assert title["y"] >= 44
    padding = heading.evaluate("element => parseFloat(getComputedStyle(element).paddingBottom)")
    assert label["y"] - (title["y"] + title["height"] - padding) >= 8


def test_picture_and_table_are_one(page: Page) -> None:
    mounted(page, opened("layers", network="lenet"), "board")
    board = layer_board(page, "lenet")
    number = row(board, "pool1").get_attribute("data-id")
    board.locator(f'.strip g.node[data-id="{number}"]').first.click()
    expect(row(board, "pool1")).to_have_attribute("aria-selected", "true")
    row(board, "fc2").click()
    marked = board.locator(".strip g.node.chosen").first
    assert marked.get_attribute("data-id") == row(board, "fc2").get_attribute("data-id")


def test_a_row_leads_to_the_pages_that_explain_it(page: Page) -> None:
    layers = mounted(page, opened("layers", network="lenet", layer="conv1"), "board")
    layer_board(page, "lenet")
    layers.board.get_by_role("link", name="Padding and stride").click()
    layers.sends("learn", "padding-stride")


@pytest.mark.parametrize("network", ["lenet", "googlenet", "densenet", "torchvision/vit_b_16"])
def test_a_phone_shows_layer_output_and_parameters_first(page: Page, network: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    mounted(page, opened("layers", network=network, open="all"), "board")
    board = layer_board(page, network.replace("/", "-"))
    heads = board.get_by_role("columnheader")
    assert heads.all_inner_texts()[:3] == ["Layer", "Output", "Parameters"]
    last = box_of(heads.nth(2))
    assert last["x"] + last["width"] <= 390 - 16
    page.set_viewport_size({"width": 1366, "height": 768})
    expect(heads.nth(1)).to_have_text("Type")


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_homes_question_lands_where_its_answer_is_on_screen(
    page: Page, app_server: str, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(app_server)
    settled(page)
    page.get_by_role("link", name="why four branches").click()
    board = layer_board(page, "googlenet")
    comes_into_sight(board.locator(".formula", has_text="256 = 64 + 128 + 32 + 32"))
    comes_into_sight(row(board, "cat"))
    board.get_by_role("link", name="Blocks").click()
    page.wait_for_url("**/blocks**")


def test_blocks_fold_and_unfold_with_mouse_and_keys(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=googlenet")
    board = layer_board(page, "googlenet")
    rows = board.locator("tbody tr[data-id]")
    expect(rows).to_have_count(7)  # the picture, five stages, one linear layer
    board.get_by_role("button", name="Unfold all").click()
    expect(rows).to_have_count(153)
    expect(board.locator("tbody tr").filter(has_text="cat")).to_have_count(9)
    board.get_by_role("button", name="Fold all", exact=True).click()
    expect(rows).to_have_count(7)
    row(board, "stage3").click()
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(10)
    page.wait_for_url("**open=stage3**")
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(7)


def comes_into_sight(place: Locator) -> None:
    """All of it is in the window, below the page's header, once a smooth movement has ended."""
    place.page.wait_for_function(
        """element => {
            const { top, bottom } = element.getBoundingClientRect()
            const same = top === window.topBefore
            window.topBefore = top
            return same && top >= 44 && bottom <= innerHeight
        }""",
        arg=place.element_handle(), polling=100, timeout=5000,
    )  # fmt: skip


def test_a_choice_in_the_picture_brings_its_arithmetic_into_sight(
    page: Page, app_server: str
) -> None:
    page.goto(f"{app_server}/layers?network=alexnet")
    board = layer_board(page, "alexnet")
    for motion in ("reduce", "no-preference"):
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        for name in ("conv5", "fc3", "conv1"):
            number = row(board, name).get_attribute("data-id")
            board.locator(f'.strip g.node[data-id="{number}"]').first.click()
            expect(row(board, name)).to_have_attribute("aria-selected", "true")
            comes_into_sight(board.locator("tr.detail .formulas"))
            comes_into_sight(row(board, name))
        row(board, "fc3").click()
        expect(row(board, "fc3")).to_have_attribute("aria-selected", "true")
        comes_into_sight(board.locator("tr.detail .formulas"))


def test_a_network_in_one_block_opens_with_something_to_see(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=torchvision/vgg11")
    rows = layer_board(page, "torchvision-vgg11").locator("tbody tr[data-id]")
    expect(rows).to_have_count(26)
    page.get_by_role("button", name="Fold all", exact=True).click()
    expect(rows).to_have_count(5)
    page.wait_for_url("**open=none**")
    page.get_by_role("button", name="All sums").click()  # a rerun
    settled(page)
    expect(rows).to_have_count(5)
    page.reload()
    layer_board(page, "torchvision-vgg11")
    expect(rows).to_have_count(5)


def test_a_network_found_by_typing_forgets_what_was_unfolded_and_chosen(
    page: Page, app_server: str
) -> None:
    page.goto(f"{app_server}/layers?network=googlenet&open=all&layer=stage3")
    layer_board(page, "googlenet")
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    option = "ResNet-50 · torchvision/resnet50"
    for words in ("torchvision/resnet50", "ResNet-50"):
        page.locator(".st-key-layers-network input").fill(words)
        expect(page.get_by_role("option", name=option, exact=True)).to_be_visible()
        page.keyboard.press("Escape")
    pick(page, "resnet 50", option)
    board = layer_board(page, "torchvision-resnet50")
    expect(page.get_by_text("25.6 M parameters")).to_be_visible()
    page.wait_for_url(re.compile(r"network=torchvision%2Fresnet50$"))
    expect(board.locator('tr[aria-expanded="true"], tr[aria-selected="true"]')).to_have_count(0)


def test_what_is_on_screen_can_be_taken_along(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=resnet18&open=all&picture=svg")
    board = layer_board(page, "resnet18")
    with page.expect_download() as saved:
        board.get_by_role("button", name="Graph (SVG)").click()
    drawn = ET.parse(saved.value.path()).getroot()  # noqa: S314 (we drew it ourselves)
    assert drawn.tag == f"{SVG}svg"
    words = {node.text for node in drawn.iter(f"{SVG}text")}
    assert {"+", "convolution", "merge"} <= words, "the signs and the legend"
    fills = {node.get("stroke-width") for node in drawn.iter(f"{SVG}path")}
    assert "3px" not in fills, "nothing is marked as chosen"
    stem = saved.value.suggested_filename.removesuffix(".svg")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Table (CSV)").click()
    assert saved.value.suggested_filename == f"{stem}.csv"
    assert saved.value.path().read_text(encoding="utf-8").count("Conv2d") == 20
    page.get_by_role("tab", name="Costs").click()
    chart = page.locator(".st-key-layers-costs .js-plotly-plot")
    expect(chart.locator(".bars .point")).to_have_count(38, timeout=20_000)
    chart.hover()
    with page.expect_download() as saved:
        chart.locator(".modebar-btn").first.click()
    assert ET.parse(saved.value.path()).getroot().tag == f"{SVG}svg"  # noqa: S314


def test_a_picture_that_cannot_be_drawn_says_so(page: Page) -> None:
    page.route("**/layers/layout.js", lambda route: route.abort())
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    board = mounted(page, opened("layers", network="lenet"), "board").board
    expect(board.locator(".strip")).to_contain_text("could not be loaded")
    expect(board.locator("tbody tr[data-id]")).to_have_count(13)
    assert not failures


def test_a_choice_does_not_send_the_network_again(page: Page, app_server: str) -> None:
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    page.goto(f"{app_server}/layers?network=torchvision/densenet201")
    board = layer_board(page, "torchvision-densenet201")
    settled(page)
    assert sum(received) > 500_000
    received.clear()
    row(board, "conv0").click()
    page.wait_for_url("**layer=features.conv0**")
    settled(page)
    assert sum(received) < 60_000


def test_a_phone_shows_everything_without_sideways_scrolling(page: Page, app_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_server}/layers?network=densenet")
    board = layer_board(page, "densenet")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(board.locator(".strip")).to_have_class(re.compile("more-right"))  # its edge fades
    field = box_of(page.locator(".st-key-layers-network .stSelectbox"))
    assert field["width"] > 340
    board.locator("tbody tr[data-id]").nth(2).click()
    expect(board.locator("tr.detail")).to_be_visible()
