"""What thirty open live pages cost a run: `python -m benchmarks.watching`.

The real server and a real run, whose rate is taken while nobody watches and while 30 live pages do,
by turns in one run of this program. Each page is a web socket session of Streamlit that has drawn
the page and stays open, and the questions that its board asks, twice a second. They come from a
process of their own; a classroom's browsers are elsewhere.
"""

import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks.visitor import visiting
from explorer import runs
from explorer.data import datasets
from explorer.training.recipes import Recipe
from tests.run_processes import folder, going, over
from tests.serving import server

VIEWERS = 30
TURNS = 5  # of each kind
SECONDS = 8.0  # of a turn; the first second of each is not counted
EVERY = 0.5  # seconds between questions
NETWORKS = ("lenet", "resnet18")


def recipe(network: str) -> Recipe:
    """A run that lasts, with next to no testing in it."""
    fashion = datasets.at_hand("fashion_mnist")
    return Recipe(
        network,
        dataset="fashion_mnist" if fashion else "digits",
        size=28 if network == "lenet" else 96,
        batch_size=256 if network == "lenet" else 32,
        learning_rate=0.0005,
        epochs=500,
        test_subset=50,
    )


# -- the watchers -------------------------------------------------------------------------------


class Line:
    """A connection that is kept for one question after the other, as a browser's is."""

    def __init__(self, address: str) -> None:
        self.place = urlsplit(address)
        self.ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str) -> bytes:
        """The body of the answer."""
        if self.ends is None:
            self.ends = await asyncio.open_connection(self.place.hostname, self.place.port)
        reader, writer = self.ends
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.place.netloc}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        lengths = (line for line in head.split("\r\n") if line.startswith("content-length"))
        return await reader.readexactly(int(next(lengths, ":0").partition(":")[2]))


async def _watch(address: str, run: int, after: float, answers: list[int]) -> None:
    """One live page, until it is cancelled; each of its `answers` with news is noted."""
    await asyncio.sleep(after)
    line = Line(address)
    async with visiting(address) as page:
        await page.open("live", f"run={run}")
        state: dict[str, Any] = {"since": 0, "epochs": 0, "session": "", "seen": "", "snapshot": ""}
        while True:
            body = await line.ask(f"/api/runs/{run}?{urlencode(state)}")
            if body:
                news = json.loads(body)
                steps = news["points"]["step"]
                state |= {name: news[name] for name in ("session", "seen", "snapshot")}
                state["since"] = steps[-1] if steps else state["since"]
                state["epochs"] += len(news["epochs"])
                answers.append(run)
            await asyncio.sleep(EVERY)


async def _all(address: str, run: int, ready: Event, stop: Event) -> None:
    answers: list[list[int]] = [[] for _number in range(VIEWERS)]
    watchers = [
        asyncio.create_task(_watch(address, run, EVERY * number / VIEWERS, answers[number]))
        for number in range(VIEWERS)
    ]
    while not stop.is_set():
        await asyncio.sleep(0.1)
        if all(answers):
            ready.set()
        for each in watchers:
            if each.done():
                each.result()  # a page that has failed is told
    for each in watchers:
        each.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)


def _class(address: str, run: int, ready: Event, stop: Event) -> None:
    asyncio.run(_all(address, run, ready, stop))


@contextmanager
def watched(address: str, run: int) -> Iterator[None]:
    """Thirty live pages are open meanwhile."""
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Event(), context.Event()
    pages = context.Process(target=_class, args=(address, run, ready, stop))
    pages.start()
    assert ready.wait(60), "the pages do not open"
    time.sleep(2)  # they are drawn, too
    try:
        yield
        assert pages.exitcode is None, "a page has failed"
    finally:
        stop.set()
        pages.join()


# -- measuring ----------------------------------------------------------------------------------


def _next_step(run: int) -> tuple[int, float]:
    """The number of steps when it next changes, and the time then."""
    before = runs.get(run).progress.step
    while (now := runs.get(run).progress.step) == before:
        time.sleep(0.01)
    return now, time.monotonic()


def rate(run: int) -> float:
    """Pictures a second over a turn, by the clock on the wall."""
    time.sleep(1)
    first, began = _next_step(run)
    time.sleep(SECONDS)
    last, ended = _next_step(run)
    return (last - first) * runs.get(run).recipe.batch_size / (ended - began)


def measure(address: str, network: str) -> None:
    """Print the rates of one network's run."""
    run = runs.launch(recipe(network))
    going(run, 20)
    alone, shared = [], []
    for _turn in range(TURNS):
        alone.append(rate(run))
        with watched(address, run):
            shared.append(rate(run))
    runs.stop(run)
    over(run)
    shares = [with_them / without for with_them, without in zip(shared, alone, strict=True)]
    print(
        f"{network:10} alone {statistics.median(alone):8.0f}   watched by {VIEWERS} "
        f"{statistics.median(shared):8.0f} pictures/s   share {statistics.median(shares):.3f} "
        f"({min(shares):.3f} … {max(shares):.3f})",
        flush=True,
    )


def main() -> None:
    """Both networks: one that leaves a core free, and one that takes all."""
    with TemporaryDirectory() as home, folder(Path(home)), server() as address:
        for network in NETWORKS:
            measure(address, network)


if __name__ == "__main__":
    main()
