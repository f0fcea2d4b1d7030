"""A finger on every board: what answers a pointer answers a tap, and the page still scrolls."""

import re
from functools import partial
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Locator, Page, expect
from streamlit.testing.v1 import AppTest

from explorer.ui import progress
from explorer.ui.entries import ROOT
from tests import accessibility
from tests.conftest import box_of
from tests.explorer.ui.mounted import Mounted, mounted
from tests.opened_pages import ended, opened

pytestmark = pytest.mark.browser

MAPS = "feature-maps?weights=untrained:0&picture=digits:test:0&layer=conv2"
WHY = "why?weights=untrained:0&picture=digits:test:0"
# Of every board: a page that has it, and what a finger taps there.
TAPS = {
    "hero": ("", "svg"),
    "window-board": ("convolution", '[data-panel="output"] .cell >> nth=3'),
    "divider": ("convolution", "input"),
    "descent": ("edge-kernel", ".output canvas"),
    "strips": ("padding-stride", '[data-column="1"] >> nth=0'),
    "grids": ("channels", ".cell >> nth=4"),
    "fields": ("receptive-field", '.band[data-level="1"] >> nth=2'),
    "batchnorm": ("batch-norm", "svg circle >> nth=2"),
    "blocks": ("blocks", ".node >> nth=3"),
    "board": ("layers?network=lenet", "tbody tr >> nth=2"),
    "sheet": ("data?data=digits", "button >> nth=3"),
    "picture-numbers": ("data?data=digits&picture=7", "canvas"),
    "maps-strip": (MAPS, ".stage >> nth=2"),
    "channel-mosaic": (MAPS, "canvas"),
    "maps-channel": (MAPS, ".map canvas"),
    "maps-sum": (MAPS, ".grid canvas >> nth=0"),
    "drawing": ("", "canvas"),
    "kernels-sheet": ("kernels?weights=untrained:0&layer=conv2", "canvas"),
    "excites-ascent": ("excites?weights=untrained:0&data=digits&steps=16", "svg"),
    "why-answer": (WHY, ".bar >> nth=2"),
    "why-maps": (WHY, "canvas >> nth=0"),
}
# These ask the server for runs: they are tapped in tests/pages/train/test_run_boards.py.
ASK_THE_SERVER = {"live", "overlay", "learned", "table"}
# All that a board says: its words, what is chosen on it, and what it has told Python.
SAYS = """board => JSON.stringify([board.textContent, sent, ...[...board.querySelectorAll(
    "input, [aria-selected=true]")].map(each => each.value ?? each.outerHTML)])"""


@pytest.fixture(autouse=True)
def all_results(shipped: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait for what they compute."""
    monkeypatch.setattr(progress, "PATIENCE", 60.0)


def pad() -> None:
    """What a page opens for who wants to draw."""
    from explorer.ui.picture_picker import drawing

    drawing.grid(bytes(drawing.CELLS), key="pad", on_draw=lambda _cells: None)


def on_a_phone(phone: Page, kind: str) -> tuple[Mounted, Locator]:
    address, target = TAPS[kind]
    path, _mark, query = address.partition("?")
    page = partial(opened, path, **dict(parse_qsl(query)))
    at = AppTest.from_function(pad).run() if kind == "drawing" else ended(page())
    alone = mounted(phone, at, kind)
    return alone, alone.board.locator(target)


def words(alone: Mounted) -> str:
    return str(alone.board.evaluate(SAYS))


def tap(alone: Mounted, target: Locator, across: float = 0.5, down: float = 0.5) -> str:
    """What the board says for good once this place of it was tapped."""
    box = box_of(target)
    target.tap(position={"x": box["width"] * across, "y": box["height"] * down}, force=True)
    alone.page.wait_for_timeout(150)
    return words(alone)


def test_no_board_is_forgotten() -> None:
    board = re.compile(r'Path\(__file__\)\.with_\w+\("\w*\.js"\),\s*"([\w-]+)"')
    files = [*(ROOT / "explorer").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    text = "\n".join(file.read_text("utf-8") for file in files)
    assert set(board.findall(text)) == TAPS.keys() | ASK_THE_SERVER


@pytest.mark.parametrize("kind", TAPS)
def test_every_board_answers_a_tap_and_a_screen_reader(phone: Page, kind: str) -> None:
    alone, target = on_a_phone(phone, kind)
    before = words(alone)
    tap(alone, target, 0.2, 0.4)
    other = f"([board, before]) => ({SAYS})(board) !== before"
    handle = alone.board.element_handle()
    phone.wait_for_function(other, arg=[handle, before], timeout=3000)
    assert accessibility.faults(phone, "main") == []


# Boards on which nothing is chosen: what is read stays, and is read again where it was.
@pytest.mark.parametrize(
    "kind", ["hero", "descent", "picture-numbers", "maps-sum", "excites-ascent", "why-maps"]
)
def test_what_a_finger_reads_stays_and_is_read_again(phone: Page, kind: str) -> None:
    alone, target = on_a_phone(phone, kind)
    first, second = tap(alone, target, 0.1, 0.3), tap(alone, target, 0.22, 0.6)
    assert first != second
    assert tap(alone, target, 0.1, 0.3) == first


def test_two_grids_are_read_in_turn(phone: Page) -> None:
    alone, output = on_a_phone(phone, "descent")
    target = alone.board.locator(".target canvas")
    first = tap(alone, output, 0.1, 0.3)
    assert tap(alone, target, 0.6, 0.6) != first
    assert tap(alone, output, 0.1, 0.3) == first


def test_advice_for_keys_is_not_given_where_there_are_none(phone: Page, page: Page) -> None:
    for kind in ("window-board", "strips", "fields", "blocks"):
        alone, _target = on_a_phone(phone, kind)
        expect(alone.board.locator(".hint")).to_be_visible()
        expect(alone.board.locator(".for-keys")).to_be_hidden()
    alone, _target = on_a_phone(page, "blocks")
    expect(alone.board.locator(".for-keys")).to_contain_text("arrow keys")


def test_a_sum_has_its_numbers_on_a_phone(phone: Page) -> None:
    alone, grid = on_a_phone(phone, "maps-sum")
    assert box_of(grid)["width"] >= 5 * 22, "numbers stand in cells of 22 pixels and more"
    row = alone.board.locator(".row").first
    assert row.evaluate("row => row.scrollWidth <= row.clientWidth")
