"""A run watched in real browsers: it grows, survives everything a reader does, and can be steered.

The server is one of its own, with a folder of its own for runs; the run is a real one.
"""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from explorer import runs
from explorer.runs import Status, metrics, store
from explorer.runs.protocols import Ended, Loading
from explorer.server.feed import MOST_POINTS
from explorer.training import recipes
from tests.conftest import box_of, settled, visiting
from tests.explorer.runs.played import STARTED, begun, steps
from tests.run_processes import SHORT, until
from tests.serving import Served

pytestmark = pytest.mark.browser

LAPTOP = {"width": 1366, "height": 768}
# LeNet on 1 438 small pictures: an epoch takes about half a second, and there are plenty of them.
SETTINGS = "dataset=digits&activation=relu&batch_size=16&epochs=900"
MOST_BYTES = 50_000
MOST_SECONDS = 0.3


@pytest.fixture(scope="module")
def number(server: str, profile: BrowserContext) -> int:
    """A run launched from the page, as a visitor does it."""
    with visiting(profile) as page:
        page.goto(f"{server}/new-run?{SETTINGS}")
        settled(page)
        page.get_by_role("button", name="Launch").click()
        page.wait_for_url("**/live?**run=*", timeout=30_000)
        board(page, "running", seconds=120)  # a cold host, on a machine that others keep busy
    return runs.listed()[0].id


def board(page: Page, status: str, seconds: int = 30) -> Locator:
    """The live board, once it shows that the run has this status."""
    element = page.locator(f'.live[data-live-painted][data-status="{status}"]')
    element.wait_for(timeout=1000 * seconds)
    return element


def number_of(live: Locator, what: str) -> int:
    return int(live.get_attribute(f"data-{what}") or 0)


def grows(live: Locator, updates: int) -> None:
    """Wait for so many more updates, in which the run must have gone on."""
    before, step = number_of(live, "updates"), number_of(live, "step")
    until(lambda: number_of(live, "updates") >= before + updates)
    assert number_of(live, "step") > step


def zoomed(live: Locator, wide: int = 30) -> str:
    """Drag across so many pixels of the accuracy chart; the range that it shows then."""
    before = live.locator(".accuracy").get_attribute("data-zoom") or ""
    paper = box_of(live.locator(".accuracy svg.plot"))
    mouse = live.page.mouse
    y = paper["y"] + paper["height"] / 2
    mouse.move(paper["x"] + 60, y)
    mouse.down()
    mouse.move(paper["x"] + 60 + wide, y, steps=4)
    mouse.up()
    expect(live.locator(".accuracy")).not_to_have_attribute("data-zoom", before)
    return live.locator(".accuracy").get_attribute("data-zoom") or ""


def test_a_curve_grows_and_a_zoom_stays(server: str, page: Page, number: int) -> None:
    moved: list[str] = []
    page.on("framenavigated", lambda frame: moved.append(frame.url))
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda _frame: sent.append("")))
    page.goto(f"{server}/live?run={number}")
    live = board(page, "running")
    settled(page)
    page.wait_for_timeout(500)
    assert sent
    moved.clear()
    sent.clear()
    zoom = zoomed(live)
    points = number_of(live.locator(".accuracy"), "points")
    grows(live, 5)
    until(lambda: number_of(live.locator(".accuracy"), "points") > points)
    assert live.locator(".accuracy").get_attribute("data-zoom") == zoom
    assert live.locator(".loss").get_attribute("data-zoom") == zoom, "both charts zoom together"
    assert not moved
    assert not sent, "no page runs while a curve grows"
    expect(live.locator(".legend").first).not_to_contain_text("course")  # it had other pictures
    page.locator(".accuracy svg.plot").dblclick()
    expect(live.locator(".accuracy")).to_have_attribute("data-zoom", "")


def test_an_update_costs_little(server: str, page: Page, number: int) -> None:
    page.goto(f"{server}/live?run={number}")
    live = board(page, "running")
    page.wait_for_timeout(2500)  # everything that comes once has come
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Performance.enable")
    sizes: list[int] = []
    tools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    busy, before = _busy(tools), number_of(live, "updates")
    since = page.evaluate("performance.now()")
    grows(live, 6)
    spent = (_busy(tools) - busy) / (number_of(live, "updates") - before)
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


