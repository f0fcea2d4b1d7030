"""Looking at feature maps: from a click to its picture on screen: `python -m benchmarks.looking`.

The real server, a real browser. The clock starts in the page when something is clicked and stops
at the first frame after the part that answers says that it is painted. Layers of VGG-11 at
224 × 224 (512 maps of 28 × 28 to 7 × 7), its channels and units, and the strips of the largest
networks, with random weights, for pictures that nobody has looked at before.
"""

import os
import statistics
import sys
from shutil import which

from playwright.sync_api import Locator, Page, sync_playwright

from tests.serving import BROWSER, server

LOOK = "feature-maps?network={network}&weights=untrained%3A0&picture=fashion_mnist%3Atest%3A0"
NETWORK = "vgg11"
LAYERS = ("block4.relu2", "block4.pool", "block5.relu2", "block5.pool")  # of 512 maps each
STRIPS = ("vgg19", "torchvision/resnet152", "torchvision/densenet201", "torchvision/convnext_base")
TURNS = 12

# Waits until the element that says `mark` says something else than `before`, then for its frame.
PAINTED = """
([mark, before]) => new Promise(done => {
  const find = node => {
    for (const each of node.querySelectorAll("*")) {
      if (each.dataset?.[mark] !== undefined) return each.dataset[mark]
      const inside = each.shadowRoot && find(each.shadowRoot)
      if (inside) return inside
    }
  }
  const look = () => {
    const now = find(document)
    const took = performance.now() - window.clickedAt
    const over = (now && now !== before) || took > 20000
    if (over) requestAnimationFrame(() => done([performance.now() - window.clickedAt, now]))
    else requestAnimationFrame(look)
  }
  look()
})
"""
CLICKED = "addEventListener('pointerdown', () => { window.clickedAt = performance.now() }, true)"


def said(page: Page, mark: str) -> str:
    """What the element marked so says now."""
    name = "data-" + "".join(f"-{c.lower()}" if c.isupper() else c for c in mark)
    return page.locator(f"[{name}]").first.get_attribute(name) or ""


def took(page: Page, target: Locator, mark: str, position: tuple[float, float] | None) -> float:
    """Milliseconds from a click on `target` to the answer of the part marked so."""
    before = said(page, mark)
    where = {"x": position[0], "y": position[1]} if position else None
    target.click(position=where)  # type: ignore[arg-type]
    milliseconds, _now = page.evaluate(PAINTED, [mark, before])
    return float(milliseconds)


def opened(page: Page, address: str, network: str) -> None:
    """The page, whole, with a network that is built now."""
    page.goto(f"{address}/{LOOK.format(network=network)}")
    page.locator("[data-sum-painted]").first.wait_for(timeout=180_000)
    page.evaluate(CLICKED)


def strips(page: Page) -> list[float]:
    """From one picture to the next, until the whole network's strip is on screen."""
    page.locator(".st-key-picture_opened button").first.click()
    following = page.locator(".st-key-picture_step_1 button").first
    following.wait_for()
    found = []
    for _turn in range(3):
        found.append(took(page, following, "stripPainted", None))
        page.wait_for_timeout(2500)
    return found


def layers(page: Page) -> list[float]:
    """From one layer of 512 maps to the next."""
    found = []
    for turn in range(TURNS):
        name = LAYERS[turn % len(LAYERS)]
        stage = page.locator(f'.maps-strip .stage[data-layer="{name}"]')
        found.append(took(page, stage, "mosaicPainted", None))
        page.wait_for_timeout(600)
    return found


def channels(page: Page) -> list[float]:
    """Channels of a layer, all over its mosaic, until their sum is on screen."""
    canvas = page.locator(".maps-mosaic canvas").first
    found = []
    for turn in range(TURNS):
        place = (45 + 33 * turn, 15 + 25 * (turn * 5 % 11))
        found.append(took(page, canvas, "channelPainted", place))
        page.wait_for_timeout(400)
    return found


def units(page: Page) -> list[float]:
    """Units of a channel, until their written sum is on screen."""
    page.locator(f'.maps-strip .stage[data-layer="{LAYERS[0]}"]').click()
    page.wait_for_timeout(3000)
    canvas = page.locator(".maps-channel .map canvas").first
    found = []
    for turn in range(TURNS):
        place = (8 + 18 * turn, 12 + 17 * (turn * 7 % 11))
        found.append(took(page, canvas, "sumPainted", place))
        page.wait_for_timeout(400)
    return found


def tell(what: str, values: list[float]) -> None:
    """One line: the median and the slowest."""
    print(f"{what:46} {statistics.median(values):6.0f} ms   slowest {max(values):6.0f} ms")


def main() -> None:
    """Print every median, and how busy the machine was."""
    with server() as own, sync_playwright() as playwright:
        address = sys.argv[1] if len(sys.argv) > 1 else own
        chromium = playwright.chromium.launch(executable_path=which("chromium"), args=BROWSER)
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        opened(page, address, NETWORK)
        tell("a layer of 512 maps", layers(page))
        tell("a channel", channels(page))
        tell("a unit and its sum", units(page))
        for network in STRIPS:
            opened(page, address, network)
            tell(f"strip of {network}", strips(page))
        chromium.close()
    print(f"{'load of the machine':46} {os.getloadavg()[0]:6.1f}")


if __name__ == "__main__":
    main()
