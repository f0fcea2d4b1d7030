"""The real server with a route more, which tells what is left to the garbage collector."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.visitor import Visitor, visiting
from explorer.ui.entries import PAGES
from tests.serving import ask, changed_server

# Asked, the server says what is left once its collector has been round twice.
PROBE = """
import asyncio, gc, threading
from starlette.responses import JSONResponse
from starlette.routing import Route
from explorer.server import memory, runs as run_routes

memory.EVERY = 0.5
rounds = []  # of all that lives: in which threads

def count(phase, info):
    if phase == "stop" and info["generation"] == 2:
        rounds.append(threading.current_thread().name)

gc.callbacks.append(count)

async def left(_request):
    before = len(rounds)
    while len(rounds) < before + 2:
        await asyncio.sleep(0.02)
    in_clicks = sum("ScriptRunner" in name for name in rounds)
    return JSONResponse({"objects": len(gc.get_objects()), "in_clicks": in_clicks})

run_routes.ROUTES.append(Route("/api/left", left))
"""


@dataclass(frozen=True)
class Left:
    """What the server has, and how often a click has had to wait until all of it was walked."""

    objects: int
    in_clicks: int
    bytes: int


@dataclass(frozen=True)
class Probed:
    """A running server that tells."""

    address: str
    process: psutil.Process

    async def after(self, visitors: int, tours: tuple[int, ...]) -> list[Left]:
        """What is left each time that the same visitors have been so often on every page."""
        states = []
        async with AsyncExitStack() as stack:
            class_ = [
                await stack.enter_async_context(visiting(self.address)) for _n in range(visitors)
            ]
            for each in tours:
                await asyncio.gather(*(_tour(visitor, each) for visitor in class_))
                states.append(await asyncio.to_thread(self._left))
            assert not [error for visitor in class_ for error in visitor.errors]
        return states

    def _left(self) -> Left:
        left = ask(f"{self.address}/api/left").json()
        return Left(**left, bytes=int(self.process.memory_info().rss))


async def _tour(visitor: Visitor, times: int) -> None:
    for page in PAGES * times:
        await visitor.open(page.url)


@contextmanager
def probed(home: Path) -> Iterator[Probed]:
    """One that works in the folder `home`."""
    with changed_server(home, before=PROBE) as (address, process):
        yield Probed(address, process)
