"""Python's text is taken apart whatever other threads do."""

import gc
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from explorer.analysis import graph
from explorer.base import python_source

THREADS = 4


@pytest.fixture
def busy_collector() -> Iterator[None]:
    """One that often runs Python code, as finalizers are: other threads get their turn in it."""

    def other_threads(_phase: str, _told: dict[str, int]) -> None:
        time.sleep(0)

    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(other_threads)
    gc.set_threshold(50)
    sys.setswitchinterval(1e-5)
    yield
    gc.callbacks.remove(other_threads)
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("busy_collector")
def test_many_threads_read_definitions_at_once() -> None:
    text = Path(graph.__file__).read_text(encoding="utf-8")
    with ThreadPoolExecutor(THREADS) as threads:
        read = [
            *threads.map(lambda _n: len(python_source.statements(text)), range(4 * THREADS)),
            *threads.map(lambda _n: len(python_source.text_of(graph.Graph)), range(4 * THREADS)),
        ]
    assert len(set(read)) == 2
