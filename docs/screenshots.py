"""Take the README's screenshots anew: `python -m docs.screenshots [NAME …]`.

It serves the explorer itself, and trains two networks first."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import Browser

from explorer import runs
from explorer.training.recipes import course_recipe
from tests.run_processes import folder, until
from tests.serving import browser, server

FOLDER = Path(__file__).parent / "screenshots"
LAPTOP, PHONE, SCROLLED = (1366, 768), (390, 844), (390, 1690)  # two screens of a telephone
GRAPH, CHART, LIVE = "[data-board-graph]", ".js-plotly-plot", "[data-live-painted]"
FIRST_RUN, SECOND_RUN = 1, 2  # LeNet's and BN-LeNet's, trained for these pictures
LONGEST = 900  # seconds for one of them


class Shot(NamedTuple):
    """Address, what is there when the page is drawn, screen, colour scheme, and how long what comes
    after that takes: the last frames of charts, work that the page shows growing."""

    address: str
    drawn: str
    screen: tuple[int, int] = LAPTOP
    dark: bool = False
    seconds: float = 1.5


MAPS = Shot(
    "feature-maps?network=resnet18&layer=stage1.conv&picture=fashion_mnist:test:0",
    "[data-mosaic-painted]",
)
WHY = Shot("why?network=resnet18", "[data-why-painted]", seconds=15)
SHOTS = {
    "home": Shot("", ".hero svg"),
    "alexnet-at-28": Shot("layers?network=alexnet&input=1x28x28", GRAPH),
    "alexnet-why": Shot("layers?network=alexnet&layer=conv1", GRAPH),
    "googlenet-folded": Shot("layers?network=googlenet", GRAPH),
    "googlenet-unfolded": Shot(
        "layers?network=googlenet&open=stage3,stage3.inception3a", GRAPH, dark=True
    ),
    "alexnet-costs": Shot("layers?network=alexnet&view=costs", CHART),
    "densenet-dark": Shot("layers?network=densenet&open=block1", GRAPH, dark=True),
    "densenet-phone": Shot("layers?network=densenet", GRAPH, PHONE, dark=True),
    "convolution": Shot("convolution", "[data-window-painted]"),
    "edge-kernel": Shot("edge-kernel", "[data-descent-painted]", dark=True),
    "receptive-field": Shot("receptive-field", "[data-field-painted]"),
    "feature-maps": MAPS,
    "feature-maps-phone": MAPS._replace(screen=SCROLLED, dark=True),
    "kernels": Shot("kernels", "[data-sheet-painted]"),
    "excites": Shot("excites?network=resnet18", "[data-excites-painted]", dark=True, seconds=30),
    "why": WHY,
    "why-phone": WHY._replace(screen=SCROLLED, dark=True),
    "compare": Shot("compare", CHART, seconds=15),
    "new-run": Shot("new-run", ".budget"),
    "live": Shot(f"live?run={SECOND_RUN}", LIVE),
    "runs": Shot(f"runs?runs={FIRST_RUN},{SECOND_RUN}", "[data-overlay-painted]", dark=True),
}
IDLE = (
    "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
)


@contextmanager
def trained() -> Iterator[None]:
    """A folder for runs with the course's LeNet and BN-LeNet in it."""
    with TemporaryDirectory() as home, folder(Path(home)):
        for name in ("lenet", "bn_lenet"):
            number = runs.launch(course_recipe(name))
            until(lambda number=number: runs.get(number).status.over, LONGEST)
        yield


def take(browser: Browser, address: str, name: str) -> None:
    """One screenshot, once everything on it is drawn."""
    shot = SHOTS[name]
    width, height = shot.screen
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.dark else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/{shot.address}")
    page.wait_for_selector(IDLE)
    page.wait_for_selector(shot.drawn)
    page.wait_for_timeout(1000 * shot.seconds)
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def main() -> None:
    """Take them all, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    with trained(), server() as address, browser() as chromium:
        for name in sys.argv[1:] or SHOTS:
            take(chromium, address, name)


if __name__ == "__main__":
    main()
