"""What a click costs the server, page by page: `python -m benchmarks.pages [--home FOLDER]`.

The real server and one visitor. The processor's time of the server's process is counted, not the
time on the wall, so that what else the machine does matters little. `--home` names another copy of
the program, measured by turns with this one.
"""

import argparse
import asyncio
import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import load
from benchmarks.visitor import Visitor, visiting
from explorer.ui.entries import PAGES
from tests.run_processes import folder
from tests.serving import ROOT

ROUNDS = 3
CLICKS = 15  # on each page in each round
WARM = 3  # clicks that are not counted


@dataclass(frozen=True)
class Served:
    """One running copy of the program."""

    address: str
    first: psutil.Process

    def seconds(self) -> float:
        """What its processes have used of a processor so far."""
        every = (self.first, *self.first.children(recursive=True))
        return float(sum(sum(each.cpu_times()[:2]) for each in every))


async def _clicks(served: Served, visitor: Visitor, fragment: str = "") -> float:
    """Milliseconds of the processor for one click."""
    for _click in range(WARM):
        await visitor.click(fragment)
    before = served.seconds()
    for _click in range(CLICKS):
        await visitor.click(fragment)
    return 1000 * (served.seconds() - before) / CLICKS


async def costs(served: Served, url: str) -> dict[str, float]:
    """Milliseconds for one click on the page, and for one in each of its fragments."""
    async with visiting(served.address) as visitor:
        await visitor.open(url)
        rows = {url or "home": await _clicks(served, visitor)}
        for number, fragment in enumerate(visitor.fragments, 1):
            rows[f"{url}, fragment {number}"] = await _clicks(served, visitor, fragment)
    return rows


def measure(copies: list[Served]) -> None:
    """Print a row for each page and fragment, a column for each copy."""
    totals = [0.0] * len(copies)
    for page in PAGES:
        rounds = [
            [asyncio.run(costs(each, page.url)) for each in copies] for _round in range(ROUNDS)
        ]
        for name in rounds[0][0]:
            row = [
                statistics.median(each[copy].get(name, float("nan")) for each in rounds)
                for copy in range(len(copies))
            ]
            if "," not in name:
                totals = [total + cost for total, cost in zip(totals, row, strict=True)]
            print(f"| {name:28} |" + "".join(f" {cost:8.1f} |" for cost in row), flush=True)
    print(f"| {'mean of the pages':28} |" + "".join(f" {t / len(PAGES):8.1f} |" for t in totals))


def main() -> None:
    """Measure this copy and those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, action="append", default=[], help="another copy")
    homes = [*parser.parse_args().home, ROOT]
    with TemporaryDirectory() as data, folder(Path(data)), ExitStack() as stack:
        servers = (load.serving(1, home.resolve()) for home in homes)
        copies = [Served(*stack.enter_context(server)) for server in servers]
        print(f"| ms a click {'':17} |" + "".join(f" {home.name:>8} |" for home in homes))
        print("|:--|" + "--:|" * len(homes))
        measure(copies)


if __name__ == "__main__":
    main()
