"""“Show me” brings the picture into view, and on a phone the picture stands before its controls."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import box_of, settled

pytestmark = pytest.mark.browser

WATCH = """() => {
  window.scrolls = []
  const own = Element.prototype.scrollTo
  Element.prototype.scrollTo = function (to) {
    window.scrolls.push(to.behavior)
    own.call(this, to)
  }
}"""
SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"


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
    assert page.evaluate("window.scrolls") == [behaviour]
    page.get_by_role("button", name="Find both edges").click()  # any other click leaves it alone
    page.locator('[data-window-painted="6x8-1x2"]').wait_for()
    page.get_by_role("link", name="Pooling").first.click()
    page.locator("[data-window-painted^=max]").wait_for()
    settled(page)
    assert page.evaluate("window.scrolls") == [behaviour]


@pytest.mark.parametrize(
    ("url", "picture", "control"),
    [
        ("convolution", "[data-window-painted]", "conv_stride_h"),
        ("pooling", "[data-window-painted]", "pool_window_h"),
        ("edge-kernel", "[data-descent-painted]", "edge_rate"),
        ("padding-stride", "[data-strip-painted]", "pad_size"),
        ("batch-norm", "[data-batchnorm-painted]", "bn_gamma"),
    ],
)
def test_on_a_phone_the_picture_stands_before_the_controls(
    page: Page, app_server: str, url: str, picture: str, control: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_server}/{url}")
    page.locator(picture).first.wait_for(timeout=60_000)
    settled(page)
    for width, first in ((390, True), (1366, False)):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(300)  # boards draw themselves anew at another width
        drawn, set_by = page.locator(picture).first, page.locator(f".st-key-{control}")
        tops = [box_of(each)["y"] for each in (drawn, set_by)]
        assert (tops[0] < tops[1]) is first
        if first:
            assert tops[0] < 844 / 2
