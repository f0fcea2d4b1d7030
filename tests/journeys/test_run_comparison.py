"""What the page on several runs draws, in a real browser, against the store."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from explorer import runs, training
from explorer.data import datasets
from explorer.runs import Status, outcome
from explorer.server import assets
from explorer.ui.runs import component
from tests.conftest import box_of, visiting
from tests.run_processes import SHORT, over, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pair(workshop: Path) -> list[int]:
    """Two runs that have finished; the second did half as many steps, and one epoch less."""
    other = replace(SHORT, epochs=1, batch_size=64, learning_rate=0.01, seed=7)
    numbers = [runs.launch(SHORT, "first"), runs.launch(other, "second")]
    assert [over(number).status for number in numbers] == [Status.FINISHED] * 2
    return numbers


@pytest.fixture(scope="module")
def compared(server: str, profile: BrowserContext, pair: list[int]) -> Iterator[Page]:
    """The page on which they are compared."""
    with visiting(profile) as page:
        page.goto(f"{server}/runs?runs={pair[0]},{pair[1]}")
        page.locator(f'.overlay[data-overlay-painted="{pair[0]} {pair[1]}"]').wait_for()
        yield page


def test_a_telephone_shows_accuracy_and_the_whole_matrix(
    server: str, page: Page, pair: list[int]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server}/runs?runs={pair[0]}")
    accuracy = page.locator(f'.table tr[data-run="{pair[0]}"] .c-accuracy')
    expect(accuracy).to_contain_text("%")
    cell, room = box_of(accuracy), box_of(page.locator(".table .scroll"))
    assert cell["x"] + cell["width"] <= room["x"] + room["width"]
    matrix = page.locator(".learned .matrix").first
    expect(matrix.locator("td[data-at]")).to_have_count(100)
    assert matrix.evaluate("element => element.scrollWidth <= element.clientWidth")


# A run of 500 pictures in 16 batches of 32, the last one smaller, after 20 steps.
TRACK = Path(component.__file__).with_name("track.js")
ALONG = """
async address => {
  const { Track } = await import(address)
  const track = { news: { per: 16, images: 500, batch: 32, flops: 7 } }
  const axes = ["epoch", "step", "seconds", "images", "flops"]
  return axes.map(by => Track.prototype.along.call(track, by, 20, 3.5))
}
"""


def test_runs_are_laid_over_each_other_by_any_axis(compared: Page, pair: list[int]) -> None:
    overlay = compared.locator(".overlay")
    track = f"/{assets.address(TRACK)}"
    assert compared.evaluate(ALONG, track) == [1.25, 20, 3.5, 500 + 4 * 32, 3 * 7 * 628]
    ends = [runs.epochs(number)[-1] for number in pair]
    flops = runs.get(pair[0]).metadata["forward_flops"]
    last = {
        "Epochs": "epoch 2",
        "Seconds": f"after {ends[0].seconds:.1f}".removesuffix(".0") + " s of training",
        "Pictures": "1.02 k pictures seen",  # 2 × 512
        "FLOPs": f"{3 * 1024 * flops / 1e9:.3g} GFLOPs of training",
    }
    plot, tip = overlay.locator(".accuracy svg.plot"), overlay.locator(".accuracy .tip")
    for axis, heading in last.items():
        overlay.get_by_role("button", name=axis, exact=True).click()
        plot.press("End")
        expect(tip).to_contain_text(heading)
        first, second = (f"{100 * (end.test_accuracy or 0):.1f} %" for end in ends)
        expect(tip).to_contain_text(f"first{first}")
        if axis != "Seconds":  # whichever took longer
            expect(tip).not_to_contain_text("second")  # it had ended by then
            plot.press("Home")
            expect(tip).to_contain_text(f"second{second}")


def plain(text: str) -> float:
    """A number as the page writes it: 2.5·10⁻⁴ → 0.00025."""
    digits = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
    return float(text.translate(digits).replace("·10", "e"))


def test_a_curve_is_smoothed_without_a_pull_to_its_start(compared: Page, pair: list[int]) -> None:
    overlay = compared.locator(".overlay")
    losses = runs.curves(pair[0]).loss
    plot, read = overlay.locator(".loss svg.plot"), overlay.locator(".loss .tip i").first
    for weight in (0.8, 0.5, 0):
        overlay.locator("input.weight").fill(str(weight))
        plot.press("End")
        far_back = [weight**age for age in reversed(range(len(losses)))]
        mean = np.average(losses, weights=far_back)
        until(lambda mean=mean: plain(read.inner_text()) == pytest.approx(mean, rel=0.006))


def test_a_row_has_its_curve_in_small(compared: Page, pair: list[int]) -> None:
    path = compared.locator(f'.table tr[data-run="{pair[0]}"] .spark path')
    drawn = path.get_attribute("d") or ""
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", drawn), float)
    accuracies = [row.test_accuracy for row in runs.epochs(pair[0])]
    assert points[:, 0].tolist() == [3, 77], "from the left to the right"
    every = [row.test_accuracy or 0 for run in runs.listed() for row in runs.epochs(run.id)]
    low, high = min(every), max(every)
    heights = [19 - 16 * ((each or 0) - low) / (high - low) for each in accuracies]
    assert points[:, 1] == pytest.approx(heights, abs=0.06)
    expect(compared.locator(".table .rows")).to_have_text(
        f"Runs in this list: {len(runs.listed())}"
    )


# Each epoch that the board has shown, in the order in which it did.
WATCH = """
board => {
  window.epochs = []
  const watch = new MutationObserver(() => {
    const now = board.dataset.learnedPainted
    if (now !== window.epochs.at(-1)) window.epochs.push(now)
  })
  watch.observe(board, { attributeFilter: ["data-learned-painted"] })
}
"""


def test_epochs_are_gone_through_as_the_store_has_them(compared: Page, pair: list[int]) -> None:
    """Kernels, answers and confusion of two runs, one of which did one epoch less."""
    board = compared.locator(".learned")
    drawn: set[str] = set()
    ends: list[list[str]] = []
    for epoch in (2, 1, 0):
        at = [f"{number}@{min(epoch, last)}" for number, last in zip(pair, (2, 1), strict=True)]
        expect(board).to_have_attribute("data-learned-painted", " ".join(at), timeout=30_000)
        for number, panel in zip(pair, board.locator(".panel").all(), strict=True):
            agrees(panel, number, min(epoch, runs.get(number).progress.epoch))
        drawn.add(board.locator("canvas").first.evaluate("canvas => canvas.toDataURL()"))
        ends.append(board.locator(".scale span:last-child").all_inner_texts())
        board.locator("input.epoch").press("ArrowLeft")
    assert len(drawn) == 3, "the kernels have changed"
    scales = {tuple(each) for each in ends}
    assert len(scales) == 1, "one scale for all epochs and both runs"
    largest = max(outcome.largest_weight(runs.get(number)) for number in pair)
    assert [plain(each) for each in next(iter(scales))] == pytest.approx([largest] * 2, rel=0.01)
    board.evaluate(WATCH)
    board.get_by_role("button", name="Play").click()
    expect(board.get_by_role("button", name="Pause")).to_be_visible()
    expect(board.get_by_role("button", name="Play")).to_be_visible(timeout=10_000)
    went = [f"{pair[0]}@{n} {pair[1]}@{min(n, 1)}" for n in (0, 1, 2)]
    assert compared.evaluate("window.epochs") == went


def agrees(panel: Locator, number: int, epoch: int) -> None:
    """Whether one run's share of the board is what the store has of this epoch."""
    snapshot = runs.snapshot(number, epoch)
    assert snapshot
    assert snapshot.kernels is not None
    panel.locator("canvas").hover(position={"x": 3, "y": 3})
    text = panel.locator(".read").inner_text()
    where, _colon, value = text.partition(": ")
    assert where == "kernel 0, row 0, column 0"
    step = float(np.abs(snapshot.kernels).max()) / 127
    assert plain(value) == pytest.approx(float(snapshot.kernels[0, 0, 0, 0]), abs=step)
    percentages = panel.locator(".samples .bars span:first-child em:last-child").all_inner_texts()
    shares = [int(each.rstrip("% \u202f")) for each in percentages]
    answers = panel.locator(".samples .bars span:first-child em:first-of-type").all_inner_texts()
    signs = panel.locator(".samples figcaption > b").all_inner_texts()
    assert [sign[2:] for sign in signs] == answers, "✓ and ✗ stand before the answer"
    right = panel.locator(".samples .bars span:first-child.true").count()
    assert sum(sign.startswith("✓ ") for sign in signs) == right
    assert shares == pytest.approx(100 * snapshot.probabilities.max(axis=1), abs=0.6)
    if epoch == 0:
        expect(panel.locator(".answers")).to_be_hidden()
        return
    cells = panel.locator("td[data-at]").all_inner_texts()
    counts = np.array([int(each or 0) for each in cells]).reshape(10, 10)
    test, answered = datasets.load("digits").test, runs.predictions(number, epoch).predicted
    labels = test.labels[training.subset_indices(len(test), 64)].numpy()
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (labels, answered), 1)
    assert counts.tolist() == expected.tolist()
