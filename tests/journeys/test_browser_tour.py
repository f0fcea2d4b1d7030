"""Through pages in a real browser, something chosen on each; then Back and Forward."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.ui.entries import entry
from tests.conftest import settled
from tests.journeys.test_layers import layer_board, pick

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Choice:
    """What is chosen on a page: a place on it, what the address then says, and how it is seen."""

    url: str
    place: str
    name: str
    value: str
    by: str = "button"  # "tab", "toggle", "number"

    def choose(self, page: Page) -> None:
        control = self._control(page)
        if self.by == "number":
            control.fill(self.value)
            control.press("Enter")
        else:
            control.click()
        page.wait_for_url(f"**{self.name}={self.value}*")

    def check(self, page: Page) -> None:
        """The page shows it, and no more."""
        settled(page)
        expect(page.get_by_test_id("stAlert").filter(has_text="mistake")).to_be_hidden()
        control = self._control(page)
        if self.by == "number":
            expect(control).to_have_value(self.value)
        elif self.by == "toggle":
            expect(control.locator("input")).to_be_checked(checked=self.value == "true")
        else:
            mark = "aria-selected" if self.by == "tab" else "aria-checked"
            expect(control).to_have_attribute(mark, "true")

    def is_at(self, page: Page) -> bool:
        """Whether the browser is on this page, with what was chosen there."""
        now = urlsplit(page.url)
        return now.path == f"/{self.url}" and parse_qs(now.query).get(self.name) == [self.value]

    def _control(self, page: Page) -> Locator:
        if self.by == "tab":
            return page.get_by_role("tab", name=self.place)
        place, _at, number = self.place.partition("@")
        inside = {"button": "button", "toggle": "label", "number": "input"}[self.by]
        return page.locator(f".st-key-{place} {inside}").nth(int(number or 0))


# Each kind of control, on pages where Streamlit binds it to the address and on others; the tours
# without a browser go to every page.
CHOICES = (
    Choice("convolution", "conv_flip", "conv_flip", "true", "toggle"),
    Choice("padding-stride", "pad_view@2", "pad_view", "same"),
    Choice("batch-norm", "bn_mode@1", "bn_mode", "prediction"),
    Choice("blocks", "Dense", "blocks_part", "dense", "tab"),
    Choice("check", "quiz_seed", "quiz_seed", "2", "number"),
    Choice("layers", "Costs", "view", "costs", "tab"),
    Choice("data", "data-part@1", "part", "test"),
    Choice("feature-maps", "feature-maps-training", "training", "true", "toggle"),
    Choice("new-run", "new-run-epochs", "epochs", "11", "number"),
)


def walk(page: Page, way: tuple[Choice, ...], step: str) -> None:
    """Along the browser's history to one page after another; a page may have a few entries."""
    for choice in way:
        for _entry in range(6):
            if choice.is_at(page):
                break
            page.evaluate(f"history.{step}()")
            page.wait_for_timeout(150)
            settled(page)
        assert choice.is_at(page), f"{step} does not lead to /{choice.url}, but to {page.url}"
        choice.check(page)


def test_back_and_forward_show_what_was_chosen(page: Page, app_server: str) -> None:
    page.goto(app_server)
    settled(page)
    for choice in CHOICES:
        title = entry(choice.url).title
        page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
        page.wait_for_url(f"**/{choice.url}*")
        settled(page)
        choice.choose(page)
        choice.check(page)
    walk(page, CHOICES[-2::-1], "back")
    walk(page, CHOICES[1:], "forward")


def entries_of(page: Page) -> int:
    count: int = page.evaluate("history.length")
    return count


def turn_to(page: Page, title: str, url: str) -> None:
    """By the sidebar; it takes one entry of the history."""
    before = entries_of(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
    page.wait_for_url(f"**/{url}*")
    settled(page)
    assert entries_of(page) == before + 1, f"{title}: {page.url}"


def test_a_page_is_one_entry_and_back_shows_what_was_left(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/layers?network=densenet&layer=stem")
    layer_board(page, "densenet")
    settled(page)
    opened = entries_of(page)
    pick(page, "torchvision/resnet18", "ResNet-18 · torchvision/resnet18")
    page.wait_for_url("**/layers?network=torchvision%2Fresnet18")
    settled(page)
    assert entries_of(page) == opened + 1

    turn_to(page, "New run", "new-run?network=**size=224**")
    size = page.locator(".st-key-new-run-size input")
    expect(size).to_have_value("224")
    address = page.url
    turn_to(page, "Layers", "layers?network=torchvision%2Fresnet18")
    turn_to(page, "Data", "data")
    page.go_back()
    page.wait_for_url("**/layers?network=torchvision%2Fresnet18")
    settled(page)
    page.go_back()
    page.wait_for_url(address)
    settled(page)
    expect(size).to_have_value("224")
    assert page.url == address
    page.go_back()
    page.wait_for_url("**/layers?network=torchvision%2Fresnet18")
    settled(page)
    page.go_back()
    page.wait_for_url("**/layers?network=densenet&layer=stem")
    marked = layer_board(page, "densenet").locator('tr[aria-selected="true"]')
    expect(marked).to_have_count(1)
    page.go_forward()
    page.wait_for_url("**/layers?network=torchvision%2Fresnet18")
    layer_board(page, "torchvision-resnet18")
    expect(marked).to_have_count(0)


def test_a_link_is_one_entry_though_the_page_completes_it(page: Page, app_server: str) -> None:
    page.goto(app_server)
    settled(page)
    before = entries_of(page)
    page.goto(f"{app_server}/compare")
    page.wait_for_url("**/compare?nets=**")
    settled(page)
    assert entries_of(page) == before + 1