def _busy(tools: Any) -> float:
    """Seconds of work that the page's main thread has done so far."""
    metrics = tools.send("Performance.getMetrics")["metrics"]
    return float({each["name"]: each["value"] for each in metrics}["TaskDuration"])


def test_kernels_and_predictions_change_and_nothing_is_lost_by_reloading_or_closing(
    server: str, page: Page, number: int
) -> None:
    page.goto(f"{server}/live?run={number}")
    live = board(page, "running")
    expect(live.locator(".samples figure img")).to_have_count(10)
    picture = "canvas => canvas.toDataURL()"
    canvas = live.locator(".first canvas")
    expect(canvas).to_be_visible()
    before, snapshot = canvas.evaluate(picture), live.get_attribute("data-snapshot")
    expect(live).not_to_have_attribute("data-snapshot", snapshot or "", timeout=20_000)
    until(lambda: canvas.evaluate(picture) != before)
    step = number_of(live, "step")
    page.reload()
    live = board(page, "running")
    assert number_of(live, "step") >= step
    step = number_of(live, "step")
    page.close()
    page = page.context.new_page()
    page.goto(f"{server}/live")  # the run that is going is the one that is shown
    live = board(page, "running")
    assert f"run={number}" in page.url
    assert number_of(live, "step") >= step
    points = live.locator(".accuracy")
    until(lambda: number_of(points, "points") > 2)  # the whole curve, from its beginning


def test_two_browsers_see_and_steer_the_same_run(
    server: str, page: Page, browser: Browser, number: int
) -> None:
    first, second = page, browser.new_page(viewport=LAPTOP)  # type: ignore[arg-type]
    for each in (first, second):
        each.goto(f"{server}/live?run={number}")
        board(each, "running")
    steps = [number_of(board(each, "running"), "step") for each in (first, second)]
    assert abs(steps[0] - steps[1]) < 500
    board(first, "running").locator('[data-ask="pause"]').click()
    expect(first.locator(".live .status")).to_contain_text("pausing")  # at once
    for each in (first, second):
        board(each, "paused")
    run = runs.get(number)
    within = run.progress.step > run.progress.epoch * run.metadata["steps_per_epoch"]
    facts = board(second, "paused").locator(".facts")
    expect(facts).to_contain_text(f"epoch {run.progress.epoch + within} of")
    board(second, "paused").locator('[data-ask="resume"]').click()
    for each in (first, second):
        grows(board(each, "running"), 2)
    board(first, "running").locator('[data-ask="stop"]').click()
    for each in (first, second):
        live = board(each, "stopped")
        each.locator(f'.learned[data-learned-painted^="{number}@"]').wait_for(timeout=30_000)
    step = number_of(live, "step")
    board(second, "stopped").locator('[data-ask="resume"]').click()
    for each in (first, second):
        live = board(each, "running")
        grows(live, 2)
        assert number_of(live, "step") >= step, "it goes on where it was"
    second.close()


# Every step that the server tells of, in the order in which the page hears of them.
LISTEN = r"""
window.told = []
const ask = window.fetch
window.fetch = async (...given) => {
  const answer = await ask(...given)
  if (/api\/runs\/\d+\?/.test(given[0]))
    answer.clone().json().then(news => window.told.push(...news.points.step), () => {})
  return answer
}
"""


def test_a_server_that_is_killed_and_started_again_loses_nothing(
    served: Served, page: Page, number: int
) -> None:
    worker = runs.get(number).worker
    page.add_init_script(LISTEN)
    page.goto(f"{served.address}/live?run={number}")
    live = board(page, "running")
    settled(page)
    zoom = zoomed(live)
    served.kill()
    expect(live.locator(".lost")).to_be_visible()
    points = number_of(live.locator(".accuracy"), "points")
    served.start()
    expect(live.locator(".lost")).to_be_hidden(timeout=10_000)
    until(lambda: number_of(live.locator(".accuracy"), "points") > points)
    grows(board(page, "running"), 3)
    assert live.locator(".accuracy").get_attribute("data-zoom") == zoom
    heard = page.evaluate("window.told")
    assert heard == runs.curves(number, 0, MOST_POINTS).step[: len(heard)], "without a gap"
    run = runs.get(number)
    assert run.worker == worker, "the training has not noticed"
    every = metrics.curves(number, most=run.progress.total_steps).step
    assert every == list(range(1, len(every) + 1))
    assert len(every) >= run.progress.step
    page.goto(f"{served.address}/runs")
    page.locator(f'.table[data-table-painted] tr[data-run="{number}"]').wait_for()


