"""The window board in a real browser: its arithmetic against torch, by mouse and by keyboard."""

import random
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from explorer.base.inputs import spell_matrix
from tests.answers import Answers
from tests.conftest import box_of, settled
from tests.explorer.ui.mounted import Mounted, mounted
from tests.opened_pages import opened

pytestmark = pytest.mark.browser

TWELVE = [[(3 * r + 5 * c + r * c) % 10 - 2 for c in range(12)] for r in range(12)]
SOBEL = [[-1, 0, 1], [-2, 0.5, 2], [-1, 0, 1.25]]


def alone(page: Page, url: str, **address: str) -> Mounted:
    """The board that the page at /url?… would show, without the page."""
    return mounted(page, opened(url, **address), "window-board")


def painted_board(page: Page, address: str, name: str) -> Locator:
    """The board at `address` once it shows what is called `name`, and the page rests."""
    page.goto(address)
    board = page.locator(f'[data-window-painted="{name}"]')
    board.wait_for(timeout=60_000)
    settled(page)
    return board


def cell(board: Locator, panel: str, r: int, c: int) -> Locator:
    return board.locator(f'[data-panel="{panel}"] .cell[data-r="{r}"][data-c="{c}"]')


def values(board: Locator, panel: str) -> list[str]:
    cells = board.locator(f'[data-panel="{panel}"] .cell:not(.pad)')
    return [text.replace("−", "-") for text in cells.all_text_contents()]


def arithmetic(board: Locator, i: int, j: int) -> tuple[float, float, str]:
    """The sum written out for Y[i, j]: what it adds up to, what it says, and its text."""
    written = board.locator(".sum")
    expect(written).to_contain_text(f"Y[{i}, {j}] =")
    text = written.inner_text().replace("−", "-").replace("∞", "inf")
    sides = [side.strip() for side in re.sub(r"\s+", " ", text).split("=")]
    words = sides[1].replace("·", "*")
    assert re.fullmatch(r"(max)?[-+*/().,\d inf]+", words)
    return eval(words, {"inf": float("inf"), "max": max}), float(sides[2]), text  # noqa: S307


def ten_places(rows: int, columns: int) -> list[tuple[int, int]]:
    everywhere = [(i, j) for i in range(rows) for j in range(columns)]
    return random.Random(3).sample(everywhere, 10)  # noqa: S311 (no secret)


def convolution() -> tuple[dict[str, str], torch.Tensor]:
    x, kernel = torch.tensor(TWELVE).double(), torch.tensor(SOBEL).double()
    y = torch.nn.functional.conv2d(
        x[None, None], kernel[None, None], stride=(1, 2), padding=(1, 2), dilation=2
    )
    settings = {"stride_w": "2", "pad_h": "1", "pad_w": "2", "dilation": "2"}
    numbers = {"input": spell_matrix(TWELVE), "kernel": spell_matrix(SOBEL)}
    return {f"conv_{name}": value for name, value in {**settings, **numbers}.items()}, y[0, 0]


def test_the_sum_of_ten_cells_is_torchs_by_mouse_and_by_keyboard(page: Page) -> None:
    address, y = convolution()
    board = alone(page, "convolution", **address).board
    rows, columns = y.shape
    assert len(values(board, "output")) == rows * columns
    for i, j in ten_places(rows, columns):
        cell(board, "output", i, j).hover()
        total, result, text = arithmetic(board, i, j)
        assert total == pytest.approx(y[i, j].item(), abs=1e-4)
        assert result == pytest.approx(y[i, j].item(), abs=1e-4)
        assert text.count("·") == 9
        expect(board.locator('[data-panel="input"] .cell.lit')).to_have_count(9)
    page.mouse.move(2, 2)
    cell(board, "output", 0, 0).focus()
    i, j = 0, 0
    down_right = [("ArrowRight", 0, 1), ("ArrowDown", 1, 0)] * 5
    for key, down, right in (*down_right, ("ArrowLeft", 0, -1), ("ArrowUp", -1, 0)):
        page.keyboard.press(key)
        i, j = i + down, j + right
        total, result, _text = arithmetic(board, i, j)
        assert total == result == pytest.approx(y[i, j].item(), abs=1e-4)


