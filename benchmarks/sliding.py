"""How smoothly a kernel slides over a 12 × 12 picture: `python -m benchmarks.sliding`.

The real server and a real browser: the pointer goes over all 144 cells of the output, each of which
lights up its window and writes its sum. The browser's own trace says when frames were drawn.
"""

import io
import json
import os
from itertools import pairwise

from explorer.base.inputs import spell_matrix
from tests.serving import browser, server

SIDE = 12
INPUT = [[(3 * r + 5 * c + r * c) % 10 - 2 for c in range(SIDE)] for r in range(SIDE)]
KERNEL = [[-1, 0, 1], [-2, 0.5, 2], [-1, 0, 1.25]]
ROUNDS = 5


def gaps(trace: bytes) -> list[float]:
    """From one drawn frame to the next, in ms, smallest first."""
    events = json.load(io.BytesIO(trace))["traceEvents"]
    drawn = sorted(event["ts"] for event in events if event["name"] == "DrawFrame")
    return sorted((after - before) / 1000 for before, after in pairwise(drawn))


def main() -> None:
    """Print a line for each round over the picture."""
    numbers = f"conv_input={spell_matrix(INPUT)}&conv_kernel={spell_matrix(KERNEL)}"
    with server() as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        page.goto(f"{address}/convolution?{numbers}&conv_pad_h=1&conv_pad_w=1")
        board = page.locator('[data-window-painted="12x12-3x3"]')
        board.wait_for()
        page.wait_for_timeout(2000)
        cells = board.locator('[data-panel="output"] .cell').all()
        boxes = [box for cell in cells if (box := cell.bounding_box())]
        for _round in range(ROUNDS):
            chromium.start_tracing(
                page=page, categories=["disabled-by-default-devtools.timeline.frame"]
            )
            for box in boxes:
                page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            took = gaps(chromium.stop_tracing())
            slow = took[int(0.95 * len(took))]
            print(f"{len(took)} frames, 95 of 100 within {slow:.1f} ms")
    print(f"load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
