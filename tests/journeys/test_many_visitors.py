"""Many at once look inside the real server: nobody sees another's numbers; memory is given back."""

import asyncio
import base64
import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psutil
import pytest
import torch
from torch import Tensor

import explorer
import pages
from benchmarks.visitor import visiting
from explorer import weights
from explorer.base.cache import SizedCache
from explorer.base.tasks import SharedTasks
from explorer.data import pictures
from explorer.networks import NetworkSpec
from tests.processes import run_apart
from tests.serving import changed_server

pytestmark = pytest.mark.browser  # with the tests that share a server

VISITORS = 30
RERUNS = 20  # a page that fails never shows a number
SIDE = 32  # of an untrained network's pictures, where it takes any


@dataclass(frozen=True)
class Visit:
    """What one visitor looks at."""

    page: str
    network: str
    layer: str
    source: str
    picture: int
    channel: int
    side: int = 0  # 0: the network's own

    @property
    def query(self) -> str:
        """The page's address."""
        values = {
            "network": self.network,
            "weights": self.source,
            "layer": self.layer,
            "channel": str(self.channel),
        }
        if self.page == "feature-maps":
            values["picture"] = f"digits:test:{self.picture}"
        if self.side:
            values["side"] = str(self.side)
        return urlencode(values)


async def visit(address: str, look: Visit) -> list[dict[str, Any]]:
    """One visitor's own web socket, from the first message to the end of the page.

    What its boards with numbers were sent: a channel; a layer's kernels, and the chosen one.
    """
    async with visiting(address) as visitor:
        await visitor.open(look.page, look.query)
        for _rerun in range(RERUNS):
            boards = [data for each in visitor.boards if "values" in (data := json.loads(each))]
            if boards:
                return boards
            await visitor.click()
    raise AssertionError("the page was never drawn")


def all_at_once(address: str, visits: Sequence[Visit]) -> list[list[dict[str, Any]]]:
    async def together() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(visit(address, each) for each in visits))

    return run_apart(together())


# -- nobody sees another's --------------------------------------------------------------------

LOOKS = (
    ("feature-maps", "lenet", "conv1"),
    ("feature-maps", "bn_lenet", "bn2"),
    ("feature-maps", "densenet", "transition1.pool"),
    ("feature-maps", "resnet18", "stage3.block1.bn2"),
    ("kernels", "lenet", "conv2"),
    ("kernels", "resnet18", "stage2.block2.conv1"),
)


def thirty() -> list[Visit]:
    """Six kinds of looks; of each some at random weights, with seeds and pictures of their own,
    and one at the weights that come with the program."""
    visits = []
    for number in range(VISITORS):
        page, network, layer = LOOKS[number % len(LOOKS)]
        trained = number // len(LOOKS) == 0
        source = f"shipped:{network}" if trained else f"untrained:{number}"
        side = SIDE if network in ("densenet", "resnet18") and not trained else 0
        visits.append(Visit(page, network, layer, source, number, number % 6, side))
    return visits


def expected(look: Visit) -> Tensor:
    """The numbers of its channel, or of its layer's kernels, by torch alone."""
    model = weights.model(NetworkSpec.parse(look.network), look.source)
    network = model.load()
    module = network.get_submodule(look.layer)
    if look.page == "kernels":
        kernels: Tensor = module.weight
        return kernels
    side = look.side or model.size.height
    picture = pictures.prepare(pictures.named(f"digits:test:{look.picture}"), (1, side, side))
    outputs: list[Tensor] = []
    handle = module.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    with torch.no_grad():
        network(picture.tensor)
    handle.remove()
    return outputs[0][0, look.channel]


def test_thirty_visitors_at_once_each_see_their_own(app_server: str) -> None:
    visits = thirty()
    boards = all_at_once(app_server, visits)
    for each, (first, *_others) in zip(visits, boards, strict=True):
        numbers = np.frombuffer(base64.b64decode(first["values"]), "<f4")
        assert np.allclose(numbers, expected(each).flatten(), atol=1e-4), each
        assert first["channel" if each.page == "feature-maps" else "chosen"] == each.channel


# -- memory -----------------------------------------------------------------------------------

CACHES = 70_000_000  # bytes of networks, and of recordings, that the small server may keep
MARGIN = 130_000_000  # for all smaller caches, and for sessions, which live on for two minutes
CLASS = ("resnet18", "googlenet", "resnet18", "densenet", "resnet18") * 2  # 340 MB of weights
LAYER = {"resnet18": "stage3.block1.bn2", "googlenet": "stage3", "densenet": "transition1.pool"}


# Two large caches so small that a few networks fill them.
SMALL = f"""
from explorer import weights
from explorer.server import memory
from explorer.ui.inside import recordings as maps_recorded
weights._cache._most = maps_recorded._recordings._most = {CACHES}
memory.EVERY = memory.TRIM_EVERY = 0.5
memory.SHARE = 0.5
"""


def a_class(first: int) -> list[Visit]:
    """Ten visitors, each with a network and a picture of their own."""
    return [
        Visit("feature-maps", name, LAYER[name], f"untrained:{number}", number, 1, SIDE)
        for number, name in enumerate(CLASS, first)
    ]


def settled_at(process: psutil.Process, most: int) -> int:
    """The bytes that the server has once they are no more than `most`, or after five seconds."""
    end = time.monotonic() + 5
    while (held := int(process.memory_info().rss)) > most and time.monotonic() < end:
        time.sleep(0.1)
    return held


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's memory, as Linux tells it")
def test_memory_is_bounded_and_given_back_when_a_class_has_left(tmp_path: Path) -> None:
    with changed_server(tmp_path, behind=SMALL) as (address, process):
        all_at_once(address, [Visit("feature-maps", "lenet", "conv1", "untrained:0", 0, 1)])
        warm = int(process.memory_info().rss)
        most = warm + 2 * CACHES + MARGIN
        after = []
        for first in (0, 100):
            all_at_once(address, a_class(first))
            after.append(settled_at(process, most))
    assert max(after) <= most, [held / 1e6 for held in (warm, *after)]


def test_all_that_is_kept_for_visitors_has_a_bound() -> None:
    """The caches of the whole program, full, leave a machine of 8 GB its share."""
    values = [value for module in _modules() for value in vars(module).values()]
    caches = [value._cache if isinstance(value, SharedTasks) else value for value in values
              if isinstance(value, (SizedCache, SharedTasks))]  # fmt: skip
    assert len({id(each) for each in caches}) >= 15
    assert sum({id(each): each._most for each in caches}.values()) < 4_000_000_000


def _modules() -> list[ModuleType]:
    for package in (explorer, pages):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if each.name.split(".")[-1] not in {"__main__", "page", "frame"}:
                importlib.import_module(each.name)
    ours = ("explorer.", "pages.")
    return [module for name, module in sys.modules.items() if name.startswith(ours)]
