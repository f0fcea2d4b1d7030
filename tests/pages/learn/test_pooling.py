"""The page on pooling, as Streamlit runs it."""

import re
from functools import partial

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.learn.pooling import experiments, parts
from tests import opened_pages
from tests.opened_pages import board, computed, html, text, window_line

opened = partial(opened_pages.opened, "pooling")


def example(name: str) -> AppTest:
    """The page once this one is chosen from its list of examples."""
    at = opened()
    at.menu_button(key="pool_preset").click(name).run()
    assert not at.exception
    assert at.menu_button(key="pool_preset").label == parts.presets()[name].name
    return at


def test_it_opens_with_the_courses_example() -> None:
    assert computed(opened()) == [[4, 5], [7, 8]]
    assert computed(opened(pool_mode="avg")) == [[2, 3], [5, 6]]
    assert "never read" not in text(opened())


@pytest.mark.parametrize(
    ("preset", "call", "output"),
    [
        ("three", "nn.MaxPool2d(3)(", [[10]]),
        ("padded", "nn.MaxPool2d(3, stride=2, padding=1)(", [[5, 7], [13, 15]]),
        ("oblong", "nn.MaxPool2d((2, 4), stride=(2, 3), padding=(1, 2))(",
         [[1, 3], [9, 11], [13, 15]]),
        ("edges", "nn.MaxPool2d(2, stride=1)(", [[1, 1, 0, 0, 0, 0]] * 5),
    ],
)  # fmt: skip
def test_the_courses_cases(preset: str, call: str, output: list[list[float]]) -> None:
    at = example(preset)
    assert call in window_line(at)
    assert computed(at) == output


def test_what_is_never_read_is_counted() -> None:
    words = text(example("three"))
    assert "**7 of 16 input cells are never read**" in words
    assert "The stride is the window" in words


def test_a_new_window_brings_its_own_stride() -> None:
    at = opened(pool_input="1 2 3 4 5 6; 1 2 3 4 5 6; 1 2 3 4 5 6")
    at.number_input(key="pool_window_w").set_value(3).run()
    assert [at.number_input(key=f"pool_stride_{axis}").value for axis in "hw"] == [2, 3]
    assert window_line(at) == "y = nn.MaxPool2d((2, 3))(x[None, None])[0, 0]"


def test_torchs_rule_for_padding_is_a_lesson() -> None:
    at = example("oblong")
    at.button(key="show_3").click().run()  # the window of (2, 3) that MXNet takes
    assert "padding 1 × 2 is more than half of the window 2 × 3" in at.error[0].value
    assert board(at)["padding"] == [1, 2]  # it is drawn as it was asked for
    assert not [code for code in at.code if "x[None, None]" in code.value]


def test_a_shift_and_what_pooling_forgives() -> None:
    rows = {
        (shift, stride): experiments.pooled(shift, "max", stride)[0].tolist()
        for shift in (0, 1)
        for stride in (1, 2)
    }
    assert rows == {
        (0, 1): [1, 1, 0, 0, 0, 0],
        (1, 1): [0, 1, 1, 0, 0, 0],
        (0, 2): [1, 0, 0],
        (1, 2): [0, 1, 0],
    }
    words = text(opened(pool_shift="1"))
    assert "Stride 1: **2 of 6** outputs changed; of the non-zero ones 1 stayed." in words
    assert "Stride 2: **2 of 3** outputs changed; of the non-zero ones 0 stayed." in words
    assert "**0 of 6** outputs changed" in text(opened(pool_shift="0"))


def test_the_edge_that_max_pooling_loses() -> None:
    assert "**The −1 edge is lost:**" in text(opened(pool_shift="0"))
    assert "The −1 edge is still there, as −0.5." in text(opened(pool_mode="avg", pool_shift="0"))
    assert experiments.pooled(0, "avg", 1)[0].tolist() == [0.5, 0.5, 0, 0, -0.5, -0.5]
    assert "has left the picture" in text(opened(pool_shift="3"))


def test_the_gradient_of_max_and_mean() -> None:
    sliding = parts.Sliding("t", ((1.0, 2.0), (3.0, 4.0)), ((1.0, 1.0),) * 2, "max", (2, 2))
    x = torch.tensor(sliding.input)
    assert parts.gradient(x, sliding, "max").tolist() == [[0, 0], [0, 1]]
    assert parts.gradient(x, sliding, "avg").tolist() == [[0.25] * 2] * 2
    assert "the **mean** passes 1/4 to all 4" in text(example("digit"))


def test_each_channel_by_itself() -> None:
    at = example("padded")
    grids = html(at, "from X<").partition("from X<")[2]
    numbers = re.findall(r"<td[^>]*>([^<]+)</td>", grids)
    assert numbers == ["5", "7", "13", "15", "6", "8", "14", "16"]
    assert "2 come out" in text(at)
