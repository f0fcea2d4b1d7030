"""What a question shows is on the screen, and in the address: in a browser, one opening a page."""

import pytest
from playwright.sync_api import Page

from explorer.ui import lesson
from tests.conftest import settled
from tests.opened_pages import opened
from tests.pages.learn.test_links import PARTS, URLS, address

pytestmark = pytest.mark.browser

# The place is there, its beginning is on the screen, and so is most of it, or as much as fits.
SEEN = """place => {
  const element = document.querySelector(`.st-key-${place}`) ?? document.querySelector("h1")
  const box = element.getBoundingClientRect()
  return box.top >= 0 && Math.min(box.bottom, box.top + innerHeight / 2) <= innerHeight
}"""


@pytest.mark.parametrize("url", [url for url in URLS if url != "dilation"])
def test_what_a_question_shows_is_on_the_screen_and_in_the_address(
    page: Page, app_server: str, url: str
) -> None:
    at = opened(url, **PARTS.get(url, [{}])[0])
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{app_server}/{url}")
    settled(page)
    keys = [each.key for each in at.button if (each.key or "").startswith("show_")]
    assert keys
    for key in keys:
        at.button(key=key).click().run()
        page.evaluate(f"document.querySelector('.st-key-{key} button').click()")
        link = address(at)
        page.wait_for_function(
            "link => { const now = Object.fromEntries(new URL(location).searchParams);"
            " return Object.entries(link).every(([name, text]) => now[name] === text)"
            " && Object.keys(now).length === Object.keys(link).length }",
            arg=link,
            timeout=8000,
        )
        page.wait_for_function(SEEN, arg=at.session_state[lesson.PLACE], timeout=8000)
