"""Whether the server stays as it is over 2 000 clicks: `python -m benchmarks.level`.

Five visitors on all pages; after every 400 clicks, what is left to the garbage collector, and the
server's memory.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.ui.entries import PAGES
from tests.probed import probed

VISITORS = 5
TOURS = 4  # between two looks
LOOKS = 6  # the first, with which all caches fill, does not count


def main() -> None:
    """Print a line after each look."""
    print("| clicks | objects | memory, MB |\n|--:|--:|--:|")
    with TemporaryDirectory() as home, probed(Path(home)) as server:
        looks = asyncio.run(server.after(VISITORS, (TOURS,) * LOOKS))
    for number, each in enumerate(looks):
        clicks = number * VISITORS * TOURS * len(PAGES)
        print(f"| {clicks} | {each.objects} | {each.bytes / 1e6:.0f} |")


if __name__ == "__main__":
    main()
