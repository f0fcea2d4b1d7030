"""What is picked on the layers page comes back from its address, for every network and option."""

import pytest
from playwright.sync_api import Page, expect

from explorer import networks
from tests.conftest import box_of, settled
from tests.journeys.test_layers import board

pytestmark = pytest.mark.browser


def others(name: str) -> dict[str, str]:
    """A value other than the default for each option of a network."""
    chosen = {}
    for option in networks.get(name).all_options:
        ends = [option.choices[0], option.choices[-1]]
        if option.name not in ("in_channels", "num_classes"):
            chosen[option.name] = next(str(end) for end in ends if end != option.default)
    return chosen


@pytest.mark.parametrize("name", ["bn_lenet", "densenet", "torchvision/resnet18"])
def test_a_reload_shows_the_same(page: Page, app_server: str, name: str) -> None:
    size = "3x224x224" if "/" in name else "x".join(map(str, networks.get(name).input_size))
    wanted = {"network": name, "input": size, "batch": "3", "num_classes": "7", **others(name)}
    page.goto(f"{app_server}/layers?" + "&".join(f"{k}={v}" for k, v in wanted.items()))
    key = name.replace("/", "-")
    shown = board(page, key).get_attribute("data-board-painted")
    page.locator(".board tbody tr[data-id]").nth(1).click()  # a rerun, as any click is
    page.wait_for_url("**layer=**")
    settled(page)
    again = page.context.new_page()
    again.goto(page.url)
    assert board(again, key).get_attribute("data-board-painted") == shown
    assert "num_classes_7" in (shown or "")


def ask(page: Page, question: str, painted: str) -> None:
    """Home, then one of its questions, in the same session."""
    page.get_by_role("link", name="Home").first.click()
    settled(page)
    page.get_by_role("link", name=question).click()
    page.locator(f'.board[data-board-painted^="{painted}"]').wait_for(timeout=30_000)


