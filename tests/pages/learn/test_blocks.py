"""The page on blocks, as Streamlit runs it and as a browser shows it."""

import csv
import json
from functools import partial

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from explorer.lessons import blocks
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
    assert at.title[0].value == "What are modern networks built from?"
    assert [card["name"] for card in board(at)["cards"]] == [
        "vgg", "nin", "inception", "residual", "dense", "transition",
    ]  # fmt: skip
    assert facts(at, "inception") == [
        "192 × 28 × 28", "256 × 28 × 28", "163\u202f696", "128\u202f049\u202f152",
    ]  # fmt: skip


def test_the_numbers_follow_the_channels():
    at = opened(blocks_c_in="64", blocks_c_out="64", blocks_side="14")
    expected = blocks.side_by_side(64, 64, 14)
    for name, block in expected.items():
        assert facts(at, name)[2] == f"{block.parameters:,}".replace(",", "\u202f")
    at.slider(key="blocks_c_out").set_value(128).run()
    wider = blocks.side_by_side(64, 128, 14)["vgg"].parameters
    assert facts(at, "vgg")[2] == f"{wider:,}".replace(",", "\u202f")


def test_every_operation_says_why():
    card = next(each for each in board(opened())["cards"] if each["name"] == "vgg")
    assert card["nodes"][0]["lines"] == [
        "Parameters: 442\u202f624 = 256 × (3·3·192 + 1)",
        "MACs: 346\u202f816\u202f512 = 256·28·28 × 3·3·192",
    ]


def test_reductions_on_and_off():
    at = opened(blocks_part="inception")
    assert facts(at, "inception")[2] == "163\u202f696"
    assert "**2.41 times the weights**" in text(at)
    assert "2.71 times" in text(at)
    assert "7.52 times" in text(at)
    at.toggle(key="blocks_reduced").set_value(False).run()
    assert facts(at, "inception")[2] == "393\u202f472"  # 393 216 weights and 256 biases
    assert len(board(at)["cards"][0]["nodes"]) == 10  # four convolutions less four reductions …


@pytest.mark.parametrize("name", ["3b", "4a", "5b"])
def test_each_of_the_nine_brings_its_widths(name):
    at = opened(blocks_part="inception")
    at.segmented_control(key="blocks_which").set_value(name).run()
    expected = blocks.googlenets()[name]
    assert at.number_input(key="blocks_path2").value == expected.widths.path2
    assert facts(at, "inception")[2] == f"{expected.block.parameters:,}".replace(",", "\u202f")
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
    ("prompt", "said"),
    [
        ("3 → 3", "**180 parameters**"),
        ("3 → 6, halved, with 1 × 1", "**546 parameters**"),
        ("3 → 6 without 1 × 1", "they differ in channels (6 and 3)"),
        ("The silent one: 1 → 3", "No error, and wrong.** 1 × 6 × 6 was stretched over 3 × 6 × 6"),
    ],
)
def test_shapes_that_meet_do_not_meet_or_are_stretched(prompt, said):
    at = opened(blocks_part="shapes")
    press(at, prompt)
    assert said in text(at)


def test_a_mismatch_is_mended_by_its_button():
    at = opened(blocks_part="shapes", blocks_r_in="3", blocks_r_out="6", blocks_stride="2")
    assert at.error
    at.button(key="blocks_mend").click().run()
    assert not at.error
    assert "**6 × 3 × 3** comes out" in text(at)


def test_dense_growth_and_the_transition():
    at = opened(blocks_part="dense")
    said = text(at)
    assert "**3 + 2·10 = 23 channels**, 23 × 8 × 8" in said
    assert "**1\u202f492 parameters** = 286 + 1\u202f206" in said
    assert "**23 × 8 × 8 → 10 × 4 × 4**, **286 parameters**" in said
    at.slider(key="blocks_layers").set_value(4).run()
    assert "3 + 4·10 = 43 channels" in text(at)
    track = json.loads(at.get("plotly_chart")[1].proto.spec)["data"][0]
    assert track["y"] == [64, 192, 96, 224, 112, 240, 120, 248]


def test_the_code_of_the_blocks_is_there():
    code = opened().code[0].value
    for definition in ("class Residual", "class DenseBlock", "def transition_block"):
        assert definition in code


@pytest.mark.browser
def test_an_operation_tells_its_arithmetic_by_mouse_and_by_keys(page: Page):
    shown = mounted(page, opened(), "blocks").board
    edges = "all => all.map(each => getComputedStyle(each).stroke)"
    assert len(set(shown.locator(".node rect").evaluate_all(edges))) == 5, "families have colours"
    why = shown.locator(".why")
    vgg = shown.locator('.card[data-name="vgg"]')
    vgg.locator(".node").nth(0).hover()
    expect(why).to_contain_text("442\u202f624 = 256 × (3·3·192 + 1)")
    vgg.locator(".node").nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(why).to_contain_text("590\u202f080 = 256 × (3·3·256 + 1)")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


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
def test_the_table_of_the_six_can_be_saved(page: Page, app_server: str, tmp_path):
    page.goto(f"{app_server}/blocks")
    settled(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Table (CSV)").click()
    file = tmp_path / "blocks.csv"
    saved.value.save_as(file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert {row["block"]: int(row["parameters"]) for row in rows}["inception"] == 163_696
