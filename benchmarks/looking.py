"""Looking at feature maps: from a click to its picture on screen: `python -m benchmarks.looking`.

The real server, a real browser. The clock starts in the page when something is clicked and stops
at the first frame after the part that answers says that it is painted. Layers of VGG-11 at
224 × 224 (512 maps of 28 × 28 to 7 × 7), its channels and units, and the strips of the largest
networks, with random weights, for pictures that nobody has looked at before. Then single kernels,
of layers that are drawn in different ways.
"""

import os
import statistics
import sys

from playwright.sync_api import Locator, Page

from tests.serving import browser, server

LOOK = "feature-maps?network={network}&weights=untrained%3A0&picture=fashion_mnist%3Atest%3A0"
NETWORK = "vgg11"
LAYERS = ("block4.relu2", "block4.pool", "block5.relu2", "block5.pool")  # of 512 maps each
STRIPS = ("vgg19", "torchvision/resnet152", "torchvision/densenet201", "torchvision/convnext_base")
WEIGHTS = "kernels?network={network}&weights=untrained%3A0&layer={layer}"
KERNELS = (
    ("lenet", "conv2"),  # every weight
    ("torchvision/resnet18", "conv1"),  # in colour
    ("torchvision/resnet18", "layer4.1.conv2"),  # 512 × 512 norms
    ("torchvision/vgg16", "classifier.0"),  # a hundred million weights
)
TURNS = 12

# Waits until the nth element that says `mark` says what it did not `before`, then for its frame.
PAINTED = """
([mark, nth, before]) => new Promise(done => {
  const find = node => [...node.querySelectorAll("*")].flatMap(each => {
    if (each.dataset?.[mark] !== undefined) return [each.dataset[mark]]
    return each.shadowRoot ? find(each.shadowRoot) : []
  })
  const look = () => {
    const now = find(document)[nth]
    const took = performance.now() - window.clickedAt
    const over = (now && now !== before) || took > 20000
    if (over) requestAnimationFrame(() => done([performance.now() - window.clickedAt, now]))
    else requestAnimationFrame(look)
  }
  look()
})
"""
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
CLICKED = "addEventListener('pointerdown', () => { window.clickedAt = performance.now() }, true)"


def painted(page: Page, mark: str, nth: int) -> str:
    """What the nth element marked so says now."""
    name = "data-" + "".join(f"-{c.lower()}" if c.isupper() else c for c in mark)
    return page.locator(f"[{name}]").nth(nth).get_attribute(name) or ""


def took(
    page: Page, target: Locator, mark: str, position: tuple[float, float] | None, nth: int = 0
) -> float:
    """Milliseconds from a click on `target` to the answer of the nth part marked so."""
    before = painted(page, mark, nth)
    where = {"x": position[0], "y": position[1]} if position else None
    target.click(position=where)  # type: ignore[arg-type]
    milliseconds, _now = page.evaluate(PAINTED, [mark, nth, before])
    return float(milliseconds)


def opened(page: Page, address: str, network: str) -> None:
    """The page, whole, with a network that is built now."""
    page.goto(f"{address}/{LOOK.format(network=network)}")
    page.locator("[data-sum-painted]").first.wait_for(timeout=180_000)
    page.evaluate(CLICKED)


def strips(page: Page) -> list[float]:
    """From one picture to the next, until the whole network's strip is on screen."""
    page.locator(".st-key-feature-maps-picture_opened button").first.click()
    following = page.locator(".st-key-feature-maps-picture_step_1 button").first
    following.wait_for()
    times = []
    for _turn in range(3):
        times.append(took(page, following, "stripPainted", None))
        page.wait_for_timeout(2500)
    return times


def layers(page: Page) -> list[float]:
    """From one layer of 512 maps to the next."""
    times = []
    for turn in range(TURNS):
        name = LAYERS[turn % len(LAYERS)]
        stage = page.locator(f'.maps-strip .stage[data-layer="{name}"]')
        times.append(took(page, stage, "mosaicPainted", None))
        page.wait_for_timeout(600)
    return times


def channels(page: Page) -> list[float]:
    """Channels of a layer, all over its mosaic, until their sum is on screen."""
    canvas = page.locator(".channel-mosaic canvas").first
    times = []
    for turn in range(TURNS):
        place = (45 + 33 * turn, 15 + 25 * (turn * 5 % 11))
        times.append(took(page, canvas, "channelPainted", place))
        page.wait_for_timeout(400)
    return times


def units(page: Page) -> list[float]:
    """Units of a channel, until their written sum is on screen."""
    page.locator(f'.maps-strip .stage[data-layer="{LAYERS[0]}"]').click()
    page.wait_for_timeout(3000)
    canvas = page.locator(".maps-channel .map canvas").first
    times = []
    for turn in range(TURNS):
        place = (8 + 18 * turn, 12 + 17 * (turn * 7 % 11))
        times.append(took(page, canvas, "sumPainted", place))
        page.wait_for_timeout(400)
    return times


def kernels(page: Page, address: str, network: str, layer: str) -> list[float]:
    """Kernels of a layer, all over its sheet, until the current one is on screen by itself."""
    page.goto(f"{address}/{WEIGHTS.format(network=network, layer=layer)}")
    page.locator("[data-sheet-painted]").nth(1).wait_for(timeout=180_000)
    page.evaluate(CLICKED)
    sheet = page.locator(".kernels-sheet").first
    box = sheet.locator("canvas").bounding_box()
    assert box
    wide, high = box["width"], min(box["height"], 260)  # of what is in sight without scrolling
    current, times = pointed(sheet, (3, 3)), list[float]()  # the first is current at first
    for turn in range(10 * TURNS):
        place = (wide * (turn * 7 % 97) // 97, high * (turn * 5 % 89) // 89)  # a click's are whole
        under = pointed(sheet, place)
        if len(times) < TURNS and under not in ("", current):
            times.append(took(page, sheet.locator("canvas"), "sheetPainted", place, nth=1))
            current = under
            page.wait_for_timeout(400)
    return times


def pointed(sheet: Locator, place: tuple[float, float]) -> str:
    """The kernel at a place of a sheet, "kernel 3"; "" between two."""
    sheet.locator("canvas").hover(position={"x": place[0], "y": place[1]})
    sheet.page.evaluate(FRAME)  # a browser tells of the pointer with its next frame
    words = sheet.locator(".words").inner_text().partition(",")[0]
    return words if any(sign.isdigit() for sign in words) else ""


def tell(what: str, values: list[float]) -> None:
    """One line: the median and the slowest."""
    print(f"{what:46} {statistics.median(values):6.0f} ms   slowest {max(values):6.0f} ms")


def main() -> None:
    """Print every median, and how busy the machine was."""
    with server() as own, browser() as chromium:
        address = sys.argv[1] if len(sys.argv) > 1 else own
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        opened(page, address, NETWORK)
        tell("a layer of 512 maps", layers(page))
        tell("a channel", channels(page))
        tell("a unit and its sum", units(page))
        for network in STRIPS:
            opened(page, address, network)
            tell(f"strip of {network}", strips(page))
        for network, layer in KERNELS:
            tell(f"a kernel of {network}, {layer}", kernels(page, address, network, layer))
    print(f"{'load of the machine':46} {os.getloadavg()[0]:6.1f}")


if __name__ == "__main__":
    main()
