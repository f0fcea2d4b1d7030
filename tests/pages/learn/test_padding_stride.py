"""Padding and stride: windows and sizes against torch, the page's words, its board in a browser."""

import re
from functools import partial

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from torch.nn import functional

from explorer.lessons import windows
from pages.learn.padding_stride import parts, planes, strip_board
from tests import opened_pages
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import boards, press, text

AXES = {
    "size": st.integers(1, 24),
    "kernel": st.integers(1, 11),
    "stride": st.integers(1, 8),
    "padding": st.integers(0, 8),
    "dilation": st.integers(1, 4),
}


# -- the library ----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(**AXES)
def test_windows_outputs_and_unread_cells_are_torchs(size, kernel, stride, padding, dilation):
    try:
        along = windows.axis(size, kernel, stride, padding, dilation)
    except ValueError:
        with pytest.raises(RuntimeError):
            functional.conv1d(
                torch.ones(1, 1, size), torch.ones(1, 1, kernel), None, stride, padding, dilation
            )
        return
    x = torch.arange(1, size + 1, dtype=torch.float64).requires_grad_()
    weight = torch.ones(1, 1, kernel, dtype=torch.float64)
    output = functional.conv1d(x[None, None], weight, None, stride, padding, dilation)[0, 0]
    assert windows.line(along) == tuple(output.tolist())
    assert along.places == len(output)
    for place in range(along.places):
        (gradient,) = torch.autograd.grad(output[place], x, retain_graph=True)
        inside = [column for column in along.window(place) if 0 <= column < size]
        assert inside == gradient.nonzero().flatten().tolist()
    (gradient,) = torch.autograd.grad(output.sum(), x)
    assert along.lost == tuple((gradient == 0).nonzero().flatten().tolist())
    assert [len(along.readers(column)) for column in range(size)] == gradient.tolist()


@settings(deadline=None, max_examples=100)
@given(**AXES)
def test_what_is_left_over_is_where_the_next_window_would_not_fit(
    size, kernel, stride, padding, dilation
):
    try:
        along = windows.axis(size, kernel, stride, padding, dilation)
    except ValueError:
        assume(False)
    end = along.size + along.after
    assert along.window(along.places - 1)[-1] == end - 1 - along.left_over
    assert along.window(along.places)[-1] >= end


# torch says that an even kernel costs it a copy; that is all right here.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@settings(deadline=None, max_examples=100)
@given(size=st.integers(1, 24), kernel=st.integers(1, 11), dilation=st.integers(1, 4))
def test_same_size_is_torchs_same(size, kernel, dilation):
    along = windows.same(size, kernel, dilation)
    x = torch.arange(1, size + 1, dtype=torch.float64)
    weight = torch.ones(1, 1, kernel, dtype=torch.float64)
    output = functional.conv1d(x[None, None], weight, padding="same", dilation=dilation)
    assert windows.line(along) == tuple(output.flatten().tolist())
    other = windows.same(size, kernel, dilation, extra_first=True)
    assert other.places == along.places == size
    assert (other == along) == (dilation * (kernel - 1) % 2 == 0)


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        (("8x8", "3x3", "1", "1"), (8, 8)),
        (("8x8", "5x3", "(2, 1)", "1"), (8, 8)),
        (("8x8", "3", "1", "2"), (4, 4)),
        (("8x8", "3x5", "0,1", "3,4"), (2, 2)),
    ],
)
def test_the_courses_examples(typed, places):
    rows, columns = planes.read_axes(typed)
    assert (rows.places, columns.places) == places
    x = torch.rand(1, 1, rows.size, columns.size)
    pairs = zip(*((each.kernel, each.stride, each.before) for each in (rows, columns)), strict=True)
    layer = torch.nn.Conv2d(1, 1, *pairs)
    assert layer(x).shape[2:] == places


