"""A run watched in real browsers: it grows, survives everything a reader does, and can be steered.

The server is one of its own, with a folder of its own for runs; the run is a real one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from explorer import runs
from tests.conftest import settled
from tests.run_processes import folder, until
from tests.serving import ROOT, serving

pytestmark = pytest.mark.browser

LAPTOP = {"width": 1366, "height": 768}
# LeNet on 1 438 small pictures: an epoch takes about half a second, and there are plenty of them.
SETTINGS = "dataset=digits&activation=relu&batch_size=16&epochs=900"
MOST_BYTES = 50_000
MOST_SECONDS = 0.3


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with folder(tmp_path_factory.mktemp("home")) as own:
        yield own


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    with serving(ROOT, home / "server.log") as address:
        yield address


@pytest.fixture(scope="module")
def number(server: str, browser: Browser) -> int:
    """A run launched from the page, as a visitor does it."""
    page = visitor(browser)
    page.goto(f"{server}/new-run?{SETTINGS}")
    settled(page)
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/live?**run=*", timeout=30_000)
    board(page, "running", seconds=120)  # a cold host, on a machine that other tests keep busy
    page.context.close()
    return runs.listed()[0].id


def visitor(browser: Browser) -> Page:
    return browser.new_context(viewport=LAPTOP).new_page()  # type: ignore[arg-type]


def board(page: Page, status: str, seconds: int = 30) -> Locator:
    """The live board, once it shows that the run has this status."""
    found = page.locator(f'.live[data-live-painted][data-status="{status}"]')
    found.wait_for(timeout=1000 * seconds)
    return found


def told(shown: Locator, what: str) -> int:
    return int(shown.get_attribute(f"data-{what}") or 0)


def grows(shown: Locator, updates: int) -> None:
    """Wait for so many more updates, in which the run must have gone on."""
    before, step = told(shown, "updates"), told(shown, "step")
    until(lambda: told(shown, "updates") >= before + updates)
    assert told(shown, "step") > step


def zoomed(shown: Locator, wide: int = 30) -> str:
    """Drag across so many pixels of the accuracy chart; the range that it shows then."""
    before = shown.locator(".accuracy").get_attribute("data-zoom") or ""
    paper = shown.locator(".accuracy svg.plot").bounding_box()
    assert paper is not None
    mouse = shown.page.mouse
    y = paper["y"] + paper["height"] / 2
    mouse.move(paper["x"] + 60, y)
    mouse.down()
    mouse.move(paper["x"] + 60 + wide, y, steps=4)
    mouse.up()
    expect(shown.locator(".accuracy")).not_to_have_attribute("data-zoom", before)
    return shown.locator(".accuracy").get_attribute("data-zoom") or ""


def test_a_curve_grows_and_a_zoom_stays(server: str, browser: Browser, number: int) -> None:
    page = visitor(browser)
    moved: list[str] = []
    page.on("framenavigated", lambda frame: moved.append(frame.url))
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda _frame: sent.append("")))
    page.goto(f"{server}/live?run={number}")
    shown = board(page, "running")
    settled(page)
    page.wait_for_timeout(500)
    assert sent
    moved.clear()
    sent.clear()
    kept = zoomed(shown)
    points = told(shown.locator(".accuracy"), "points")
    grows(shown, 5)
    until(lambda: told(shown.locator(".accuracy"), "points") > points)
    assert shown.locator(".accuracy").get_attribute("data-zoom") == kept
    assert shown.locator(".loss").get_attribute("data-zoom") == kept, "both charts zoom together"
    assert not moved
    assert not sent, "no page runs while a curve grows"
    page.locator(".accuracy svg.plot").dblclick()
    expect(shown.locator(".accuracy")).to_have_attribute("data-zoom", "")
    page.context.close()


def test_kernels_and_predictions_change_as_it_learns(
    server: str, browser: Browser, number: int
) -> None:
    page = visitor(browser)
    page.goto(f"{server}/live?run={number}")
    shown = board(page, "running")
    expect(shown.locator(".samples figure img")).to_have_count(10)
    picture = "canvas => canvas.toDataURL()"
    canvas = shown.locator(".first canvas")
    expect(canvas).to_be_visible()
    before, seen = canvas.evaluate(picture), shown.get_attribute("data-snapshot")
    expect(shown).not_to_have_attribute("data-snapshot", seen or "", timeout=20_000)
    until(lambda: canvas.evaluate(picture) != before)
    page.context.close()


def test_an_update_costs_little(server: str, browser: Browser, number: int) -> None:
    page = visitor(browser)
    page.goto(f"{server}/live?run={number}")
    shown = board(page, "running")
    page.wait_for_timeout(2500)  # everything that comes once has come
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Performance.enable")
    sizes: list[int] = []
    tools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    busy, before = _busy(tools), told(shown, "updates")
    since = page.evaluate("performance.now()")
    grows(shown, 6)
    spent = (_busy(tools) - busy) / (told(shown, "updates") - before)
    answers = page.evaluate(
        "since => performance.getEntriesByType('resource')"
        ".filter(each => each.startTime > since && each.name.includes('/api/runs/'))"
        ".map(each => each.duration / 1000)",
        since,
    )
    assert len(answers) >= 5
    assert max(sizes) < MOST_BYTES
    assert sum(sizes) / len(answers) < MOST_BYTES / 5, "and usually far less"
    assert spent + sorted(answers)[len(answers) // 2] < MOST_SECONDS
    page.context.close()


def _busy(tools: Any) -> float:
    """Seconds of work that the page's main thread has done so far."""
    metrics = tools.send("Performance.getMetrics")["metrics"]
    return float({each["name"]: each["value"] for each in metrics}["TaskDuration"])


