"""The real server and a real browser, shared by the tests that need them."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
import torch
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, sync_playwright
from streamlit.components.v2 import manifest_scanner

from tests.serving import BROWSER, chromium, news, server

# The same made-up cases at every run: a red suite means that the code has changed.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

# A shell starts what it puts into the background deaf to Ctrl-C, and deafness is inherited: what
# the tests start has to hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

IDLE = (
    "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
)


@pytest.fixture(autouse=True, scope="session")
def no_search_for_components() -> Iterator[None]:
    """Installed packages are not searched for Streamlit components at every opening of a page.

    `AppTest` does so each time, a server once; there are none, and the search is two thirds of what
    an opening takes.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", list)
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for everything that the program keeps, and no Debian package."""
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path))
    monkeypatch.setattr("explorer.data.datasets.idx.DEBIAN", tmp_path / "no such package")
    return tmp_path


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of shipped weights, in an empty home."""
    from tests.shipped_weights import empty_folder

    with empty_folder(tmp_path, monkeypatch) as folder:
        yield folder


# Seconds that each file took when that was last measured: `make seconds`.
SECONDS = Path(__file__).with_name("seconds.json")
_measured: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-seconds", action="store_true", help=f"write {SECONDS.name} anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no process is left with one; in each, the browser's last."""
    seconds = json.loads(SECONDS.read_text("utf-8"))
    items.sort(
        key=lambda item: (
            -seconds.get(item.nodeid.partition("::")[0], 0),
            item.nodeid.partition("::")[0],
            item.get_closest_marker("browser") is not None,
        )
    )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _measured[report.nodeid.partition("::")[0]] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What is renewed is what was measured, whole and green; a short file needs no line."""
    options = session.config.option
    whole = not (session.exitstatus or options.keyword or options.markexpr or options.deselect)
    if options.renew_seconds and whole and not hasattr(session.config, "workerinput"):
        seconds = json.loads(SECONDS.read_text("utf-8")) | {
            file: round(seconds) for file, seconds in _measured.items()
        }
        root = session.config.rootpath
        lasting = {file: n for file, n in seconds.items() if n >= 1 and (root / file).exists()}
        longest_first = sorted(lasting.items(), key=lambda each: (-each[1], each[0]))
        SECONDS.write_text(json.dumps(dict(longest_first), indent=1) + "\n", "utf-8")


# One process draws all pages: the app's scripts are not made ready anew for each.
TOGETHER = ("--process-per-site", "--renderer-process-limit=1")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """As in the server: threads that wait for each other are slow where tests run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def app_server() -> Iterator[str]:
    """Address of the real server, started as a visitor's would be."""
    with server() as address:
        yield address


@pytest.fixture(scope="session")
def profile() -> Iterator[BrowserContext]:
    """A real Chromium.

    It keeps the app's scripts, compiled, from one test to the next, as a visitor's browser does:
    a page opens in two thirds of the time.
    """
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium(),
            args=(*BROWSER, *TOGETHER),
            viewport={"width": 1366, "height": 768},
        )
        yield context
        context.close()


@pytest.fixture(scope="session")
def browser(profile: BrowserContext) -> Browser:
    """The browser itself, for who needs a second visitor who shares nothing with the first."""
    assert profile.browser
    return profile.browser


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A fresh visitor with a laptop's screen."""
    with visiting(profile) as fresh:
        yield fresh


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A fresh visitor with a telephone's screen, and a finger."""
    with browser.new_context(has_touch=True, viewport={"width": 390, "height": 844}) as context:
        yield context.new_page()


@contextmanager
def visiting(profile: BrowserContext) -> Iterator[Page]:
    """A page, of which nothing is left afterwards but the app's scripts."""
    others = list(profile.pages)
    try:
        yield profile.new_page()
    finally:
        own = [each for each in profile.pages if each not in others]
        addresses = {urlsplit(each.url) for each in own}
        for each in own:
            each.close()
        profile.clear_cookies()
        tools = profile.new_cdp_session(profile.pages[0])
        for each in addresses:
            if each.scheme.startswith("http"):
                site = {"origin": f"{each.scheme}://{each.netloc}", "storageTypes": "local_storage"}
                tools.send("Storage.clearDataForOrigin", site)
        tools.detach()


@pytest.fixture(autouse=True)
def no_error_on_any_page(request: pytest.FixtureRequest) -> Iterator[None]:
    """A page that breaks fails the test in which it did: the servers' logs are read after each.

    A test that breaks one on purpose says so (`@pytest.mark.broken_page`).
    """
    news()  # said between tests
    yield
    text = news()
    if "Traceback" in text and request.node.get_closest_marker("broken_page") is None:
        pytest.fail(f"The server has written:\n{text[-6000:]}")


def box_of(place: Locator) -> FloatRect:
    """Where it is drawn, in the window's pixels."""
    box = place.bounding_box()
    assert box
    return box


def settled(page: Page) -> Page:
    """Wait until the page's script has run to its end and nothing is still being loaded."""
    page.wait_for_selector(IDLE, timeout=30_000)
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=30_000)
    return page
