"""The page on channels, as Streamlit runs it and as a browser shows it."""

import json
from functools import partial

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from streamlit.testing.v1 import AppTest
from torch.nn import functional

from pages.learn.channels import mixing
from tests import opened_pages
from tests.answers import Answers
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import board, press, text, untold

opened = partial(opened_pages.opened, "channels")


def cells(at: AppTest, grid: str) -> list[list[str]]:
    return next(each["texts"] for each in board(at)["grids"] if each["id"] == grid)


def lines(at: AppTest, *cell: str | int) -> list[str]:
    """The arithmetic of one cell."""
    story = next(each for each in board(at)["stories"] if list(cell) in each["at"])
    return [each["text"] for each in story["lines"]]


def test_the_courses_example_stands_there_first():
    at = opened()
    assert {name: cells(at, name) for name in ("m00", "m01", "y0")} == {
        "m00": [["19", "25"], ["37", "43"]],
        "m01": [["37", "47"], ["67", "77"]],
        "y0": [["56", "72"], ["104", "120"]],
    }
    assert lines(at, "y0", 0, 0) == [
        "channel 1: 0·0 + 1·1 + 3·2 + 4·3 = 19",
        "channel 2: 1·1 + 2·2 + 4·3 + 5·4 = 37",
        "output 1: 19 + 37 = 56",
    ]


def test_three_kernels_give_three_maps():
    at = opened(channels_outputs="3")
    assert cells(at, "y1") == [["76", "100"], ["148", "172"]]
    assert cells(at, "y2") == [["96", "128"], ["192", "224"]]
    assert "3 × 2 × 2 × 2" in text(at)


def test_an_input_number_lights_up_exactly_what_depends_on_it():
    at = opened(channels_outputs="2")
    stories = board(at)["stories"]
    x = torch.zeros(2, 3, 3, requires_grad=True)
    weights = torch.ones(2, 2, 2, 2)
    y = functional.conv2d(x[None], weights)[0]
    for c, i, j in [(0, 0, 0), (0, 1, 1), (1, 2, 1), (1, 0, 2)]:
        boxes = next(each["lit"] for each in stories if [f"x{c}", i, j] in each["at"])
        for o in range(2):
            marked = torch.zeros(2, 2, dtype=torch.bool)
            for grid, top, left, bottom, right, _tone in boxes:
                if grid == f"y{o}":
                    marked[top : bottom + 1, left : right + 1] = True
            slopes = [torch.autograd.grad(each, x, retain_graph=True)[0] for each in y[o].flatten()]
            assert marked.flatten().tolist() == [bool(slope[c, i, j]) for slope in slopes]


def test_prompts_set_the_numbers():
    at = opened()
    press(at, "Channels that cancel")
    assert {cell for row in cells(at, "y0") for cell in row} == {"0"}
    press(at, "Red to grey")
    assert cells(at, "y0")[0][0] == "3.979"  # 0.299·9 + 0.587·2 + 0.114·1


def test_one_by_one_is_the_product_that_is_written_out():
    at = opened(channels_part="pixel")

    def matrix(grid: str) -> torch.Tensor:
        return torch.tensor([[float(c.replace("−", "-")) for c in r] for r in cells(at, grid)])

    x = torch.stack([matrix(f"x{n}") for n in range(3)])
    y = functional.conv2d(x[None], matrix("w")[:, :, None, None])[0]
    torch.testing.assert_close(torch.stack([matrix("y0"), matrix("y1")]), y, atol=1e-5, rtol=0)
    assert lines(at, "ys", 1, 4) == lines(at, "y1", 1, 1)
    assert "largest difference from conv2d" in at.table[0].value.columns


def test_typed_pixels_come_with_the_link_and_nonsense_does_not():
    at = opened(channels_part="pixel", channels_typed="3.2.0;x0.1.1:2;w.0.0:-1.5")
    assert cells(at, "x0")[1][1] == "2"
    assert cells(at, "w")[0][0] == "−1.5"
    plain = cells(opened(channels_part="pixel"), "x0")
    beside = "3.2.0;x0.1.1:2;x0.9.9:2"  # a good one and one that is not there
    for nonsense in (beside, "3.2.0;x0.1.1:two", "9.9.9;x0.1.1:2", "x", "3.2.0;;"):
        again = opened(channels_part="pixel", channels_typed=nonsense)
        assert cells(again, "x0") == plain
        assert not again.error
        assert not untold(again, ["channels_typed"])


def test_a_typed_number_keeps_its_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    address = {"channels_typed": "3.2.0;w.0.0:-1.5"}
    monkeypatch.setattr(mixing.STATE, "query", address.get)
    monkeypatch.setattr(mixing.STATE, "put", address.__setitem__)
    mixing._edit_pixels("3.2.0", "x0", 1, 2, -0.1234567)
    assert mixing._typed("3.2.0") == {("w", 0, 0): -1.5, ("x0", 1, 2): -0.1234567}
    mixing._edit_pixels("3.2.1", "x0", 1, 2, 3)
    assert mixing._typed("3.2.1") == {("x0", 1, 2): 3}