def test_nothing_is_lost_by_reloading_or_closing(
    server: str, browser: Browser, number: int
) -> None:
    page = visitor(browser)
    page.goto(f"{server}/live?run={number}")
    shown = board(page, "running")
    step = told(shown, "step")
    page.reload()
    shown = board(page, "running")
    assert told(shown, "step") >= step
    step = told(shown, "step")
    page.context.close()
    page = visitor(browser)
    page.goto(f"{server}/live")  # the run that is going is the one that is shown
    shown = board(page, "running")
    assert f"run={number}" in page.url
    assert told(shown, "step") >= step
    points = shown.locator(".accuracy")
    until(lambda: told(points, "points") > 2)  # the whole curve, from its beginning
    page.context.close()


def test_two_browsers_see_and_steer_the_same_run(
    server: str, browser: Browser, number: int
) -> None:
    first, second = visitor(browser), visitor(browser)
    for page in (first, second):
        page.goto(f"{server}/live?run={number}")
        board(page, "running")
    steps = [told(board(page, "running"), "step") for page in (first, second)]
    assert abs(steps[0] - steps[1]) < 500
    board(first, "running").locator('[data-ask="pause"]').click()
    expect(first.locator(".live .status")).to_contain_text("pausing")  # at once
    for page in (first, second):
        board(page, "paused")
    board(second, "paused").locator('[data-ask="resume"]').click()
    for page in (first, second):
        grows(board(page, "running"), 2)
    board(first, "running").locator('[data-ask="stop"]').click()
    for page in (first, second):
        shown = board(page, "stopped")
        page.locator(f'.learned[data-learned-painted^="{number}@"]').wait_for(timeout=30_000)
    step = told(shown, "step")
    board(second, "stopped").locator('[data-ask="resume"]').click()
    for page in (first, second):
        shown = board(page, "running")
        grows(shown, 2)
        assert told(shown, "step") >= step, "it goes on where it was"
        page.context.close()


def test_a_cell_of_the_matrix_shows_its_pictures(
    server: str, browser: Browser, number: int
) -> None:
    runs.stop(number)
    until(lambda: runs.get(number).status.over)
    page = visitor(browser)
    page.goto(f"{server}/live?run={number}")
    board(page, "stopped")
    panel = page.locator(".learned .panel")
    expect(panel.locator("td[data-at]")).to_have_count(100)
    cell = panel.locator('td[data-at="3.3"]')
    shown = min(int(cell.inner_text()), 24)
    cell.click()
    expect(panel).to_have_attribute("data-pictures", f"3.3 {shown}")
    expect(panel.locator(".pictures img")).to_have_count(shown)
    page.wait_for_url("**cell=3.3**")
    page.reload()
    expect(page.locator(".learned .panel")).to_have_attribute("data-pictures", f"3.3 {shown}")
    page.context.close()


