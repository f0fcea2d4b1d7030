"""From choosing another network to its table on screen: `python -m benchmarks.repaint`.

The real server, a real browser, ten changes. The clock starts in the page when the choice is
clicked and stops at the first frame after the board says that its table is painted.
"""

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from shutil import which
from socket import socket

from playwright.sync_api import Page, sync_playwright

NETWORKS = (
    "lenet", "googlenet", "vgg16", "resnet18", "densenet", "nin", "torchvision/resnet50",
    "torchvision/mobilenet_v2", "bn_lenet", "alexnet",
)  # fmt: skip
BROWSER = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run".split()
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


@contextmanager
def server() -> Iterator[str]:
    """The explorer on a free port of this machine; yields its address."""
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ})
    try:
        for _attempt in range(240):
            try:
                with urllib.request.urlopen(f"{address}/api/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.25)
        yield address
    finally:
        process.terminate()
        process.wait()


def change(page: Page, name: str) -> float:
    """Choose a network; milliseconds from the click to its table on screen."""
    page.locator(".st-key-network input").click()
    page.locator(".st-key-network input").fill(name)
    choice = page.get_by_role("option", name=name, exact=True)
    choice.wait_for()
    page.evaluate(
        "addEventListener('mousedown', () => { window.clickedAt = performance.now() }, true)"
    )
    choice.click()
    return float(page.evaluate(PAINTED, name.replace("/", "-")))


def main() -> None:
    """Print each change and the median."""
    with server() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=which("chromium"), args=BROWSER)
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        page.goto(f"{address}/layers")
        page.evaluate(PAINTED, "alexnet")
        took = {name: change(page, name) for name in NETWORKS}
        chromium.close()
    for name, milliseconds in took.items():
        print(f"{name:28} {milliseconds:6.0f} ms")
    print(f"{'median':28} {statistics.median(took.values()):6.0f} ms")


if __name__ == "__main__":
    main()
