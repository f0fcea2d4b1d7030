"""The page on convolution, as Streamlit runs it; “Show me” brings its picture into view."""

from functools import partial

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from explorer.data import photographs
from explorer.networks import ops
from explorer.ui.boards.window_board import Sliding
from pages.learn.convolution import parts, photo
from tests import opened_pages
from tests.conftest import settled
from tests.opened_pages import as_shown, board, computed, press, text, window_line

opened = partial(opened_pages.opened, "convolution")


def test_it_opens_with_the_courses_example() -> None:
    at = opened()
    assert computed(at) == [[19, 25], [37, 43]]
    assert "**2** = ⌊(3 + 2·0 − 1·(2−1) − 1) / 1⌋ + 1" in text(at)


@pytest.mark.parametrize("name", list(parts.presets()))
def test_every_example_is_shown_and_computed(name: str) -> None:
    at = opened()
    at.menu_button(key="conv_preset").click(name).run()
    assert not at.exception
    assert not at.error
    preset = parts.presets()[name]
    assert at.text_area(key="conv_input").value == preset.input
    assert at.menu_button(key="conv_preset").label == preset.name
    expected = ops.corr2d(*(torch.tensor(board(at)[part]).double() for part in ("input", "kernel")))
    assert computed(at) == expected.tolist()


def test_a_link_restores_everything() -> None:
    at = opened(
        conv_input="1 2 3; 4 5 6; 7 8 9; 1 0 1", conv_kernel="1 0.5", conv_stride_h="2",
        conv_pad_w="1", conv_dilation="2", conv_flip="true", conv_at="1,2",
    )  # fmt: skip
    expected = {
        "input": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 0, 1]], "kernel": [[1, 0.5]],
        "stride": [2, 1], "padding": [0, 1], "dilation": [2, 2], "flip": True, "at": [1, 2],
    }  # fmt: skip
    assert {name: board(at)[name] for name in expected} == expected
    assert at.menu_button(key="conv_preset").label == "own numbers"
    assert window_line(at) == (
        "y = F.conv2d(x[None, None], kernel.flip(0, 1)[None, None], "
        "stride=(2, 1), padding=(0, 1), dilation=2)[0, 0]"
    )
    assert "0 above and 0 below, 0 in total; 1 left and 1 right, 2 in total" in text(at)


def test_rows_and_columns_grow_and_shrink() -> None:
    at = opened()
    for _ in range(2):
        at.button(key="conv_input_columns_add").click().run()
    assert board(at)["input"] == [[0, 1, 2, 2, 2], [3, 4, 5, 5, 5], [6, 7, 8, 8, 8]]
    at.button(key="conv_kernel_rows_remove").click().run()
    assert board(at)["kernel"] == [[0, 1]]
    assert at.button(key="conv_kernel_rows_remove").disabled


def test_prompts_set_up_their_experiment() -> None:
    at = opened()
    for label, output in {
        "Find both edges": [[0, 1, 0, 0, 0, -1, 0]] * 6,
        "Turn the image, not the kernel": [[0] * 5] * 8,
        "Flip the kernel": [[5, 11], [23, 29]],
    }.items():
        press(at, label)
        assert not at.error
        assert computed(at) == output
    press(at, "Make it too large")  # on purpose
    assert "spans 4 × 4 cells, but the input with its padding has only 3 × 3" in at.error[0].value


def test_what_a_browser_says_before_it_has_heard_undoes_nothing() -> None:
    at = opened(conv_flip="true")
    before = as_shown(at)  # while it sends two changes in a row
    before.text_area(key="conv_input").set_value("0 1 2; 3 -1 5; 6 7 8").run()
    assert at.menu_button(key="conv_preset").label == "own numbers"
    before.number_input(key="conv_stride_w").set_value(2).run()
    assert board(at)["input"][1] == [3, -1, 5]
    assert board(at)["stride"] == [1, 2]
    assert board(at)["flip"] is True


def test_every_question_shows_its_experiment() -> None:
    at = opened()
    expected = [
        [[5, 11], [23, 29]],
        [[1, 0, 2, 4, 5, -1, -4, -3, -2, -1, -1]],
        None,
        [[0, 8], [6, 8]],
        None,
    ]
    assert [each.key for each in at.button if each.label == "Show me"] == [
        f"show_{number}" for number in range(len(expected))
    ]
    for number, output in enumerate(expected):
        at.button(key=f"show_{number}").click().run()
        assert not at.exception
        assert not at.error
        if output:
            assert computed(at) == output
        if number == 2:  # the two meanings of padding
            assert torch.tensor(computed(at)).shape == (8, 8)
            assert "**8** = ⌊(8 + 2·1 − 1·(3−1) − 1) / 1⌋ + 1" in text(at)
    turned = torch.tensor(computed(at))
    assert turned.shape == (7, 6)
    assert turned[:, 0].tolist() == [0, 1, 0, 0, 0, -1, 0]


