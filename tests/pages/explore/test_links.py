"""What is picked on the layers page comes back from its address, for every network and option."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from explorer import networks
from tests.conftest import box_of, settled
from tests.journeys.test_layers import layer_board

pytestmark = pytest.mark.browser


def others(name: str) -> dict[str, str]:
    """A value other than the default for each option of a network, but for those under More."""
    return {
        option.name: next(str(end) for end in option.choices[::-1] if end != option.default)
        for option in networks.get(name).all_options
        if option.name not in ("in_channels", "num_classes")
    }


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("bn_lenet", {"num_classes": "7"}),
        ("densenet", {"num_classes": "10"}),
        ("torchvision/resnet18", {"in_channels": "3", "num_classes": "1000"}),
    ],
)
def test_a_choice_and_a_reload_leave_everything_as_it_is(
    page: Page, app_server: str, name: str, more: dict[str, str]
) -> None:
    size = "x".join(map(str, networks.get(name).input_size))
    address = {"network": name, "input": size, "batch": "3", **others(name)}
    if name == "bn_lenet":
        address |= more
    page.goto(f"{app_server}/layers?{urlencode(address)}")
    key = name.replace("/", "-")
    board = layer_board(page, key)
    painted = board.get_attribute("data-board-painted") or ""
    board.locator("tbody tr[data-id]").nth(1).click()  # a rerun, as any click is
    page.wait_for_url("**layer=**")
    settled(page)
    page.get_by_role("button", name="More").click()
    for option, value in more.items():
        expect(page.locator(f".st-key-layers-{option} input")).to_have_value(value)
    page.reload()
    assert layer_board(page, key).get_attribute("data-board-painted") == painted
    assert all(f"{option}_{value}" in painted for option, value in others(name).items())


def test_back_leads_to_the_question_before(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/check?quiz_seed=7")
    expect(page.get_by_text("Question 1 of seed 7")).to_be_visible()
    for number in (2, 3):
        page.get_by_role("button", name="Next question").click()
        page.wait_for_url(f"**quiz_number={number}**")
        settled(page)
    page.go_back()
    expect(page.get_by_text("Question 2 of seed 7")).to_be_visible()
    settled(page)
    assert "quiz_number=2" in page.url
    page.go_forward()
    expect(page.get_by_text("Question 3 of seed 7")).to_be_visible()


def wait_for(page: Page, key: str, value: str | None) -> None:
    """Until the address says `value` under `key` (None: nothing)."""
    page.wait_for_function(
        "([key, value]) => new URLSearchParams(location.search).get(key) === value",
        arg=[key, value],
    )


def test_every_click_on_a_quantity_and_a_tab_opens_it(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=lenet&view=costs&show=memory")
    settled(page)
    buttons = page.locator(".st-key-layers-show button")
    expect(buttons.first).to_be_visible()
    for word in buttons.all_inner_texts() * 2:
        button = buttons.filter(has_text=word).first
        button.click()
        settled(page)
        expect(button).to_have_attribute("aria-checked", "true")
    views = {"Code": "code", "About": "about", "Layers": None, "Costs": "costs"}
    for word, view in [*views.items()] * 2:
        page.get_by_role("tab", name=word).click()
        wait_for(page, "view", view)
        settled(page)
        expect(page.get_by_role("tab", name=word)).to_have_attribute("aria-selected", "true")


def test_a_number_that_is_the_least_stays_in_the_link(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/pooling")
    settled(page)
    field = page.locator(".st-key-pool_stride_h")
    field.get_by_test_id("stNumberInputStepDown").click()  # to 0, what such a field begins with
    wait_for(page, "pool_stride_h", "0")
    page.reload()
    settled(page)
    expect(field.locator("input")).to_have_value("0")
    field.get_by_test_id("stNumberInputStepUp").click()
    wait_for(page, "pool_stride_h", None)
    expect(page.get_by_test_id("stAlert")).to_be_hidden()


def test_what_a_link_cannot_have_is_said_until_something_is_chosen(
    page: Page, app_server: str
) -> None:
    page.goto(f"{app_server}/feature-maps?weights=untrained:0&layer=zzz&network=nothing")
    settled(page)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("There is no network")
    expect(alert).to_contain_text("layer=zzz")
    box, row = box_of(alert), box_of(page.locator(".st-key-inside_controls"))
    assert box["width"] >= row["width"] - 1
    assert box["y"] + box["height"] <= row["y"]
    page.locator('.maps-strip .stage[data-layer="conv2"]').click()
    page.wait_for_url("**layer=conv2**")
    expect(alert).to_be_hidden()

    page.goto(f"{app_server}/kernels?weights=untrained:0&network=nothing")
    expect(alert).to_contain_text("There is no network")
    settled(page)
    page.locator('.maps-strip .stage[data-layer="conv1"]').click()  # as it is: nothing is chosen
    page.wait_for_timeout(1000)
    expect(alert).to_contain_text("There is no network")
    page.locator(".kernels-sheet .box").first.press("ArrowRight")
    page.wait_for_url("**channel=1**")
    expect(alert).to_be_hidden()

    page.goto(f"{app_server}/excites?weights=untrained:0&layer=zzz&data=digits&steps=8")
    expect(alert).to_contain_text("layer=zzz")
    expect(page.locator("[data-ascent-painted$='8']")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(3000)  # it draws itself anew all the while
    expect(alert).to_contain_text("layer=zzz")
    page.locator(".st-key-excites_mosaic .box").press("ArrowRight")
    page.wait_for_url("**channel=1**")
    expect(alert).to_be_hidden()
