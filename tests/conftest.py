"""The real server and a real browser, shared by the tests that need them."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.serving import BROWSER, chromium, server

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
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A real Chromium.

    It keeps the app's scripts, compiled, from one test to the next, as a visitor's browser does:
    a page opens in two thirds of the time.
    """
    with sync_playwright() as playwright:
        kept = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=chromium(),
            args=BROWSER,
            viewport={"width": 1366, "height": 768},
        )
        yield kept
        kept.close()


@pytest.fixture(scope="session")
def browser(profile: BrowserContext) -> Browser:
    """The browser itself, for who needs a second visitor who shares nothing with the first."""
    assert profile.browser
    return profile.browser


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A fresh visitor with a laptop's screen."""
    fresh = profile.new_page()
    yield fresh
    if not fresh.is_closed() and (origin := fresh.evaluate("location.origin")) != "null":
        told = {"origin": origin, "storageTypes": "local_storage,cookies"}
        profile.new_cdp_session(fresh).send("Storage.clearDataForOrigin", told)
    for each in profile.pages[1:]:  # the first is the window's own
        each.close()


def settled(page: Page) -> Page:
    """Wait until the page's script has run to its end and nothing is still being loaded."""
    page.wait_for_selector(IDLE, timeout=30_000)
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=30_000)
    return page
