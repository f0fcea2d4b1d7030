"""The page on blocks, as Streamlit runs it and as a browser shows it."""

import json
from functools import partial

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from explorer.base.units import exact
from explorer.lessons import blocks
from pages.learn.blocks import six
from tests import opened_pages
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import board, press, text

opened = partial(opened_pages.opened, "blocks")


def facts(at: AppTest, name: str) -> list[str]:
    """Shape in, shape out, then every sum exactly, as the card shows them."""
    card = next(each for each in board(at)["cards"] if each["name"] == name)
    return [card["into"], card["out"], *(fact[2] for fact in card["facts"])]


def test_six_blocks_side_by_side_with_shapes_parameters_and_macs():
    at = opened()
    cards = {card["name"]: card for card in board(at)["cards"]}
    assert list(cards) == ["vgg", "nin", "inception", "residual", "dense", "transition"]
    assert facts(at, "inception") == [
        "192 × 28 × 28", "256 × 28 × 28", "163\u202f696", "128\u202f049\u202f152",
    ]  # fmt: skip
    assert cards["vgg"]["nodes"][0]["lines"] == [
        "Parameters: 442\u202f624 = 256 × (3·3·192 + 1)",
        "MACs: 346\u202f816\u202f512 = 256·28·28 × 3·3·192",
    ]
    for definition in ("class Residual", "class DenseBlock", "def transition_block"):
        assert definition in at.code[0].value


def test_the_numbers_follow_the_channels():
    at = opened(blocks_c_in="64", blocks_c_out="64", blocks_side="14")
    expected = blocks.side_by_side(64, 64, 14)
    assert {name: facts(at, name)[2] for name in expected} == {
        name: exact(block.parameters) for name, block in expected.items()
    }
    at.slider(key="blocks_c_out").set_value(128).run()
    assert facts(at, "vgg")[2] == exact(blocks.side_by_side(64, 128, 14)["vgg"].parameters)


def test_the_table_of_the_six_holds_shapes_and_costs():
    rows = six.rows(blocks.side_by_side(192, 256, 28))
    assert rows[2] == {
        "block": "inception", "input": "192 × 28 × 28", "output": "256 × 28 × 28",
        "parameters": 163_696, "macs": 128_049_152,
    }  # fmt: skip


def test_reductions_on_and_off():
    at = opened(blocks_part="inception")
    assert facts(at, "inception")[2] == "163\u202f696"
    for times in ("**2.41 times the weights**", "2.71 times", "7.52 times"):
        assert times in text(at)
    at.toggle(key="blocks_reduced").set_value(False).run()
    assert facts(at, "inception")[2] == "393\u202f472"  # 393 216 weights and 256 biases
    assert len(board(at)["cards"][0]["nodes"]) == 10  # four convolutions less four reductions …


@pytest.mark.parametrize("name", ["3b", "4a", "5b"])
def test_each_of_the_nine_brings_its_widths(name):
    at = opened(blocks_part="inception")
    at.segmented_control(key="blocks_which").set_value(name).run()
    expected = blocks.googlenets()[name]
    assert at.number_input(key="blocks_path2").value == expected.widths.path2
    assert facts(at, "inception")[2] == exact(expected.block.parameters)
    again = opened(blocks_part="inception", blocks_which=name)  # and so does a link
    assert facts(again, "inception") == facts(at, "inception")


def test_the_nine_blocks_stand_in_a_table_and_in_bars():
    at = opened(blocks_part="inception")
    table = at.table[0].value
    assert list(table["block"]) == list(blocks.googlenets())
    assert list(table["paths"])[2] == "192 + 208 + 48 + 64"
    bars = json.loads(at.get("plotly_chart")[1].proto.spec)["data"]
    assert [len(bar["x"]) for bar in bars] == [9, 9, 9, 9]
    sums = [sum(bar["x"][n] for bar in bars) for n in range(9)]
    assert sums == [256, 480, 512, 512, 512, 528, 832, 832, 1024]