def test_the_courses_figures_of_padding_and_stride():
    rows, columns = planes.read_axes(("3x3", "2x2", "1", "1"))
    padded = ((0, 3, 8, 4), (9, 19, 25, 10), (21, 37, 43, 16), (6, 7, 8, 0))
    assert windows.plane(rows, columns) == padded
    rows, columns = planes.read_axes(("3x3", "2x2", "1", "3, 2"))
    assert windows.plane(rows, columns) == ((0, 8), (6, 8))


# -- the page -------------------------------------------------------------------------------------


opened = partial(opened_pages.opened, "padding-stride")


def test_the_page_opens_with_two_columns_that_are_never_read():
    (strip,) = boards(opened())
    assert strip["verdict"].startswith("Columns 8 and 9 are never read")
    assert [cell["unread"] for cell in strip["cells"][0]] == [False] * 7 + [True] * 2
    assert strip["ghost"] == "the next window lacks 1 cell"


def test_total_and_per_side_are_told_apart():
    at = opened(pad_size="8", pad_kernel="3", pad_padding="1", pad_stride="1")
    for sentence in ("2p = 2 in total", "p = 2 gives **8**", "you get **7**"):
        assert sentence in text(at)
    formula = "".join(piece for piece, _role in boards(at)[0]["formula"][0])
    assert formula == "8 = ⌊(8 + 2·1 − 3) / 1⌋ + 1 = 7 + 1"


def test_padding_0_1_is_left_and_right_only():
    at = opened(pad_view="two", pad_kernel2="3x5", pad_padding2="0, 1", pad_stride2="3, 4")
    assert "left and right only" in text(at)
    (plane,) = boards(at)
    assert plane["places"] == [2, 2]
    padding = [True] + [False] * 8 + [True]
    assert [[cell["pad"] for cell in row] for row in plane["cells"]] == [padding] * 8
    assert plane["verdict"] == "Rows 7 and 8 are never read."


def test_the_courses_examples_are_one_click_away():
    at = opened(pad_view="two")
    for label, setting in parts.COURSE.items():
        press(at, label)
        assert not at.error
        assert at.text_input(key="pad_kernel2").value == setting["pad_kernel2"]
        rows, columns = planes.read_axes([setting[name] for name in planes.AXES])
        outputs = [float(window["out"]) for window in boards(at)[0]["windows"]]
        assert outputs == [value for row in windows.plane(rows, columns) for value in row]


def test_odd_and_even_kernels():
    at = opened(pad_view="same")
    torchs, other = boards(at)
    assert [window["out"] for window in torchs["windows"]] == ["3", "5", "7", "4"]
    assert [window["out"] for window in other["windows"]] == ["1", "3", "5", "7"]
    assert "no p per side does it" in text(at)
    at.number_input(key="pad_same_kernel").set_value(3).run()
    assert len(boards(at)) == 1
    assert "**1** per side" in text(at)


def test_the_file_of_windows():
    assert parts.window_rows(windows.axis(9, 4, 3)) == [
        {"output": 1, "columns": "1 2 3 4", "value": "10"},
        {"output": 2, "columns": "4 5 6 7", "value": "22"},
    ]
    rows, columns = planes.read_axes(("3x3", "2x2", "1", "3, 2"))
    cells = planes.plane_rows(rows, columns)
    assert [row["value"] for row in cells] == ["0", "8", "6", "8"]
    assert cells[1] == {
        "output_row": 1, "output_column": 2, "rows": "0 1", "columns": "2 3", "value": "8",
    }  # fmt: skip


def test_why_cells_are_lost_is_told_apart():
    assert "step over" in strip_board.verdict(windows.axis(12, 2, 5))
    assert "floor drops" in strip_board.verdict(windows.axis(9, 4, 3))
    both = strip_board.verdict(windows.axis(9, 3, 4))
    assert "Columns 8 and 9 are never read: the floor" in both
    assert "Column 4 is never read: the windows" in both
    assert strip_board.verdict(windows.axis(10, 3, 1, 1)) == "Every column is read."


