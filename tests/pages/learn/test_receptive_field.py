"""The page on receptive fields: what it says, what its board lights up, what its file holds."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Widget, WidgetList
from torch.nn import functional

from explorer.analysis import summary
from explorer.analysis.summary import Summary
from explorer.lessons import field_stack
from explorer.networks import NetworkSpec
from pages.learn.receptive_field import charts, field_board, measures, parts
from pages.learn.receptive_field.state import NETWORKS
from tests import opened_pages
from tests.conftest import settled
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import as_shown, text

opened = partial(opened_pages.opened, "receptive-field")


def measured(name: str) -> Summary:
    spec = NetworkSpec.parse(name)
    return summary.measure(spec, spec.input_size)


def test_the_page_opens_with_a_stack_and_what_it_sees():
    at = opened()
    assert "sees **14 × 14** of the 28 × 28 pixels" in text(at)
    levels = opened_pages.board(at)["levels"]
    assert [level["units"] for level in levels] == [28, 26, 24, 12, 10, 8]
    formulas = ["".join(piece for piece, _role in level["formula"]) for level in levels[1:]]
    assert formulas[-1] == "field 14 = 10 + (3 − 1)·2"


def test_every_prompt_shows_what_it_promises_and_its_code_is_its_stack():
    at = opened()
    for number, (label, setting) in enumerate(parts.prompts("stack").items()):
        at.button(key=f"try_{number}").click().run()
        assert not at.exception, label
        assert not at.error, label
        stack = parts.read_stack(setting["field_stack"], setting["field_side"])
        assert f"**{stack[-1].axis.size} × {stack[-1].axis.size}** of the" in text(at)
        code = parts.torch_code(field_board.layers_of(stack))
        network = eval(code, {"nn": torch.nn})  # noqa: S307
        picture = torch.rand(1, 1, stack[0].units, stack[0].units)
        assert network(picture).shape[-1] == stack[-1].units


@settings(max_examples=40, deadline=None)
@given(
    stack=st.lists(st.sampled_from(["c3", "c3d2", "c3d3", "c5d2", "c2d4", "p2", "c3p1"]),
                   min_size=1, max_size=3),
)  # fmt: skip
def test_what_is_said_to_be_seen_is_what_moves_the_unit(stack: list[str]):
    levels = parts.read_stack(" ".join(stack), 64)
    layers = field_board.layers_of(levels)
    code = parts.torch_code(layers).replace("MaxPool", "AvgPool")
    network = eval(code, {"nn": torch.nn})  # noqa: S307
    for weight in network.parameters():
        torch.nn.init.ones_(weight)
    picture = torch.zeros(1, 1, 64, 64, requires_grad=True)
    middle = (levels[-1].units - 1) // 2
    network(picture)[0, 0, middle, middle].backward()
    places = picture.grad[0, 0].nonzero()
    rows, (top, bottom) = places[:, 0].unique(), places[:, 0].aminmax()
    spans, sees = int(bottom - top) + 1, len(rows)
    words = field_board.sight(levels)
    assert f"**{spans} × {spans}** of the 64 × 64" in words
    assert (f"sees only **{sees} × {sees}**" in words) == (sees < spans)


def edited(stack: str) -> AppTest:
    """The page with its editor of layers open."""
    at = opened(field_stack=stack)
    at.session_state["field_editor"] = True
    return at.run()


def removal(page: AppTest | Block, number: int) -> Widget:
    return next(each for each in page.button if each.help == f"Remove layer {number}")


def test_a_layer_is_changed_removed_and_added():
    at = edited("c3 m2")

    def first(widgets: WidgetList, label: str) -> Widget:
        return next(each for each in widgets if each.label == label)

    for change, stack in (
        (lambda: first(at.number_input, "Kernel").set_value(5), "c5 m2"),
        (lambda: first(at.number_input, "Dilation").set_value(2), "c5d2 m2"),
        (lambda: first(at.selectbox, "Layer 2").set_value("avg"), "c5d2 a2"),
        (lambda: at.button(key="field_add").click(), "c5d2 a2 c3"),
        (lambda: removal(at, 2).click(), "c5d2 c3"),
    ):
        change().run()
        assert not at.exception
        assert at.text_input(key="field_stack").value == stack


def test_a_second_click_on_a_row_that_is_gone_removes_no_other():
    at = edited("c3 m2 c5")
    before = as_shown(at)  # while both clicks are sent
    for _ in range(2):
        removal(before, 1).click().run()
        assert not at.exception
    # Streamlit takes the old text from such a browser; two layers are gone in no case.
    assert at.text_input(key="field_stack").value in {"m2 c5", "c3 m2 c5"}


def test_a_deleted_last_layer_leaves_a_sentence_and_the_picture():
    at = edited("c3")
    removal(at, 1).click().run()
    assert "The stack is empty" in at.error[0].value
    assert opened_pages.board(at)["levels"]


def test_two_3x3_against_one_5x5():
    at = opened(field_view="why")
    assert "18C² weights instead of 25C²" in text(at)
    assert "73\u202f728 against 102\u202f400, 28 % fewer" in text(at)
    columns = {
        "field (pixels)": ["5 × 5", "5 × 5", "7 × 7", "7 × 7"],
        "against the large one": ["−28\u202f%", "–", "−45\u202f%", "–"],
        "non-linearities": ["2", "1", "3", "1"],
    }
    assert at.table[0].value[list(columns)].to_dict("list") == columns
    at.number_input(key="field_channels").set_value(0).run()
    assert "The number of channels is 0" in at.error[0].value
    assert "73\u202f728" in text(at)


def test_the_effective_field_says_how_much_lies_in_the_middle():
    at = opened(field_view="effective", field_stack="c3 c3 c3 c3", field_side="15")
    layers = field_stack.parse("c3 c3 c3 c3")
    share = round(100 * field_stack.effective(layers, 15).within)
    assert f"**{share} % of the gradient" in text(at)
    assert share > 40
    assert len(at.get("plotly_chart")) == 2
    at.segmented_control(key="field_weights").set_value("ones").run()
    ones = round(100 * field_stack.effective(layers, 15, weighted="ones").within)
    assert f"**{ones} % of the gradient" in text(at)
    at.toggle(key="field_relu").set_value(True).run()
    assert not at.exception


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lenet", "16 × 16 pixels: 57 % of the 28"),
        ("alexnet", "195 × 195 pixels: 87 % of the 224"),
        ("vgg11", "150 × 150 pixels: 67 % of the 224"),
        ("torchvision/resnet50", "427 × 427 pixels; from layer"),
    ],
)
def test_real_networks_are_the_engines(name: str, words: str):
    assert words in text(opened(field_view="networks", field_network=name))


def test_the_networks_chart_is_the_engines_record():
    convolutions, pools = charts.growth(measured("vgg11")).data
    sides = [a if a is not None else b for a, b in zip(convolutions.y, pools.y, strict=True)]
    assert sides == [3, 4, 8, 10, 18, 26, 30, 46, 62, 70, 102, 134, 150]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_offered_network_has_fields(name: str):
    assert len(charts.windows(measured(name))) > 10


def test_both_heat_maps_hold_a_whole_on_one_scale():
    field = field_stack.effective(field_stack.parse("c3 c3"), 9)
    maps = [charts.effective(field, measured=measured).data[0] for measured in (False, True)]
    assert [sum(map(sum, one.z)) for one in maps] == pytest.approx([100, 100])
    assert maps[0].zmax == maps[1].zmax == pytest.approx(max(map(max, maps[1].z)))
    assert sum(value > 0 for row in maps[0].z for value in row) == 25


def test_the_files_of_levels_pixels_stacks_and_layers():
    rows = parts.level_rows(parts.read_stack("c5p2 a2 c5 a2", 28))
    assert [row["field_pixels"] for row in rows] == [1, 5, 6, 14, 16]
    assert [row["jump_pixels"] for row in rows] == ["1", "1", "2", "2", "4"]
    assert rows[1]["first_unit_starts_at"] == "-2"
    pixels = measures.pixel_rows(field_stack.effective(field_stack.parse("c3 c3"), 9))
    assert len(pixels) == 81
    assert sum(float(pixel["share"]) for pixel in pixels) == pytest.approx(1, abs=1e-4)
    stacks = measures.stack_rows(64)
    assert [stack["weights"] for stack in stacks] == [73728, 102400, 110592, 200704]
    assert [stack["field_pixels"] for stack in stacks] == [5, 5, 7, 7]
    rows = measures.layer_rows(measured("alexnet"))
    assert [row["field_width"] for row in rows][:4] == [11, 19, 51, 67]


# -- the board in a browser -----------------------------------------------------------------------


@pytest.mark.browser
def test_what_lights_up_is_what_torch_finds(page: Page):
    alone = mounted(page, opened(field_stack="c3p1 c3d2 p2 c3s2", field_side="24"), "fields")
    board = alone.board
    stack = field_stack.levels(field_stack.parse("c3p1 c3d2 p2 c3s2"), 24)
    ones = torch.ones(1, 1, 3, dtype=torch.float64)
    maps = [torch.ones(1, 1, 24, dtype=torch.float64, requires_grad=True)]
    maps.append(functional.conv1d(maps[-1], ones, padding=1))
    maps.append(functional.conv1d(maps[-1], ones, dilation=2))
    maps.append(functional.avg_pool1d(maps[-1], 2))
    maps.append(functional.conv1d(maps[-1], ones, stride=2))
    units = "cells => cells.map(cell => Number(cell.dataset.unit))"
    for level, unit in [(4, 0), (4, 3), (3, 9), (2, 0), (2, 19), (1, 0), (1, 23), (4, 1)]:
        board.locator(f'.cell[data-level="{level}"][data-unit="{unit}"]').hover()
        gradients = torch.autograd.grad(
            maps[level][0, 0, unit], maps[: level + 1], retain_graph=True
        )
        for number, gradient in enumerate(gradients):
            lit = board.locator(f'.cell.lit[data-level="{number}"]').evaluate_all(units)
            assert lit == gradient.flatten().nonzero().flatten().tolist()
        expect(board.locator(".note")).to_contain_text(f"Unit {unit + 1} of layer {level}")
    assert [level.units for level in stack] == [x.shape[-1] for x in maps]
    page.wait_for_timeout(500)  # longer than the pause before Python hears of a choice
    assert alone.sent == []  # pointing is the browser's own affair


@pytest.mark.browser
def test_on_a_telephone_a_new_stack_under_a_still_pointer_is_told_at_its_next_move(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    alone = mounted(page, opened(field_stack="c3 c3"), "fields")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    note = alone.board.locator(".note")
    alone.board.locator(".sight").hover(position={"x": 3, "y": 3})
    expect(note).to_contain_text("Unit 1 of layer 2")
    cell = alone.board.locator('.cell[data-level="2"][data-unit="0"]')
    cell.hover(position={"x": 2, "y": 6})
    expect(note).to_contain_text("Unit 1 of layer 2")
    alone.give(words={**alone.data["words"], "hint": "Another hint."})
    expect(note).not_to_contain_text("Unit 1 of")
    cell.hover(position={"x": 3, "y": 6})
    expect(note).to_contain_text("Unit 1 of layer 2")


@pytest.mark.browser
def test_keys_player_and_link(page: Page, app_server: str):
    page.goto(f"{app_server}/receptive-field?field_stack=c3+c3&field_side=16")
    board = settled(page).locator("[data-field-painted]")
    board.wait_for(timeout=30_000)
    board.locator(".stage").focus()
    page.keyboard.press("ArrowLeft")
    expect(board.locator(".note")).to_have_text("Unit 5 of layer 2 sees 5 pixels: 5 to 9.")
    page.wait_for_url("**field_at=2.5.4**")
    page.keyboard.press("ArrowDown")
    expect(board.locator(".note")).to_have_text("Unit 6 of layer 1 sees 3 pixels: 6 to 8.")
    board.get_by_role("button", name="One layer up").click()
    expect(board.locator(".formula")).to_have_text("field 5 = 3 + (3 − 1)·1")
    board.get_by_role("button", name="Grow the field").click()
    expect(board.locator(".note")).to_contain_text("Pixel")
    expect(board.locator(".note")).to_contain_text("layer 1", timeout=4000)
    expect(board.locator(".note")).to_contain_text("layer 2", timeout=4000)
    board.locator(".sight").focus()
    page.keyboard.press("ArrowUp")
    box = board.locator(".box").last
    assert [box.get_attribute(name) for name in ("width", "height")] == ["5", "5"]
