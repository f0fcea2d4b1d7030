"""How a class fares: `python -m benchmarks.load [--quick] [--address URL] [--processes N …]`.

Visitors without browsers open every page, each in an order of its own, and click in every fragment,
five seconds (give or take half) after the last answer. Beside nothing else, and beside a training
run that thirty live pages watch. The server, the run and the visitors share this machine. A
Markdown table of the medians of three rounds, each on a fresh server: about twelve minutes.
`--address` aims at a server that is there already: no run, and its memory is not known.
"""

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import watching
from benchmarks.visitor import Visitor, visiting
from explorer import runs
from explorer.server import serve
from explorer.ui.entries import PAGES
from tests.run_processes import folder, going, over
from tests.serving import ROOT, wait_for

THINKING = 5.0  # seconds, give or take half
ALONE = 6.0  # seconds in which a run's own rate is taken
CROWDS = (30, 60, 120)
HEAD = """\
| visitors | servers | run and 30 live pages | median, s | 95th, s | memory, MB | training rate | \
clicks | errors |
|--:|--:|:--|--:|--:|--:|--:|--:|--:|"""


@dataclass(frozen=True)
class Plan:
    """How long is measured, in seconds."""

    begin: float = 8.0  # for all to come in; not counted
    counted: float = 15.0

    @property
    def end(self) -> float:
        """From the first visitor to the last click."""
        return self.begin + self.counted


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    visitors: int
    run: bool
    processes: int = 1


@dataclass
class Round:
    """What one round gave."""

    waits: list[float] = field(default_factory=list)  # seconds for each click
    errors: list[str] = field(default_factory=list)
    memory: int = 0  # bytes
    share: float = 0.0  # of the rate that the run has undisturbed


# -- the visitors -------------------------------------------------------------------------------


async def _clicks(visitor: Visitor, chance: random.Random) -> AsyncIterator[float]:
    """The wait for each, for ever: every page, and each fragment on it."""
    while True:
        for page in chance.sample(PAGES, len(PAGES)):
            yield await visitor.open(page.url)
            for fragment in list(visitor.fragments):
                yield await visitor.click(fragment)


async def _visit(address: str, number: int, plan: Plan, began: float, result: Round) -> None:
    chance = random.Random(number)  # noqa: S311 (the same walk at every run)
    await asyncio.sleep(chance.random() * THINKING)
    async with visiting(address) as visitor, aclosing(_clicks(visitor, chance)) as clicks:
        async for wait in clicks:
            now = time.monotonic() - began
            if plan.begin <= now - wait < plan.end:
                result.waits.append(wait)
            if now >= plan.end:
                break
            await asyncio.sleep(THINKING * (0.5 + chance.random()))
        result.errors += visitor.errors


async def crowd(address: str, visitors: int, plan: Plan, result: Round) -> None:
    """So many at once, until the time is over."""
    began = time.monotonic()
    every = (_visit(address, number, plan, began, result) for number in range(visitors))
    await asyncio.gather(*every)


# -- the server ---------------------------------------------------------------------------------


@contextmanager
def serving(processes: int, home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The program in `home` as somebody starts it: its address, and its first process."""
    port = serve.free_port(18_700)
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "explorer", "serve", "--port", str(port)]
    command += ["--processes", str(processes)] if processes > 1 else []
    started = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL)
    try:
        wait_for(address, started)
        yield address, psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(30)


def memory(first: psutil.Process) -> int:
    """Bytes of all the server's processes, shared pages shared out; those of runs do not count."""
    total = 0
    for each in (first, *first.children(recursive=True)):
        with suppress(psutil.Error):
            if not any("explorer.runs" in word for word in each.cmdline()):
                info = each.memory_full_info()
                total += getattr(info, "pss", info.rss)
    return total


# -- the run ------------------------------------------------------------------------------------


@contextmanager
def training() -> Iterator[int]:
    """A LeNet's run that lasts: its number, once it is under way."""
    run = runs.launch(watching.recipe("lenet"))
    going(run, 20)
    try:
        yield run
    finally:
        runs.stop(run)
        over(run)


def rate_from_now(run: int) -> Callable[[], float]:
    """What is returned gives the steps a second from now on."""
    first, began = runs.get(run).progress.step, time.monotonic()
    return lambda: (runs.get(run).progress.step - first) / (time.monotonic() - began)


# -- measuring ----------------------------------------------------------------------------------


def beside_nothing(address: str, visitors: int, plan: Plan) -> Round:
    """Visitors alone."""
    result = Round()
    asyncio.run(crowd(address, visitors, plan, result))
    return result


def beside_a_run(address: str, visitors: int, plan: Plan) -> Round:
    """The same while a run trains and thirty live pages watch it."""
    result = Round()
    with training() as run:
        rate = rate_from_now(run)
        time.sleep(ALONE)
        undisturbed = rate()
        with watching.watched(address, run):
            rate = rate_from_now(run)
            asyncio.run(crowd(address, visitors, plan, result))
            result.share = rate() / undisturbed
    return result


def one_round(setting: Setting, plan: Plan, home: Path) -> Round:
    """On a server of its own, with an empty store."""
    measure = beside_a_run if setting.run else beside_nothing
    with (
        TemporaryDirectory() as data,
        folder(Path(data)),
        serving(setting.processes, home) as (address, first),
    ):
        result = measure(address, setting.visitors, plan)
        result.memory = memory(first)
    return result


def row(setting: Setting, rounds: list[Round]) -> str:
    """A row of the table."""

    def median(value: Callable[[Round], float], form: str) -> str:
        return format(statistics.median(map(value, rounds)), form)

    cells = [
        str(setting.visitors),
        str(setting.processes),
        "yes" if setting.run else "no",
        median(lambda each: statistics.median(each.waits), ".2f"),
        median(lambda each: statistics.quantiles(each.waits, n=20)[-1], ".2f"),
        median(lambda each: each.memory / 1e6, ".0f") if rounds[0].memory else "",
        median(lambda each: each.share, ".2f") if setting.run else "",
        str(sum(len(each.waits) for each in rounds)),
        str(sum(len(each.errors) for each in rounds)),
    ]
    return f"| {' | '.join(cells)} |"


def settings(options: argparse.Namespace) -> list[Setting]:
    """The rows that were asked for: every crowd, then the largest on several servers."""
    if options.address:
        return [Setting(visitors, run=False) for visitors in options.visitors]
    plain = [Setting(visitors, run) for run in (False, True) for visitors in options.visitors]
    many = [Setting(max(options.visitors), False, n) for n in options.processes if n > 1]
    return plain + many if 1 in options.processes else many


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--visitors", type=int, nargs="+", default=list(CROWDS))
    parser.add_argument("--processes", type=int, nargs="+", default=[1], help="1 2: also with two")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--address", help="of a server that is there already")
    parser.add_argument("--home", type=Path, default=ROOT, help="another copy of the program")
    parser.add_argument("--quick", action="store_true", help="one short round of 30 visitors")
    options = parser.parse_args()
    if options.quick:
        options.visitors, options.rounds = [30], 1
    return options


def main() -> None:
    """Measure row by row, the rounds of each one after the other."""
    options = _options()
    plan = Plan(6.0, 8.0) if options.quick else Plan()
    print(HEAD, flush=True)
    for setting in settings(options):
        if options.address:
            rounds = [
                beside_nothing(options.address, setting.visitors, plan)
                for _round in range(options.rounds)
            ]
        else:
            rounds = [one_round(setting, plan, options.home) for _round in range(options.rounds)]
        print(row(setting, rounds), flush=True)
        for error in (error for result in rounds for error in result.errors):
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
