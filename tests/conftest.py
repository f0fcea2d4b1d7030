"""The real server and a real browser, shared by the tests that need them."""

import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, sync_playwright

from tests.serving import BROWSER, server

# The same made-up cases at every run: a red suite means that the code has changed.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

IDLE = (
    "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def app_server() -> Iterator[str]:
    """Address of the real server, started as a visitor's would be."""
    with server() as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window: the machine's own, else Playwright's."""
    names = ("chromium", "chromium-browser", "google-chrome")
    own = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=own, args=BROWSER)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh visitor with a laptop's screen."""
    visitor = browser.new_context(viewport={"width": 1366, "height": 768})
    yield visitor.new_page()
    visitor.close()


def settled(page: Page) -> Page:
    """Wait until the page's script has run to its end and nothing is still being loaded."""
    page.wait_for_selector(IDLE, timeout=30_000)
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=30_000)
    return page
