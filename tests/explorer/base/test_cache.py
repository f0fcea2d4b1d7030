"""What many threads share: a cache, in which nothing is made by two together, and Python's text."""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import weights
from explorer.analysis import shapes_and_macs
from explorer.base import python_source
from explorer.base.cache import SizedCache, shared
from explorer.inside.activations import Recording, record
from explorer.networks import NetworkSpec
from tests.run_processes import until

VISITORS = 30


class Workshop:
    """Makes things one at a time, and remembers how often and how many at once."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.calls, self.at_once, self.most_at_once = failures, 0, 0, 0
        self._lock = threading.Lock()

    def make(self) -> str:
        with self._lock:
            self.calls += 1
            number = self.calls
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.002)  # long enough for others to come
        with self._lock:
            self.at_once -= 1
        if number <= self.failures:
            raise ValueError("not yet")
        return "made"


def together(visit: Callable[[int], Any]) -> list[Any]:
    """What thirty visitors get who come at the same moment."""
    gate = threading.Barrier(VISITORS)

    def arrive(visitor: int) -> Any:
        gate.wait(30)
        return visit(visitor)

    with ThreadPoolExecutor(VISITORS) as threads:
        return list(threads.map(arrive, range(VISITORS)))


def test_a_cache_keeps_what_was_used_last_within_its_bounds() -> None:
    calls: list[str] = []

    def make(word: str) -> str:
        calls.append(word)
        return word

    cache: SizedCache[str] = SizedCache(10, len)
    for word in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert cache.get(word, partial(make, word)) == word
        assert cache.bytes_kept <= 10
    assert calls == ["aaaa", "bbbb", "cccc", "bbbb"]  # b gave way to c
    assert cache.get("long", lambda: "x" * 11) == "x" * 11
    assert cache.bytes_kept == 0
    cache.clear()
    assert cache.bytes_kept == 0


def test_after_a_failure_those_who_wait_try_again_one_after_the_other() -> None:
    cache: SizedCache[str] = SizedCache(100, len)
    workshop = Workshop(failures=40)

    def visit(_visitor: int) -> str:
        while True:
            try:
                return cache.get("key", workshop.make)
            except ValueError:
                continue  # comes back at once, as a newcomer

    assert set(together(visit)) == {"made"}
    assert workshop.most_at_once == 1
    assert workshop.calls == 41  # nobody got an error that was another's, and nobody made it twice
    assert cache.bytes_kept == len("made")


def test_each_of_those_who_wait_hears_of_its_own_failure() -> None:
    cache: SizedCache[str] = SizedCache(100, len)
    workshop = Workshop(failures=VISITORS)

    def visit(_visitor: int) -> str:
        with pytest.raises(ValueError, match="not yet"):
            cache.get("key", workshop.make)
        return "failed"

    together(visit)
    assert (workshop.calls, workshop.most_at_once) == (VISITORS, 1)
    assert cache.get("key", workshop.make) == "made"


def test_what_is_too_large_to_keep_is_made_once_for_all_who_wait() -> None:
    cache: SizedCache[str] = SizedCache(3, len)
    calls = []

    def make() -> str:
        calls.append(1)
        until(lambda: cache._making["key"].asking == VISITORS)
        return "large"

    assert set(together(lambda _visitor: cache.get("key", make))) == {"large"}
    assert calls == [1]
    assert cache.bytes_kept == 0
    assert not cache._making  # nothing is held for nobody


def test_others_are_not_kept_waiting() -> None:
    cache: SizedCache[str] = SizedCache(100, len)
    free = threading.Event()

    def slow() -> str:
        assert free.wait(30)
        return "slow"

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(cache.get, "slow", slow)
        assert cache.get("quick", lambda: "quick") == "quick"
        free.set()
        assert waiting.result(30) == "slow"


def test_memory_that_several_share_counts_once_and_as_long_as_one_of_them_is_kept() -> None:
    parts = {"a": {"weights": 50, 1: 10}, "b": {"weights": 50, 2: 10}, "c": {3: 45}, "d": {4: 45}}
    cache: SizedCache[str] = SizedCache(110, parts.__getitem__)
    cache.get("a", lambda: "a")
    cache.get("b", lambda: "b")
    assert cache.bytes_kept == 70
    cache.get("c", lambda: "c")  # "a" gives way; its weights are those of "b" too
    assert cache.bytes_kept == 105
    cache.get("d", lambda: "d")  # now "b" as well
    assert cache.bytes_kept == 90
    cache.clear()
    cache.get("a", lambda: "a")
    assert cache.bytes_kept == 60


def test_a_recording_is_counted_with_the_weights_that_it_keeps_alive() -> None:
    network = weights.load(NetworkSpec.parse("lenet"), "untrained:0")
    whole = sum(parameter.nbytes for parameter in network.parameters())
    cache: SizedCache[Recording] = SizedCache(10_000_000, lambda each: each.memory)
    sizes = [0]
    for number in (1, 2):
        picture = torch.full((1, 1, 28, 28), float(number))
        cache.get(number, partial(record, network, picture))
        sizes.append(cache.bytes_kept)
    alone = cache.get(1, lambda: record(network, picture)).nbytes
    assert sizes[1] == pytest.approx(whole + alone, rel=0.02)
    assert sizes[2] == pytest.approx(whole + 2 * alone, rel=0.02)


def test_a_shared_function_runs_once_for_each_of_its_last_arguments():
    ran: list[tuple[int, int]] = []

    @shared(most=2)
    def add(one: int, other: int = 1) -> int:
        ran.append((one, other))
        return one + other

    assert set(together(lambda _visitor: add(1, other=2))) == {3}
    assert ran == [(1, 2)]
    assert (add(2), add(2)) == (3, 3)
    assert add(3) == 4  # the one that was asked for first gives way
    assert (add(2), add(1, other=2)) == (3, 3)
    assert ran == [(1, 2), (2, 1), (3, 1), (1, 2)]


# -- Python's own text: taken apart whatever other threads do ------------------------------------

THREADS = 4


@pytest.fixture
def busy_collector() -> Iterator[None]:
    """One that often runs Python code, as finalizers are: other threads get their turn in it."""

    def other_threads(_phase: str, _counts: dict[str, int]) -> None:
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
    text = Path(shapes_and_macs.__file__).read_text(encoding="utf-8")
    with ThreadPoolExecutor(THREADS) as threads:
        for read in (
            lambda _n: len(python_source.statements(text)),
            lambda _n: len(python_source.text_of(shapes_and_macs.Graph)),
        ):
            assert len(set(threads.map(read, range(4 * THREADS)))) == 1
