"""From choosing another network to its table on screen: `python -m benchmarks.repaint`.

The real server, a real browser, ten changes. The clock starts in the page when the choice is
clicked and stops at the first frame after the board says that its table is painted.
"""

import os
import re
import statistics

from playwright.sync_api import Page

from tests.serving import browser, server

NETWORKS = (
    "lenet", "googlenet", "vgg16", "resnet18", "densenet", "nin", "torchvision/resnet50",
    "torchvision/mobilenet_v2", "bn_lenet", "alexnet",
)  # fmt: skip
# Waits for a board whose key begins with the network's name, then for the frame that shows it.
PAINTED = """
name => new Promise(done => {
  const begins = performance.now()
  const find = node => {
    for (const each of node.querySelectorAll("*")) {
      if (each.dataset?.boardPainted?.startsWith(name + "-")) return true
      if (each.shadowRoot && find(each.shadowRoot)) return true
    }
    return false
  }
  const look = () => find(document)
    ? requestAnimationFrame(() => done(performance.now() - (window.clickedAt ?? begins)))
    : requestAnimationFrame(look)
  look()
})
"""


def change(page: Page, name: str) -> float:
    """Choose a network; milliseconds from the click to its table on screen."""
    page.locator(".st-key-layers-network input").click()
    page.locator(".st-key-layers-network input").fill(name)
    spelled = name.replace("/", ".")  # Playwright takes a slash for the expression's end
    choice = page.get_by_role("option", name=re.compile(rf"· {spelled}$"))
    choice.wait_for()
    page.evaluate(
        "addEventListener('mousedown', () => { window.clickedAt = performance.now() }, true)"
    )
    choice.click()
    return float(page.evaluate(PAINTED, name.replace("/", "-")))


def main() -> None:
    """Print each change, the median, and how busy the machine was."""
    with server() as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        page.goto(f"{address}/layers")
        page.evaluate(PAINTED, "alexnet")
        took = {name: change(page, name) for name in NETWORKS}
    for name, milliseconds in took.items():
        print(f"{name:28} {milliseconds:6.0f} ms")
    print(f"{'median':28} {statistics.median(took.values()):6.0f} ms")
    print(f"{'load of the machine':28} {os.getloadavg()[0]:6.1f}")


if __name__ == "__main__":
    main()