@pytest.mark.parametrize("mode", ["max", "avg"])
def test_pooling_is_torchs_too(page: Page, mode: str) -> None:
    x = torch.tensor(TWELVE).double()
    pool = {"max": torch.nn.MaxPool2d, "avg": torch.nn.AvgPool2d}[mode]
    y = pool((2, 4), stride=(2, 3), padding=(1, 2))(x[None, None])[0, 0]
    settings = {
        "mode": mode, "window_h": 2, "window_w": 4, "stride_h": 2, "stride_w": 3,
        "pad_h": 1, "pad_w": 2, "input": spell_matrix(TWELVE),
    }  # fmt: skip
    address = {f"pool_{name}": str(value) for name, value in settings.items()}
    board = alone(page, "pooling", **address).board
    expect(cell(board, "input", -1, 0)).to_have_text("−∞" if mode == "max" else "0")
    for i, j in [(0, 0), *ten_places(*y.shape)[:4]]:
        cell(board, "output", i, j).hover()
        total, result, _text = arithmetic(board, i, j)
        assert total == pytest.approx(result, abs=1e-4)
        assert result == pytest.approx(y[i, j].item(), abs=1e-4)
        lit = board.locator('[data-panel="input"] .cell.strong')
        expect(lit).to_have_count(1 if mode == "max" else 0)  # the winner


def test_input_cells_and_weights_say_what_they_touch(page: Page) -> None:
    board = alone(page, "convolution").board
    lit_output, lit_input = (
        board.locator(f'[data-panel="{name}"] .cell.lit') for name in ("output", "input")
    )
    cell(board, "input", 1, 1).hover()
    expect(board.locator(".sum")).to_contain_text("X[1, 1] = 4 is read 4 times:")
    for part in ("×3 in Y[0, 0]", "×2 in Y[0, 1]", "×1 in Y[1, 0]", "×0 in Y[1, 1]"):
        expect(board.locator(".sum")).to_contain_text(part)
    expect(lit_output).to_have_count(4)
    cell(board, "input", 0, 0).hover()
    expect(board.locator(".sum")).to_contain_text("is read once: ×0 in Y[0, 0]")
    expect(lit_output).to_have_count(1)
    cell(board, "kernel", 0, 1).hover()
    expect(board.locator(".sum")).to_contain_text("K[0, 1] = 1 multiplies 4 cells")
    expect(lit_input).to_have_count(4)
    page.mouse.move(2, 2)
    expect(board.locator(".sum")).to_contain_text("Y[0, 0] = 0·0 + 1·1 + 3·2 + 4·3 = 19")


def test_what_is_never_read_is_hatched(page: Page) -> None:
    sixteen = spell_matrix([[4.0 * r + c for c in range(4)] for r in range(4)])
    threes = dict.fromkeys(
        (f"pool_{name}_{axis}" for name in ("window", "stride") for axis in "hw"), "3"
    )
    board = alone(page, "pooling", pool_input=sixteen, **threes).board
    expect(board.locator('[data-panel="input"] .cell.unread')).to_have_count(7)
    cell(board, "input", 3, 3).hover()
    expect(board.locator(".sum")).to_have_text("X[3, 3] = 15 is never read: no window reaches it.")


def test_play_step_and_scrub(page: Page) -> None:
    board = alone(page, "convolution").board
    board.get_by_role("button", name="Step forward").click()
    expect(board.locator(".count")).to_have_text("2 of 4")
    assert arithmetic(board, 0, 1)[:2] == (25, 25)
    board.get_by_role("button", name="Step back").click()
    assert arithmetic(board, 0, 0)[:2] == (19, 19)
    board.locator(".speed").fill("12")
    expect(board.locator(".pace")).to_have_text("12 per second")
    board.get_by_role("button", name="Play").click()
    expect(board.locator(".count")).to_have_text("4 of 4")
    assert arithmetic(board, 1, 1)[:2] == (43, 43)
    expect(board.get_by_role("button", name="Play")).to_be_visible()  # it stops at the end
    board.get_by_role("slider", name="Place of the window").fill("2")
    assert arithmetic(board, 1, 0)[:2] == (37, 37)


def type_into(page: Page, place: Locator, number: str) -> None:
    place.click()
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def test_edits_are_computed_at_once_and_reach_link_and_code(page: Page, app_server: str) -> None:
    """The second one is sent before the first is answered."""
    answers = Answers(page)
    board = painted_board(page, f"{app_server}/convolution?conv_flip=true", "3x3-2x2")
    answers.hold()
    for place, number in (
        (cell(board, "input", 1, 1), "-1,5"),
        (cell(board, "kernel", 0, 0), "10"),  # shown turned: at home in the other corner
    ):
        type_into(page, place, number)
        page.wait_for_timeout(900)  # the board's pause after an edit, and the page's run
        assert answers.held
    x = torch.tensor([[0, 1, 2], [3, -1.5, 5], [6, 7, 8]])
    kernel = torch.tensor([[0.0, 1], [2, 10]])
    y = torch.nn.functional.conv2d(x[None, None], kernel.flip(0, 1)[None, None])[0, 0]
    expected = [f"{value:g}" for value in y.flatten().tolist()]
    assert values(board, "output") == expected
    answers.release()
    page.wait_for_function("new URL(location).searchParams.get('conv_kernel') === '0 1; 2 10'")
    settled(page)
    assert parse_qs(urlsplit(page.url).query) == {
        "conv_flip": ["true"],
        "conv_input": ["0 1 2; 3 -1.5 5; 6 7 8"],
        "conv_kernel": ["0 1; 2 10"],
    }
    assert values(board, "kernel") == ["10", "2", "1", "0"]
    assert values(board, "output") == expected
    cell(board, "output", 1, 0).click()
    page.wait_for_url("**conv_at=1*0**")
    page.mouse.move(2, 2)
    page.reload()
    board = page.locator('[data-window-painted="3x3-2x2"]')
    board.wait_for(timeout=60_000)
    assert values(board, "output") == expected
    assert arithmetic(board, 1, 0)[1] == pytest.approx(y[1, 0].item())