def test_the_same_network_with_its_own_size_again(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=resnet18&input=1x64x64")
    board(page, "resnet18-1x1x64x64")
    ask(page, "ResNet-18 at 96", "resnet18-1x1x96x96")
    ask(page, "AlexNet at 28", "alexnet-1x1x28x28")
    page.get_by_role("link", name="Convolution").first.click()
    settled(page)
    page.get_by_role("link", name="Layers").first.click()  # as it was left
    board(page, "alexnet-1x1x28x28")


def test_back_and_forward_show_what_was_there(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=googlenet&input=1x64x64")
    board(page, "googlenet-1x1x64x64")
    page.locator(".st-key-layers-network input").click()
    page.locator(".st-key-layers-network input").fill("lenet")
    page.get_by_role("option", name="lenet · LeNet-5", exact=True).click()
    shown = board(page, "lenet-1x1x28x28")
    settled(page)
    shown.locator("tbody tr[data-id]").nth(1).click()
    page.wait_for_url("**layer=conv1**")
    for _ in range(8):
        if "googlenet" in page.url:
            break
        page.go_back()
        page.wait_for_timeout(700)
    board(page, "googlenet-1x1x64x64")
    page.go_forward()
    page.wait_for_timeout(700)
    for _ in range(8):
        if "layer=conv1" in page.url:
            break
        page.go_forward()
        page.wait_for_timeout(700)
    shown = board(page, "lenet-1x1x28x28")
    expect(shown.locator('tr[aria-selected="true"]')).to_have_count(1)


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


@pytest.mark.parametrize("name", ["alexnet", "torchvision/resnet18"])
def test_more_keeps_its_values_after_a_choice(page: Page, app_server: str, name: str) -> None:
    page.goto(f"{app_server}/layers?network={name}")
    board(page, name.replace("/", "-")).locator("tbody tr[data-id]").nth(1).click()
    page.wait_for_url("**layer=conv1**")
    settled(page)
    page.get_by_role("button", name="More").click()
    wanted = {"in_channels": "3", "num_classes": "1000"} if "/" in name else {"num_classes": "10"}
    for key, value in wanted.items():
        expect(page.locator(f".st-key-layers-{key} input")).to_have_value(value)


def test_every_click_on_a_tab_opens_it(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=lenet&view=code")
    settled(page)
    expect(page.get_by_role("tab", name="Code")).to_have_attribute("aria-selected", "true")
    views = {"Costs": "costs", "Code": "code", "About": "about", "Layers": None}
    for word, view in [*views.items()] * 2:
        page.get_by_role("tab", name=word).click()
        wait_for(page, "view", view)
        settled(page)
        expect(page.get_by_role("tab", name=word)).to_have_attribute("aria-selected", "true")


def test_every_click_on_a_quantity_shows_it(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=lenet&view=costs&show=memory")
    settled(page)
    buttons = page.locator(".st-key-layers-show button")
    expect(buttons.first).to_be_visible()
    words = buttons.all_inner_texts()
    for word in words * 2:
        button = buttons.filter(has_text=word).first
        button.click()
        settled(page)
        expect(button).to_have_attribute("aria-checked", "true")


def wait_for(page: Page, key: str, value: str | None) -> None:
    """Until the address says `value` under `key` (None: nothing)."""
    page.wait_for_function(
        "([key, value]) => new URLSearchParams(location.search).get(key) === value",
        arg=[key, value],
    )


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


def test_back_to_a_form_finds_it_as_it_was_left(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/new-run?dataset=digits&epochs=3")
    settled(page)
    epochs = page.locator(".st-key-new-run-epochs input")
    expect(epochs).to_have_value("3")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Pooling").click()
    page.wait_for_url("**/pooling**")
    settled(page)
    page.go_back()
    page.wait_for_url("**/new-run?**dataset=digits**")
    settled(page)
    expect(epochs).to_have_value("3")
    expect(page.locator(".st-key-new-run-dataset input")).to_have_value("Digits")


def test_what_a_link_cannot_have_is_said_until_something_is_chosen(
    page: Page, app_server: str
) -> None:
    page.goto(f"{app_server}/feature-maps?weights=untrained:0&layer=zzz&network=nothing")
    settled(page)
    said = page.get_by_test_id("stAlert")
    expect(said).to_contain_text("There is no network")
    expect(said).to_contain_text("layer=zzz")
    box, row = box_of(said), box_of(page.locator(".st-key-inside_controls"))
    assert box["width"] >= row["width"] - 1
    assert box["y"] + box["height"] <= row["y"]
    page.locator('.maps-strip .stage[data-layer="conv2"]').click()
    page.wait_for_url("**layer=conv2**")
    expect(said).to_be_hidden()

    page.goto(f"{app_server}/kernels?weights=untrained:0&network=nothing")
    expect(said).to_contain_text("There is no network")
    settled(page)
    page.locator('.maps-strip .stage[data-layer="conv1"]').click()  # as it is: nothing is chosen
    page.wait_for_timeout(1000)
    expect(said).to_contain_text("There is no network")
    page.locator(".kernels-sheet .box").first.press("ArrowRight")
    page.wait_for_url("**channel=1**")
    expect(said).to_be_hidden()

    page.goto(f"{app_server}/excites?weights=untrained:0&layer=zzz&data=digits&steps=8")
    expect(said).to_contain_text("layer=zzz")
    expect(page.locator("[data-ascent-painted$='8']")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(3000)  # it draws itself anew all the while
    expect(said).to_contain_text("layer=zzz")
    page.locator(".st-key-excites_mosaic .box").press("ArrowRight")
    page.wait_for_url("**channel=1**")
    expect(said).to_be_hidden()


def test_a_network_goes_along_from_page_to_page(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/kernels?network=bn_lenet")
    settled(page)
    for name, address in (("Why this class?", "why"), ("Feature maps", "feature-maps")):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
        page.wait_for_url(f"**/{address}?**network=bn_lenet**")
        settled(page)
        assert "weights" not in page.url, "trained, as on the page before"
        expect(page.get_by_role("radio", name="trained", exact=True)).to_be_checked()