def test_pointing_at_a_zoomed_curve_reads_what_is_in_view(
    server: str, browser: Browser, number: int
) -> None:
    page = visitor(browser)
    page.goto(f"{server}/live?run={number}")
    shown = board(page, "stopped")
    low, high = 0.0, 9.0
    while high - low > 0.9:  # of an epoch: one test at most
        low, high = map(float, zoomed(shown, wide=180).split())
    tip = shown.locator(".accuracy .tip")
    paper = shown.locator(".accuracy svg.plot").bounding_box()
    assert paper is not None
    tests = range(1, runs.get(number).progress.epoch + 1)
    tests_in_view = sum(low < epoch < high for epoch in tests)
    for place in (0.2, 0.5, 0.98):
        page.mouse.move(paper["x"] + place * paper["width"], paper["y"] + 100)
        expect(tip).to_contain_text("epoch")
        assert tip.inner_text().count("test") == tests_in_view
        pointed = shown.locator(".accuracy svg.plot > g").last.locator("path:not(.cursor)")
        assert tip.locator("span").count() == pointed.count(), "what is read is marked in the chart"
    for key in ("End", "Home", "PageUp"):
        shown.locator(".accuracy svg.plot").press(key)
        read = float(tip.locator("b").inner_text().split(": ")[1])
        assert low - 0.01 <= read <= high + 0.01
    page.keyboard.press("Escape")
    expect(shown.locator(".accuracy")).to_have_attribute("data-zoom", "")
    shown.locator(".accuracy svg.plot").press("End")
    expect(tip).to_contain_text("training")
    expect(tip).to_contain_text("test")
    page.context.close()


def test_a_run_can_be_taken_along(
    server: str, browser: Browser, number: int, tmp_path: Path
) -> None:
    page = visitor(browser)
    page.goto(f"{server}/live?run={number}")
    board(page, "stopped")
    for word, stem in (("Steps (CSV)", "steps.csv"), ("Weights (safetensors)", ".safetensors")):
        with page.expect_download() as saved:
            page.get_by_role("link", name=word).click()
        assert saved.value.suggested_filename.endswith(stem)
        saved.value.save_as(tmp_path / stem)
        assert (tmp_path / stem).stat().st_size > 1000
    page.context.close()


def test_runs_are_compared_named_and_deleted(server: str, browser: Browser, number: int) -> None:
    other = runs.retry(number)
    until(lambda: runs.get(other).progress.epoch >= 1)
    runs.stop(other)
    page = visitor(browser)
    page.goto(f"{server}/runs?runs={number}")
    table = page.locator(".table[data-table-painted]")
    table.wait_for()
    table.locator(f'tr[data-run="{other}"] .tick').check()
    page.locator(f'.overlay[data-overlay-painted="{number} {other}"]').wait_for()
    page.wait_for_url(f"**runs={number}%2C{other}")
    page.get_by_role("button", name="Seconds").click()
    page.wait_for_url("**by=seconds**")
    table.locator(f'tr[data-run="{number}"] .tick').uncheck()
    page.get_by_role("button", name="Name and note").click()
    page.get_by_label("Name", exact=True).fill("Another try")
    page.get_by_role("button", name="Keep").click()
    expect(table.locator(f'tr[data-run="{other}"]')).to_contain_text("Another try")
    page.get_by_role("button", name="Delete …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Another try")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    assert runs.get(other).name == "Another try"
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(table.locator(f'tr[data-run="{other}"]')).to_have_count(0)
    assert [run.id for run in runs.listed()] == [number]
    page.context.close()


def test_another_server_shows_the_same_runs(home: Path, browser: Browser, number: int) -> None:
    with serving(ROOT, home / "second.log") as address:
        page = visitor(browser)
        page.goto(f"{address}/runs")
        page.locator(f'.table[data-table-painted="1"] tr[data-run="{number}"]').wait_for()
        page.context.close()