def test_a_bad_number_gets_a_sentence_and_keeps_the_old_one(page: Page) -> None:
    board = alone(page, "convolution").board
    complaint = board.get_by_role("alert")
    for bad in ("abc", "1e9", "NaN", ""):
        cell(board, "input", 0, 2).focus()
        page.keyboard.press("Enter")
        board.locator(".editor").fill(bad)
        page.keyboard.press("Enter")
        expect(complaint).to_contain_text(f"“{bad}” is not a number")
        expect(complaint).to_contain_text("the cell keeps 2")
        assert values(board, "output") == ["19", "25", "37", "43"]
    page.keyboard.press("7")  # a digit on a cell begins an edit
    page.keyboard.press("Escape")
    expect(cell(board, "input", 0, 2)).to_have_text("2")
    page.keyboard.press("7")
    page.keyboard.press("Tab")  # keeps it, and edits the next
    page.keyboard.press("Escape")
    expect(complaint).to_be_hidden()
    expect(cell(board, "input", 0, 2)).to_have_text("7")
    assert values(board, "output") == ["19", "30", "37", "43"]


def test_a_preset_replaces_what_was_edited(page: Page, app_server: str) -> None:
    board = painted_board(page, f"{app_server}/convolution", "3x3-2x2")
    cell(board, "input", 0, 0).click()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    page.wait_for_url("**conv_input=9**")
    page.get_by_role("button", name="Flip the kernel").click()
    expect(cell(board, "input", 0, 0)).to_have_text("0")
    expect(cell(board, "output", 0, 0)).to_have_text("5")
    page.get_by_role("button", name="Make it too large").click()
    expect(page.get_by_text("spans 4 × 4 cells")).to_be_visible()
    expect(board.locator('[data-panel="output"] .cell')).to_have_count(0)


def test_a_window_without_a_place_sticks_out(page: Page) -> None:
    four = "; ".join(["1 1 1 1"] * 4)
    board = alone(page, "convolution", conv_kernel=four).board
    expect(board.locator('[data-panel="output"] .cell')).to_have_count(0)
    frame = box_of(board.locator(".frame"))
    last = box_of(cell(board, "input", 2, 2))
    assert frame["x"] + frame["width"] > last["x"] + 1.5 * last["width"]
    assert frame["y"] + frame["height"] > last["y"] + 1.5 * last["height"]


def test_sliding_asks_the_server_nothing(page: Page) -> None:
    requests: list[object] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108
    numbers = {"conv_input": spell_matrix(TWELVE), "conv_kernel": spell_matrix(SOBEL)}
    one = alone(page, "convolution", **numbers, conv_pad_h="1", conv_pad_w="1")
    board = one.board
    assert requests  # the counter counts
    requests.clear()
    for place in board.locator('[data-panel="output"] .cell').all()[::13]:  # the diagonal
        place.hover()
    for panel in ("input", "kernel"):
        for place in board.locator(f'[data-panel="{panel}"] .cell:not(.pad)').all()[:5]:
            place.hover()
    cell(board, "output", 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "End", "Home"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)  # longer than the pause after which edits are sent
    assert requests == []
    assert one.sent == []
    cell(board, "output", 2, 1).click()
    one.sends("at", [2, 1])


@pytest.mark.parametrize("url", ["convolution", "pooling"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for board_cell in alone(page, url).board.locator(".cell").all():
        box = box_of(board_cell)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_the_divider_moves_by_mouse_and_by_keyboard(page: Page) -> None:
    divider = mounted(page, opened("convolution"), "divider").board
    pictures = divider.locator("img")
    sizes = (
        "all => Promise.all(all.map(p => p.decode().then(() => [p.naturalWidth, p.naturalHeight])))"
    )
    assert pictures.evaluate_all(sizes) == [[480, 320]] * 2
    slider = divider.get_by_role("slider")
    box = box_of(slider)
    slider.scroll_into_view_if_needed()
    slider.click(position={"x": box["width"] * 0.2, "y": 30})
    assert 15 < float(slider.input_value()) < 25
    before = float(slider.input_value())
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) == before + 1
    assert divider.evaluate("root => root.style.getPropertyValue('--at')") == f"{before + 1:g}%"