def seconds(text: str) -> float:
    """6 min 40 s → 400."""
    unit = {"s": 1, "min": 60, "h": 3600}
    return sum(float(n) * unit[word] for n, word in re.findall(r"([\d.]+) (s|min|h)\b", text))


def test_a_run_that_waits_says_its_place_and_when_it_begins(
    server: str, page: Page, number: int
) -> None:
    before, waiting = runs.launch(SHORT), runs.launch(SHORT)
    page.goto(f"{server}/live?run={waiting}")
    facts = board(page, "queued").locator(".facts")
    expect(facts).to_contain_text("number 2 in the queue")
    runs.cancel(before)
    expect(facts).to_contain_text("number 1 in the queue")
    told_time = facts.inner_text().partition("starts in about ")[2].partition(" · ")[0]
    until_start = runs.expected(runs.get(waiting)).until_start
    assert until_start
    assert seconds(told_time) == pytest.approx(until_start, rel=0.2)
    runs.pause(number)
    live = board(page, "finished")
    expect(live.locator(".facts")).not_to_contain_text("queue")
    page.close()
    runs.resume(number)
    for each in (before, waiting):
        runs.delete(each)
    until(lambda: runs.get(number).status is Status.RUNNING)


def test_a_run_of_the_course_fetches_its_data_and_has_the_courses_curve_behind_it(
    server: str, page: Page
) -> None:
    settings = json.dumps(recipes.as_json(recipes.course_recipe("lenet")))
    store.add(settings, "LeNet", "cuda:0")  # no host here looks after that
    writer = begun(device="cuda:0")
    page.goto(f"{server}/live?run={writer.run.id}")
    board(page, "starting")
    writer.tell(Loading(4_640_000, 11_594_722))
    live = page.locator(".live")
    facts = live.locator(".facts")
    expect(facts).to_contain_text("fetching the data: 4.64 MB of 11.6 MB")
    expect(live.locator(".bar")).to_have_attribute("aria-valuenow", "40")
    writer.tell(replace(STARTED, epochs=10, total_steps=100))
    writer.tell(steps(0, 100))  # ten in an epoch, half a second each
    board(page, "running")
    expect(facts).not_to_contain_text("fetching")
    expect(live.locator(".legend").first).to_contain_text("course, training")
    course = live.locator('.accuracy path[data-line="course_test"]')
    plot, tip = live.locator(".accuracy svg.plot"), live.locator(".accuracy .tip")
    printed = (0.601, 0.706, 0.739, 0.748, 0.765, 0.77, 0.792, 0.796, 0.806, 0.811)
    plot.press("Home")
    expect(course).to_have_attribute("stroke-dasharray", "2 3")
    for accuracy in printed[:-1]:
        plot.press("PageDown")
        expect(tip).to_contain_text(f"course, test{100 * accuracy:.1f} %")
    plot.press("End")
    expect(tip).to_contain_text("epoch 10")
    expect(tip).to_contain_text("course, test81.1 %")
    # Its epoch had 235 steps, ours 10; how long they took it did not note.
    for axis, last in (("Steps", "step 100"), ("Seconds", "after 50 s of training")):
        page.get_by_role("button", name=axis, exact=True).click()
        plot.press("End")
        expect(tip).to_contain_text(last)
        expect(tip).not_to_contain_text("course")
    writer.tell(Ended(Status.STOPPED))
    board(page, "stopped")
    expect(facts).to_contain_text("epoch 1 of 10")  # it never was in one called 0
    page.close()
    runs.delete(writer.run.id)