def test_zeroed_weights_are_the_identity_only_without_negative_numbers():
    at = opened(blocks_part="identity")
    run = blocks.shortcut(1, 4, zeroed=True, signed=True)
    assert f"|y − x| = {run.from_identity:.3g}**, and **|y − ReLU(x)| = 0**" in text(at)
    assert "Not the identity, but ReLU(x)" in text(at)
    at.toggle(key="blocks_signed").set_value(False).run()
    assert "|y − x| = 0**" in text(at)
    assert "**The identity.**" in text(at)
    at.toggle(key="blocks_zeroed").set_value(False).run()
    assert "|y − x| = 0**" not in text(at)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("3 → 3", "**180 parameters**"),
        ("3 → 6, halved, with 1 × 1", "**546 parameters**"),
        ("3 → 6 without 1 × 1", "they differ in channels (6 and 3)"),
        ("The silent one: 1 → 3", "No error, and wrong.** 1 × 6 × 6 was stretched over 3 × 6 × 6"),
    ],
)
def test_shapes_that_meet_do_not_meet_or_are_stretched(prompt, sentence):
    assert sentence in text(press(opened(blocks_part="shapes"), prompt))


def test_a_mismatch_is_mended_by_its_button():
    at = opened(blocks_part="shapes", blocks_r_in="3", blocks_r_out="6", blocks_stride="2")
    assert at.error
    at.button(key="blocks_mend").click().run()
    assert not at.error
    assert "**6 × 3 × 3** comes out" in text(at)


def test_dense_growth_and_the_transition():
    at = opened(blocks_part="dense")
    for sentence in (
        "**3 + 2·10 = 23 channels**, 23 × 8 × 8",
        "**1\u202f492 parameters** = 286 + 1\u202f206",
        "**23 × 8 × 8 → 10 × 4 × 4**, **286 parameters**",
    ):
        assert sentence in text(at)
    at.slider(key="blocks_layers").set_value(4).run()
    assert "3 + 4·10 = 43 channels" in text(at)
    track = json.loads(at.get("plotly_chart")[1].proto.spec)["data"][0]
    assert track["y"] == [64, 192, 96, 224, 112, 240, 120, 248]


@pytest.mark.browser
def test_an_operation_tells_its_arithmetic_by_mouse_and_by_keys(page: Page):
    cards = mounted(page, opened(), "blocks").board
    edges = "all => all.map(each => getComputedStyle(each).stroke)"
    assert len(set(cards.locator(".node rect").evaluate_all(edges))) == 5, "families have colours"
    why = cards.locator(".why")
    vgg = cards.locator('.card[data-name="vgg"]')
    vgg.locator(".node").nth(0).hover()
    expect(why).to_contain_text("442\u202f624 = 256 × (3·3·192 + 1)")
    vgg.locator(".node").nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(why).to_contain_text("590\u202f080 = 256 × (3·3·256 + 1)")


@pytest.mark.browser
def test_a_link_carries_a_switch_that_was_put_off(page: Page, app_server: str):
    page.goto(f"{app_server}/blocks?blocks_part=inception")
    settled(page)
    page.locator(".st-key-blocks_reduced label").click()
    page.wait_for_url("**blocks_reduced=false**")
    page.reload()
    settled(page)
    card = page.locator('.card[data-name="inception"]')
    expect(card.locator("h3")).to_have_text("Without reductions")


@pytest.mark.browser
def test_bars_of_macs_are_on_one_scale(page: Page):
    cards = mounted(page, opened(), "blocks").board
    six = blocks.side_by_side(192, 256, 28)
    widths = {
        name: cards.locator(f'.card[data-name="{name}"] .bar i').evaluate("bar => bar.offsetWidth")
        for name in ("vgg", "nin", "inception", "residual")
    }
    most = max(block.macs for block in six.values())
    for name, width in widths.items():
        assert width == pytest.approx(84 * six[name].macs / most, abs=1.5)
