"""Take the README's screenshots anew: `python -m docs.screenshots` (serves the explorer itself)."""

from pathlib import Path
from shutil import which

from playwright.sync_api import Browser, sync_playwright

from tests.serving import BROWSER, server

FOLDER = Path(__file__).parent / "screenshots"
LAPTOP, PHONE = (1366, 768), (390, 844)

# File name → address, screen, colour scheme.
SHOTS = {
    "home": ("", LAPTOP, "light"),
    "alexnet-at-28": ("layers?network=alexnet&input=1x28x28", LAPTOP, "light"),
    "alexnet-why": ("layers?network=alexnet&layer=conv1", LAPTOP, "light"),
    "googlenet-folded": ("layers?network=googlenet", LAPTOP, "light"),
    "googlenet-unfolded": (
        "layers?network=googlenet&open=stage3,stage3.inception3a",
        LAPTOP,
        "dark",
    ),
    "alexnet-costs": ("layers?network=alexnet&view=costs", LAPTOP, "light"),
    "densenet-dark": ("layers?network=densenet&open=block1", LAPTOP, "dark"),
    "densenet-phone": ("layers?network=densenet", PHONE, "dark"),
}
IDLE = (
    "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
)


def take(browser: Browser, address: str, name: str) -> None:
    """One screenshot, once everything on it is drawn."""
    path, (width, height), scheme = SHOTS[name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{address}/{path}")
    page.wait_for_selector(IDLE)
    if path.startswith("layers"):
        drawn = ".js-plotly-plot" if "view=costs" in path else "[data-board-graph]"
        page.wait_for_selector(drawn)
    page.wait_for_timeout(1500)  # the last frames of charts and of the sidebar's movement
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(exist_ok=True)
    with server() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=which("chromium"), args=BROWSER)
        for name in SHOTS:
            take(chromium, address, name)
        chromium.close()


if __name__ == "__main__":
    main()