# -- the board in a browser -----------------------------------------------------------------------


@pytest.mark.browser
def test_every_drawn_window_and_sum_is_torchs(page: Page):
    axis = {"pad_size": "12", "pad_padding": "2", "pad_stride": "2", "pad_dilation": "2"}
    board = mounted(page, opened(**axis, pad_kernel="3"), "strips").board
    x = torch.arange(1, 13, dtype=torch.float32)
    expected = functional.conv1d(x[None, None], torch.ones(1, 1, 3), None, 2, 2, 2).flatten()
    outs = board.locator("g.out")
    assert outs.count() == len(expected)
    padded = functional.pad(x, (2, 2))
    for place, value in enumerate(expected):
        outs.nth(place).hover()
        expect(outs.nth(place)).to_have_text(f"{value:g}")
        lit = board.locator("g.lit[data-column]")
        columns = [int(lit.nth(i).get_attribute("data-column")) for i in range(lit.count())]
        assert columns == [2 * place, 2 * place + 2, 2 * place + 4]
        terms = " + ".join(f"{padded[column]:g}" for column in columns)
        expect(board.locator(".note")).to_have_text(f"Output {place + 1}: {terms} = {value:g}")


@pytest.mark.browser
def test_keys_player_and_link(page: Page, app_server: str):
    page.goto(f"{app_server}/padding-stride?pad_size=10&pad_kernel=3&pad_stride=1")
    board = page.locator("[data-strip-painted]").first
    board.wait_for(timeout=30_000)
    settled(page)
    board.locator(".stage").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(board.locator(".note")).to_have_text("Output 4: 4 + 5 + 6 = 15")
    page.wait_for_url("**pad_at=4**")
    page.keyboard.press("End")
    expect(board.locator(".note")).to_contain_text("8 + 9 + 10 = 27")
    board.get_by_role("button", name="One window back").click()
    expect(board.locator(".note")).to_contain_text("Output 7")
    board.get_by_role("button", name="Play").click()
    expect(board.locator(".note")).to_contain_text("Output 8", timeout=3000)
    expect(board.get_by_role("button", name="Play")).to_be_visible(timeout=3000)  # at the end
    page.reload()
    expect(page.locator("[data-strip-painted] .note")).to_contain_text("Output 8", timeout=30_000)


@pytest.mark.browser
def test_pointing_sends_nothing_and_an_unread_cell_says_so(page: Page):
    alone = mounted(page, opened(), "strips")
    board = alone.board
    board.locator('[data-column="8"]').hover()
    expect(board.locator(".note")).to_have_text("Column 9 is never read.")
    board.locator('[data-column="3"]').hover()
    expect(board.locator(".note")).to_have_text("Column 4 is read by windows 1 and 2.")
    page.wait_for_timeout(500)  # longer than the pause before Python hears of a choice
    assert alone.sent == []


@pytest.mark.browser
def test_two_axes_fit_a_telephone(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    board = mounted(page, opened(pad_view="two", pad_stride2="3"), "strips").board
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    board.locator("g.out").last.click()
    expect(board.locator(".note")).to_contain_text(re.compile("row 3, column 3"))


def test_real_sizes_are_answered_by_the_formula_and_not_drawn():
    at = opened(pad_size="224", pad_kernel="11", pad_padding="2", pad_stride="4")
    assert not at.error
    assert not boards(at)
    assert "55 = ⌊(224 + 2·2 − 11) / 4⌋ + 1 = ⌊54.25⌋ + 1" in text(at)
    two = {"input2": "224", "kernel2": "11", "padding2": "2", "stride2": "4"}
    planes = opened(pad_view="two", **{f"pad_{name}": value for name, value in two.items()})
    assert not planes.error
    assert text(planes).count("55 = ⌊(224 + 2·2 − 11) / 4⌋ + 1") == 2
