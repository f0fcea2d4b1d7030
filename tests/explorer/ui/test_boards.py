"""Our boards in a real browser: saved as pictures, readable when large, and honest."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import parse_qsl

import pytest
import torch
from PIL import Image
from playwright.sync_api import Download, Locator, Page, expect

from explorer.base.inputs import spell_matrix
from tests.conftest import box_of
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import opened

SVG = "{http://www.w3.org/2000/svg}"
MARGIN, SHARP = 12, 2  # px around a saved picture; pixels of a PNG for one on the screen

# The page that has it, formats it is saved in, name of the file.
BOARDS = {
    "window-board": ("pooling", "window-max-3x3-2x2", ["png"]),
    "descent": ("edge-kernel", "descent-step-0", ["svg", "png"]),
    "strips": ("padding-stride?pad_view=two", "plane-window-1", ["svg"]),
    "grids": ("channels", "channels_sum", ["png"]),
    "fields": ("receptive-field", "field-layer-5-unit-4", ["svg"]),
    "batchnorm": ("batch-norm", "batch-norm-3", ["svg"]),
    "divider": ("convolution", "before-and-after", ["png"]),
}


def saved(page: Page, board: Locator, kind: str) -> Download:
    """What the button for this format saves, pressed by keyboard."""
    button = board.get_by_role("button", name=f"Save this picture ({kind.upper()})")
    button.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    return download.value


def drawing(download: Download) -> ET.Element:
    return ET.parse(download.path()).getroot()  # noqa: S314 (we drew it ourselves)


def picture(download: Download) -> Image.Image:
    return Image.open(download.path()).convert("RGB")


def signs(texts: list[str]) -> list[str]:
    return sorted("".join("".join(texts).split()))


def unnamed(board: Locator) -> list[str]:
    """The controls that a screen reader could not name."""
    controls: list[str] = board.evaluate(
        """board => [...board.querySelectorAll("button, input, select, canvas, [tabindex='0']")]
          .filter(node => !(node.ariaLabel || node.getAttribute("aria-label") || node.innerText))
          .map(node => node.outerHTML.slice(0, 200))"""
    )
    return controls


@pytest.mark.browser
@pytest.mark.parametrize("kind", BOARDS)
def test_every_board_names_its_controls_and_is_saved_by_keyboard(page: Page, kind: str) -> None:
    url, name, formats = BOARDS[kind]
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    path, _mark, query = url.partition("?")
    board = mounted(page, opened(path, **dict(parse_qsl(query))), kind).board
    assert unnamed(board) == []
    box = box_of(board)
    for suffix in formats:
        file = saved(page, board, suffix)
        assert file.suggested_filename == f"{name}.{suffix}"
        if suffix == "svg":
            root = drawing(file)
            assert root.tag == f"{SVG}svg"
            assert 300 < float(root.attrib["width"]) <= box["width"] + 2 * MARGIN
        else:
            image = picture(file)
            assert 300 < image.width <= SHARP * (box["width"] + 2 * MARGIN)
            assert len(set(image.get_flattened_data())) > 50, "something is drawn"
    assert not [text for text in console if "Security Policy" in text or "rror" in text[:12]]


@pytest.mark.browser
def test_a_saved_strip_holds_every_number_shown(page: Page) -> None:
    board = mounted(page, opened("padding-stride"), "strips").board
    board.get_by_role("button", name="One window on").click()
    expect(board.locator(".note")).to_contain_text("Output 2")
    root = drawing(saved(page, board, "svg"))
    texts = board.locator(".formula, .verdict, .note, .stage text").all_text_contents()
    drawn = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert signs(drawn) == signs(texts)
    assert {"1", "9", "10", "22"} <= set(drawn)
    colors = {node.get("fill") or "" for node in root.iter()}
    assert not [color for color in colors if color.startswith(("var(", "color"))]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_window_board_looks_as_on_the_screen(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    board = mounted(page, opened("convolution"), "window-board").board
    image = picture(saved(page, board, "png"))
    corner = box_of(board)
    for cell in board.locator(".cell:not(.pad)").all():
        box = box_of(cell)
        color = cell.evaluate("cell => getComputedStyle(cell).backgroundColor")
        place = [  # beside the number
            int(SHARP * (MARGIN + box[axis] - corner[axis] + share * box[side]))
            for axis, side, share in (("x", "width", 0.5), ("y", "height", 0.18))
        ]
        assert image.getpixel((place[0], place[1])) == tuple(map(int, re.findall(r"\d+", color)))
    paper = image.getpixel((2, 2))
    assert paper == ((255, 255, 255) if scheme == "light" else (16, 21, 28))


@pytest.mark.browser
def test_a_board_that_does_not_load_says_so(page: Page) -> None:
    page.route("**/strip_board.js*", lambda route: route.abort())
    board = mounted(page, opened("padding-stride"), "strips", painted=False).board
    expect(board).to_have_text("The picture could not be loaded. Reload the page.")


@pytest.mark.browser
def test_a_picture_that_cannot_be_saved_says_so(page: Page) -> None:
    page.route("**/save.js*", lambda route: route.abort())
    board = mounted(page, opened("padding-stride"), "strips").board
    board.get_by_role("button", name="Save this picture").click()
    expect(board.get_by_text("The picture could not be saved.")).to_be_visible()


# The window board when it is large


LARGE = [[(3 * r + 5 * c + r * c) % 10 - 2.0 for c in range(16)] for r in range(16)]
ABOVE = 250  # pixels of the page that stand above its board
KERNEL = [[-1.0, 0.0, 1.0], [-2.0, 0.5, 2.0], [-1.0, 0.0, 1.25]]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1366, 390])
def test_sixteen_by_sixteen_can_be_read(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    at = opened("convolution", conv_input=spell_matrix(LARGE), conv_kernel=spell_matrix(KERNEL))
    board = mounted(page, at, "window-board").board
    output = board.locator('[data-panel="output"]')
    cells = output.locator(".cell")
    sizes = board.locator(".cell").evaluate_all(
        "cells => cells.map(cell => parseFloat(getComputedStyle(cell).fontSize))"
    )
    assert min(sizes) >= 11
    assert board.evaluate(
        "board => [...board.querySelectorAll('.cell')].every(c => c.scrollWidth <= c.clientWidth)"
    )
    x, kernel = torch.tensor(LARGE).double(), torch.tensor(KERNEL).double()
    y = torch.nn.functional.conv2d(x[None, None], kernel[None, None])[0, 0].flatten().tolist()
    for text, value in zip(cells.all_text_contents(), y, strict=True):
        number = float(text.replace("−", "-").replace("≈", ""))
        assert number == pytest.approx(value, abs=0.5)
        assert text != "0" or value == 0
    expect(output.get_by_text("rounded")).to_be_visible()
    cells.first.focus()
    expect(board.locator(".sum")).to_contain_text("= 1")
    expect(cells.nth(1)).to_have_attribute("aria-label", re.compile(r"−9\.25"))
    if width == 1366:
        box = box_of(output)
        assert box["y"] + box["height"] < 768 - ABOVE, "the answer is above the fold"


# A page's board, and whether each number has one colour all over it, or 0 alone (where the ranges
# of its grids differ, and are written below them).
COLOURS = [
    ("convolution", {}, {"0"}),
    ("convolution", {"conv_input": "0 1 1; 0 1 1", "conv_kernel": "1 -1"}, {"0"}),
    ("convolution", {"conv_input": "1 1 0; 1 1 0", "conv_kernel": "1; -1"}, {"0"}),
    ("channels", {}, {"0"}),
    ("channels", {"channels_part": "pixel"}, {"0"}),
    ("pooling", {}, None),
    ("pooling", {"pool_input": "0 1 0 0 -1 0; 0 1 0 0 -1 0"}, None),
]


@pytest.mark.browser
@pytest.mark.parametrize(("url", "address", "numbers"), COLOURS)
def test_a_number_has_one_colour_in_one_picture(page: Page, url, address, numbers) -> None:
    name = "grids" if url == "channels" else "window-board"
    board = mounted(page, opened(url, **address), name).board
    cells: list[list[str]] = board.locator(".cell:not(.pad)").evaluate_all(
        "all => all.map(cell => [cell.textContent, getComputedStyle(cell).backgroundColor])"
    )
    colours: dict[str, set[str]] = {}
    for text, colour in cells:
        if text and "/" not in text and (numbers is None or text in numbers):
            colours.setdefault(text, set()).add(colour)
    assert colours
    assert {text: each for text, each in colours.items() if len(each) > 1} == {}