def test_a_cell_of_the_matrix_shows_its_pictures(server: str, page: Page, number: int) -> None:
    runs.stop(number)
    until(lambda: runs.get(number).status.over)
    page.goto(f"{server}/live?run={number}")
    board(page, "stopped")
    panel = page.locator(".learned .panel")
    expect(panel.locator("td[data-at]")).to_have_count(100)
    cell = panel.locator('td[data-at="3.3"]')
    count = min(int(cell.inner_text()), 24)
    cell.click()
    expect(panel).to_have_attribute("data-pictures", f"3.3 {count}")
    expect(panel.locator(".pictures img")).to_have_count(count)
    page.wait_for_url("**cell=3.3**")
    page.reload()
    expect(page.locator(".learned .panel")).to_have_attribute("data-pictures", f"3.3 {count}")


def test_pointing_at_a_zoomed_curve_reads_what_is_in_view(
    server: str, page: Page, number: int
) -> None:
    page.goto(f"{server}/live?run={number}")
    live = board(page, "stopped")
    low, high = 0.0, 9.0
    while high - low > 0.9:  # of an epoch: one test at most
        low, high = map(float, zoomed(live, wide=180).split())
    tip = live.locator(".accuracy .tip")
    paper = box_of(live.locator(".accuracy svg.plot"))
    per = runs.get(number).metadata["steps_per_epoch"]
    tests = [row.step / per for row in runs.epochs(number)]  # the last one where it was stopped
    tests_in_view = sum(low - 0.1 < each < high + 0.1 for each in tests)
    for place in (0.2, 0.5, 0.98):
        page.mouse.move(paper["x"] + place * paper["width"], paper["y"] + 100)
        if tip.is_hidden():
            pointer = low + (place * paper["width"] - 52) / (paper["width"] - 64) * (high - low)
            assert pointer > runs.get(number).progress.step / per, "beyond the end"
            continue
        expect(tip).to_contain_text("epoch")
        assert tip.inner_text().count("test") <= tests_in_view
        pointed = live.locator(".accuracy svg.plot > g").last.locator("path:not(.cursor)")
        assert tip.locator("span").count() == pointed.count(), "what is read is marked in the chart"
    for key in ("End", "Home", "PageUp") if low < tests[-1] else ():  # it was stopped before
        live.locator(".accuracy svg.plot").press(key)
        read = float(tip.locator("b").inner_text().removeprefix("epoch "))
        assert low - 0.01 <= read <= high + 0.01
    page.keyboard.press("Escape")
    expect(live.locator(".accuracy")).to_have_attribute("data-zoom", "")
    live.locator(".accuracy svg.plot").press("End")
    expect(tip).to_contain_text("training")
    expect(tip).to_contain_text("test")


def test_runs_are_compared_named_and_deleted(server: str, page: Page, number: int) -> None:
    page.goto(f"{server}/runs?runs={number}")
    page.get_by_role("button", name="Train again").click()
    until(lambda: len(runs.listed()) == 2)
    other = runs.listed()[0].id
    assert runs.get(other).parent == number
    until(lambda: runs.get(other).progress.epoch >= 1)
    runs.stop(other)
    table = page.locator(".table[data-table-painted]")
    table.wait_for()
    table.locator(f'tr[data-run="{other}"] .tick').check()
    page.locator(f'.overlay[data-overlay-painted="{number} {other}"]').wait_for()
    page.wait_for_url(f"**runs={number}%2C{other}")
    page.get_by_role("button", name="Seconds").click()
    page.wait_for_url("**by=seconds**")
    table.locator(f'tr[data-run="{number}"] .tick').uncheck()
    page.get_by_role("button", name="Name and note").click()
    page.get_by_label("Name", exact=True).fill("  ")
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("at least one character").wait_for()
    page.get_by_label("Name", exact=True).fill("Another try")
    page.get_by_label("Note", exact=True).fill("at the same rate")
    page.get_by_role("button", name="Keep").click()
    expect(table.locator(f'tr[data-run="{other}"]')).to_contain_text("Another try")
    page.get_by_role("button", name="Delete …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Another try")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    assert (runs.get(other).name, runs.get(other).note) == ("Another try", "at the same rate")
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(table.locator(f'tr[data-run="{other}"]')).to_have_count(0)
    assert [run.id for run in runs.listed()] == [number]