def sliding(**settings: object) -> Sliding:
    matrix = ((0.5, 1.0, 2.0, 3.0), (3.0, 4.0, 5.0, 1.0), (6.0, -7.0, 8.0, 2.0))
    return Sliding("test", matrix, ((0.0, 1.0), (2.0, 3.0)), **settings)  # type: ignore[arg-type]


SETTINGS = [{}, {"flip": True, "padding": (1, 2)}, {"stride": (1, 2), "dilation": (2, 2)}]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_program_runs_and_prints_the_output(settings, capsys) -> None:
    exec(parts.source(sliding(**settings)), {})  # noqa: S102 (our own program)
    out = capsys.readouterr().out
    output = eval(out, {"tensor": lambda rows, dtype: rows, "torch": torch})  # noqa: S307
    np.testing.assert_allclose(output, parts.output(sliding(**settings)))


def test_the_table_holds_input_kernel_and_output() -> None:
    matrix = "0.5,1,2,3\n3,4,5,1\n6,-7,8,2"
    assert parts.csv(sliding(flip=True)) == (
        f"input\n{matrix}\n\nkernel\n3,2\n1,0\n\noutput\n6.5,11,17\n23,15,25\n"
    )


def test_long_numbers_keep_their_digits_in_program_and_table() -> None:
    long = Sliding("long", ((0.12345678, 123456.75),), ((1.0, 1.0),))
    assert "[0.12345678, 123456.75]" in parts.source(long)
    assert parts.csv(long).endswith("output\n123456.873457\n")


def test_a_photographs_words_spell_a_minus() -> None:
    sobel = Sliding("x", ((1.0,),), ((-1.0, -2.0),))
    _png, words = photo.drawn(photographs.photograph("flower", 24), sobel)
    assert "The weights add up to −3: only changes answer." in words


@pytest.mark.parametrize("settings", [{}, {"flip": True}, {"dilation": (2, 2)}])
def test_the_photograph_is_convolved_as_the_definition_says(settings) -> None:
    small = photographs.photograph("flower", 24)
    result = photo.convolve(small, sliding(**settings))
    assert result.shape == small.shape
    kernel = torch.tensor(sliding().kernel, dtype=torch.float64)
    kernel = ops.flip(kernel) if "flip" in settings else kernel
    dilation = settings.get("dilation", (1, 1))
    valid = ops.corr2d(torch.tensor(small), kernel, dilation=dilation).numpy()
    top = dilation[0] // 2
    inner = result[top : top + valid.shape[0], top : top + valid.shape[1]]
    np.testing.assert_allclose(inner, valid)


@pytest.mark.parametrize(
    ("source", "field"),
    [("china", "bidi_component"), ("upload", "file_uploader"), ("camera", "camera_input")],
)
def test_other_pictures_are_offered(source: str, field: str) -> None:
    at = opened(conv_photo=source)
    assert not at.error
    assert at.get(field)


WATCH = """() => {
  window.scrolls = []
  const own = Element.prototype.scrollTo
  Element.prototype.scrollTo = function (to) {
    window.scrolls.push(to.behavior)
    own.call(this, to)
  }
}"""
SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("motion", "behaviour"), [("no-preference", "smooth"), ("reduce", "instant")]
)
def test_show_me_scrolls_to_the_picture(
    page: Page, app_server: str, motion: str, behaviour: str
) -> None:
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    page.goto(f"{app_server}/convolution")
    page.locator("[data-window-painted]").wait_for()  # from here on nothing below it moves
    settled(page)
    page.evaluate(WATCH)
    page.get_by_text("does the window move both ways at once?").click()
    page.locator(".st-key-show_3 button").click()
    page.wait_for_url("**conv_stride_h=3**")
    page.wait_for_function(f"({SCROLLED})() === 0")
    expect(page.locator("[data-window-painted]")).to_be_in_viewport()
    assert {*page.evaluate("window.scrolls")} == {behaviour}
    page.get_by_role("button", name="Find both edges").click()  # any other click leaves it alone
    page.locator('[data-window-painted="6x8-1x2"]').wait_for()
    page.get_by_role("link", name="Pooling").first.click()
    page.locator("[data-window-painted^=max]").wait_for()
    settled(page)
    assert {*page.evaluate("window.scrolls")} == {behaviour}
