"""One tour of all pages in a real browser, something chosen on each; then Back and Forward."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.ui.entries import PAGES
from tests.conftest import settled
from tests.journeys.test_layers import layer_board, pick

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Choice:
    """What is chosen on a page: a place on it, what the address then says, and how it is seen."""

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

    def check(self, page: Page) -> None:
        """The page shows it."""
        control = self._control(page)
        if self.by == "number":
            expect(control).to_have_value(self.value)
        elif self.by == "toggle":
            expect(control.locator("input")).to_be_checked(checked=self.value == "true")
        else:
            mark = "aria-selected" if self.by == "tab" else "aria-checked"
            expect(control).to_have_attribute(mark, "true")

    def _control(self, page: Page) -> Locator:
        if self.by == "tab":
            return page.get_by_role("tab", name=self.place)
        place, _at, number = self.place.partition("@")
        inside = {"button": "button", "toggle": "label", "number": "input"}[self.by]
        return page.locator(f".st-key-{place} {inside}").nth(int(number or 0))


CHOICES: dict[str, Choice | None] = {
    "": None,
    "convolution": Choice("conv_flip", "conv_flip", "true", "toggle"),
    "edge-kernel": None,  # lists and texts: in the tours without a browser
    "padding-stride": Choice("pad_view@2", "pad_view", "same"),
    "channels": Choice("channels_outputs@1", "channels_outputs", "2"),
    "pooling": Choice("pool_mode@1", "pool_mode", "avg"),
    "receptive-field": Choice("field_view@2", "field_view", "why"),
    "batch-norm": Choice("bn_mode@1", "bn_mode", "prediction"),
    "blocks": Choice("Dense", "blocks_part", "dense", "tab"),
    "check": Choice("quiz_seed", "quiz_seed", "2", "number"),
    "layers": Choice("Costs", "view", "costs", "tab"),
    "data": Choice("data-part@1", "part", "test"),
    "feature-maps": Choice("feature-maps-training", "training", "true", "toggle"),
    "kernels": Choice("kernels-measure@1", "measure", "norm"),
    "excites": None,
    "why": Choice("why-control", "control", "false", "toggle"),
    "compare": Choice("compare-across@1", "across", "macs"),
    "new-run": Choice("new-run-epochs", "epochs", "11", "number"),
    "live": None,
    "runs": None,
}


def at(page: Page, url: str) -> bool:
    """Whether the browser is on this page, with what was chosen there."""
    now, choice = urlsplit(page.url), CHOICES[url]
    address = parse_qs(now.query)
    return now.path == f"/{url}" and (not choice or address.get(choice.name) == [choice.value])


def check(page: Page, url: str) -> None:
    settled(page)
    expect(page.get_by_test_id("stAlert").filter(has_text="mistake")).to_be_hidden()
    if choice := CHOICES[url]:
        choice.check(page)


def walk(page: Page, way: list[str], step: str) -> None:
    """Along the browser's history to one page after another; a page may have a few entries."""
    for url in way:
        for _entry in range(6):
            if at(page, url):
                break
            page.evaluate(f"history.{step}()")
            page.wait_for_timeout(150)
            settled(page)
        assert at(page, url), f"{step} does not lead to /{url}, but to {page.url}"
        check(page, url)


def test_all_pages_back_and_forward(page: Page, app_server: str) -> None:
    page.goto(app_server)
    settled(page)
    for entry in PAGES:
        if entry.url:
            sidebar = page.get_by_test_id("stSidebar")
            sidebar.get_by_role("link", name=entry.title, exact=True).click()
            page.wait_for_url(f"**/{entry.url}*")
        settled(page)
        if choice := CHOICES[entry.url]:
            choice.choose(page)
            page.wait_for_url(f"**{choice.name}={choice.value}*")
        check(page, entry.url)
    way = [entry.url for entry in PAGES]
    walk(page, way[-2::-1], "back")
    walk(page, way[1:], "forward")


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
    pick(page, "torchvision/resnet18", "torchvision/resnet18 · ResNet-18")
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
