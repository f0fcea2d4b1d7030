"""Charts of curves: all that was measured lies inside the frame, and nothing else is told."""

import math
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.server import assets
from tests.conftest import box_of
from tests.explorer.ui.mounted import origin

CHART = assets.PROJECT / "explorer" / "ui" / "runs" / "curves_chart.js"
DRAW = """
async ([script, lines, options]) => {
  const { Chart } = await import(script)
  document.body.innerHTML = '<div style="width: 600px"></div>'
  const words = { no_numbers: "no numbers", toggle: "toggle", reset: "Show all" }
  window.chart = new Chart(document.body.firstElementChild, { title: "Loss", words })
  chart.change = zoom => chart.draw((chart.zoom = zoom))
  const place = x => `epoch ${Number(x.toFixed(3))}`
  chart.show({ lines, x: { word: "epochs", tick: String, place }, ...options })
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
}
"""
# The highest and lowest places of all curves, beside those of the frame.
REACH = """
() => {
  const paths = [...document.querySelectorAll("g[clip-path] path")].filter(path => path.getTotalLength())
  const boxes = paths.map(path => path.getBBox())
  const { top, bottom } = chart.inner
  return [Math.min(...boxes.map(box => box.y)), Math.max(...boxes.map(box => box.y + box.height)), top, bottom]
}
"""  # noqa: E501
STEPS = [(step + 1) / 100 for step in range(400)]
FALLING = [2.49 * math.exp(-step / 60) + 0.4 for step in range(400)]


def line(key: str, xs: list[float], ys: list[float | None], **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "colour": "#0072b2", "xs": xs, "ys": ys, **more}


def draw(page: Page, *lines: dict[str, Any], **options: Any) -> None:
    page.goto(f"{origin()}/")
    page.evaluate(DRAW, [f"/{assets.address(CHART)}", lines, options])


def point(page: Page, x: float) -> str:
    """What is told where the pointer stands at `x` on the axis."""
    box = box_of(page.locator("svg.plot"))
    page.mouse.move(box["x"] + page.evaluate("x => chart.toX(x)", x), box["y"] + 90)
    tip = page.locator(".tip")
    return (tip.text_content() or "") if tip.is_visible() else ""


@pytest.mark.parametrize("weight", [0, 0.8])
@pytest.mark.parametrize("log", [False, True])
def test_a_curve_begins_where_it_was_measured(page: Page, weight: float, *, log: bool) -> None:
    noise = np.random.default_rng(0).normal(0, 0.12, 400)
    noisy = [max(0.01, each) for each in (np.array(FALLING) + noise).tolist()]
    draw(page, line("loss", STEPS, noisy, noisy=True), weight=weight, log=log)
    for zoom in (None, [1.0, 2.0], [3.5, 4.0]):
        page.evaluate("zoom => { chart.zoom = zoom; chart.paint() }", zoom)
        if zoom is None:
            high, low, top, bottom = page.evaluate(REACH)
            assert top - 0.1 <= high < low <= bottom + 0.1
        inside = [
            y for x, y in zip(STEPS, noisy, strict=True) if not zoom or zoom[0] <= x <= zoom[1]
        ]
        pixels = [page.evaluate("y => chart.toY(y)", each) for each in (min(inside), max(inside))]
        top, bottom = page.evaluate("[chart.inner.top, chart.inner.bottom]")
        assert top <= pixels[1] < pixels[0] <= bottom, "the faint curve is inside, too"


def test_only_measured_values_are_told_each_at_its_place(page: Page) -> None:
    tests = line("test", [1.0, 2.0, 3.0], [0.7, 0.8, 0.83], mark="circle")
    draw(page, line("loss", STEPS[:120], list(FALLING[:120]), noisy=True), tests)
    assert point(page, 0.41) == f"epoch 0.41loss{FALLING[40]:.3g}"
    assert "test0.7" in point(page, 1.0)
    assert "(epoch" not in point(page, 1.0)
    assert "test0.7 (epoch 1)" in point(page, 1.13)
    beyond = point(page, 2.3)
    assert beyond == "epoch 2test0.8", "the nearest place that was measured; the loss had ended"
    assert point(page, 3.9) == "" or page.evaluate("chart.shown[1]") < 3.9
    draw(page, line("loss", STEPS[:10], list(FALLING[:10]), noisy=True), weight=0)
    page.evaluate("() => { chart.x.span = [0, 3]; chart.paint() }")
    assert point(page, 0.76) == ""
    assert point(page, 0.1).startswith("epoch 0.1loss")


def test_a_mean_stands_in_the_band_of_its_runs(page: Page) -> None:
    low, high = [0.5, 0.6, 0.7], [0.7, 0.7, 0.9]
    draw(page, line("mean", [1.0, 2.0, 3.0], [0.6, 0.65, 0.8], band=[low, high]))
    box = page.evaluate("document.querySelector('[data-band]').getBBox().height")
    tall = page.evaluate("chart.toY(0.5) - chart.toY(0.9)")
    assert box == pytest.approx(tall, abs=0.2)
    assert point(page, 3.0) == "epoch 3mean0.8, 0.7 … 0.9"


def test_a_run_that_ran_away_at_once_shows_its_only_step(page: Page) -> None:
    draw(page, line("loss", [0.01, 0.02], [7e8, None], noisy=True), weight=0.8)
    dot = page.locator('svg.plot path[fill="#0072b2"]')
    assert box_of(dot)["width"] > 6
    draw(page, line("loss", [0.01, 0.02], [None, None], noisy=True), weight=0.8)
    expect(page.locator("svg.plot")).to_contain_text("no numbers")