@pytest.mark.parametrize(
    ("address", "sentences"),
    [
        ({"part": "cost", "c_in": "1", "c_out": "6", "kernel_size": "5", "height": "28",
          "width": "28"}, ["**156 parameters** = 6 × (5·5·1 + 1)", "6·28·28 × 5·5·1"]),
        ({"part": "dense"}, [
            "1000·1000·3 × 256 = **768 M weights**, 3.07 GB = 2.86 GiB",
            "256 × 3·3·3 = **6\u202f912 weights**",
            "111\u202f111 times the weights",
        ]),
        # On a small picture a convolution can have more: 8·8 / (11·11).
        ({"part": "dense", "side": "8", "colours": "1", "dense_kernel": "11"},
         ["**0.53 times the weights**"]),
    ],
)  # fmt: skip
def test_costs_are_written_with_their_numbers(address, sentences):
    at = opened(**{f"channels_{name}": value for name, value in address.items()})
    assert [sentence for sentence in sentences if sentence not in text(at)] == []
    assert at.get("plotly_chart")


@pytest.mark.parametrize("name", ["lenet", "alexnet", "densenet"])
def test_the_flow_through_a_network_is_drawn(name):
    at = opened(channels_part="flow", channels_network=name)
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert [trace["name"] for trace in spec["data"]][:2] == ["cells of one map", "channels"]


# -- in the browser ---------------------------------------------------------------------------


def cell(board: Locator, grid: str, row: int, column: int) -> Locator:
    return board.locator(f"#cell-{grid}\\.{row}\\.{column}")


@pytest.mark.browser
def test_pointing_and_keys_write_the_sum_out_and_send_nothing(page: Page):
    alone = mounted(page, opened(channels_outputs="2"), "grids")
    x = torch.stack([torch.arange(9.0).view(3, 3), torch.arange(1.0, 10).view(3, 3)])
    kernel = torch.tensor([[[0.0, 1], [2, 3]], [[1, 2], [3, 4]]])
    y = functional.conv2d(x[None], torch.stack([kernel, kernel + 1]))[0]
    why, lit = alone.board.locator(".why"), alone.board.locator(".lit.t1")
    for o, i, j in [(1, 0, 1), (0, 0, 0), (0, 1, 0), (1, 1, 0), (0, 1, 1)]:
        cell(alone.board, f"y{o}", i, j).hover()
        expect(why.locator(".strong")).to_contain_text(f"= {y[o, i, j]:g}")
        expect(lit).to_have_count(4 + 4 + 1)  # window, slice, map cell
    cell(alone.board, "x0", 1, 1).hover()  # an input cell lights up what it meets and goes into
    expect(why).to_contain_text("This number meets 4 weights of each kernel")
    expect(lit).to_have_count(2 * (4 + 4))
    expect(alone.board.locator(".lit.t0")).to_have_count(2 * 4)
    cell(alone.board, "k00", 0, 1).hover()
    expect(why).to_contain_text("This weight multiplies 4 cells of channel 1")
    assert alone.sent == []
    cell(alone.board, "y1", 0, 0).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(why.locator(".strong")).to_contain_text(f"= {y[1, 1, 1]:g}")
    alone.sends("at", {"key": "channels_sum", "at": ["y1", 1, 1]})


@pytest.mark.browser
def test_tab_leaves_a_number_that_is_typed_for_the_next_grid(page: Page):
    alone = mounted(page, opened(), "grids")
    frames = alone.board.locator(".grid")
    names = frames.evaluate_all("frames => frames.map(frame => frame.dataset.grid)")
    cell(alone.board, "x0", 0, 0).click()
    page.keyboard.type("9")
    page.keyboard.press("Tab")
    alone.sends("edit", {"grid": "x0", "row": 0, "column": 0, "text": "9"})
    expect(frames.nth(names.index("x0") + 1)).to_be_focused()


@pytest.mark.browser
def test_a_link_carries_what_a_prompt_set_on_this_tab_or_another(page: Page, app_server: str):
    page.goto(f"{app_server}/channels?channels_part=cost")
    settled(page)
    page.get_by_role("button", name="LeNet's first layer").click()
    page.wait_for_url("**channels_c_in=1&**")  # the least a slider has, and not its default
    settled(page)
    expect(page.get_by_text("156 parameters")).to_be_visible()
    page.wait_for_timeout(500)  # each field writes its own part of the address
    page.reload()
    expect(page.get_by_text("156 parameters")).to_be_visible()
    page.get_by_text("How does information travel").click()
    page.wait_for_url("**channels_part=**")
    settled(page)
    page.locator(".st-key-show_4 button").click()
    page.wait_for_url("**channels_network=alexnet**")


@pytest.mark.browser
def test_nothing_that_is_typed_is_lost_when_answers_are_slow(page: Page, app_server: str):
    answers = Answers(page)
    page.goto(f"{app_server}/channels")
    grids = page.locator('.grids[data-grids-painted="channels_sum"]')
    grids.wait_for(timeout=30_000)
    settled(page)
    answers.hold()
    for place, number in (("x1", "9"), ("k01", "5")):
        cell(grids, place, 0, 0).click()
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        page.wait_for_timeout(900)  # the board's pause after a click, and the page's run
        assert answers.held
    answers.release()
    expect(cell(grids, "y0", 0, 0)).to_have_text("100")  # 56 + 8·1 + 4·9
    parts = ("channels_input=", "channels_kernel0=", "channels_sum_at=k01.0.0")
    page.wait_for_url(lambda url: all(each in url for each in parts))  # in whichever order
    settled(page)
    expect(cell(grids, "y0", 0, 0)).to_have_text("100")
    cell(grids, "x1", 0, 0).dblclick()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("“many” is not a number")
    expect(cell(grids, "y0", 0, 0)).to_have_text("100")
