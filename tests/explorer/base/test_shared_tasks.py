"""Tasks that many ask for, in threads: made once, left by nobody watching, after waiting pages."""

import gc
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from explorer.base import compute_slots
from explorer.base.tasks import Client, Ending, Pool, SharedTasks, Steps, Task, pool
from explorer.base.tasks import task as task_module
from tests.run_processes import until

VISITORS = 30
SOON = 20.0  # seconds until a test fails; what it waits for takes a fraction of one


def shared(most_bytes: int = 10**6, patience: float = 60.0, **pool: float) -> SharedTasks[int]:
    return SharedTasks(Pool(at_once=2, **pool), most_bytes, patience)


def counting(upto: int, firsts: list[int] | None = None, pause: float = 0.0) -> Steps[int]:
    """From where it was on; what each turn begins after is put into `firsts`."""

    def steps(task: Task[int]) -> Iterator[int]:
        first = task.latest or 0
        if firsts is not None:
            firsts.append(first)
        for number in range(first + 1, upto + 1):
            time.sleep(pause)
            task.tell(number, upto)
            yield number

    return steps


def waiting_for(free: threading.Event) -> Steps[int]:
    def steps(_task: Task[int]) -> Iterator[int]:
        free.wait(SOON)
        yield 1

    return steps


def test_thirty_who_ask_for_the_same_share_one_task() -> None:
    tasks, firsts = shared(), list[int]()

    def visit(_visitor: int) -> Task[int]:
        task = tasks.ask("it", counting(3, firsts, 0.02))
        assert task.wait(SOON, first=True)
        assert task.result() == 3
        return task

    with ThreadPoolExecutor(VISITORS) as threads:
        assert len(set(threads.map(visit, range(VISITORS)))) == 1
    assert tasks.ask("it", counting(3, firsts)).finished  # it is kept
    assert firsts == [0]


def test_whoever_waited_has_the_result_whatever_the_cache_let_go() -> None:
    tasks, firsts = shared(most_bytes=1), list[int]()
    held = [tasks.ask(visitor, counting(1, firsts)) for visitor in range(VISITORS)]
    assert all(task.wait(SOON) for task in held)
    assert tasks.ask(3, counting(1, firsts)) is held[3]  # while the first one looks
    assert len(firsts) == VISITORS
    held.clear()
    until(lambda: bool(gc.collect() or not tasks._held))  # threads that are just leaving
    assert tasks.ask(3, counting(1, firsts)).wait(SOON)
    assert len(firsts) == VISITORS + 1


def test_what_nobody_watches_ends_and_goes_on_where_it_was() -> None:
    tasks, firsts = shared(patience=0.1), list[int]()
    task = tasks.ask("it", counting(40, firsts, 0.01))
    until(lambda: task.finished)
    assert task.ending is Ending.LEFT
    reached = task.latest
    assert 0 < (reached or 0) < 40
    until(lambda: tasks.ask("it", counting(40, firsts)).ending is Ending.DONE)
    assert firsts == [0, reached]
    assert task.latest == 40


def test_who_stops_leaves_it_to_those_who_still_watch() -> None:
    task = shared().ask("it", counting(10_000, pause=0.01))
    until(lambda: task.latest is not None)
    task.leave()
    task.ask()  # another visitor's page
    assert not task.wait(1.2)
    task.leave()
    until(lambda: task.finished)
    assert task.ending is Ending.LEFT


def test_a_failure_is_a_sentence_and_others_try_again(caplog: pytest.LogCaptureFixture) -> None:
    tasks = shared()

    def refuse(task: Task[int]) -> Iterator[int]:
        yield 7
        raise ValueError("Choose a smaller patch.")

    def fail(_task: Task[int]) -> Iterator[int]:
        raise RuntimeError("a fault of ours")
        yield

    task = tasks.ask("it", refuse)
    assert task.wait(SOON)
    assert (task.failed, task.sentence, task.latest) == (True, "Choose a smaller patch.", 7)
    again = tasks.ask("it", counting(8))
    assert again.wait(SOON)
    assert again.result() == 8
    broken = tasks.ask("broken", fail)
    assert broken.wait(SOON)
    assert "our mistake" in broken.sentence
    assert "a fault of ours" in caplog.text


def test_turns_are_shared_by_all_that_wait() -> None:
    tasks, order = shared(seconds=0.0), list[str]()

    def steps(name: str) -> Steps[int]:
        def run(task: Task[int]) -> Iterator[int]:
            order.append(name)
            yield from counting(5)(task)

        return run

    with ExitStack() as pages:
        for _each in range(compute_slots.MOST):
            assert pages.enter_context(compute_slots.turn(SOON))
        begun = [tasks.ask(name, steps(name)) for name in "abcd"]
        time.sleep(0.05)
        assert not order  # the pages' turns go first
    assert all(task.wait(SOON) for task in begun)
    assert {*order[:4]} == {*"abcd"}  # nobody has a second turn before all had a first


def test_a_page_that_waits_goes_before_what_goes_on_in_the_background() -> None:
    tasks = shared(seconds=SOON)
    begun = [tasks.ask(n, counting(10**6, pause=0.001)) for n in range(compute_slots.MOST + 2)]
    until(lambda: sum(task.latest is not None for task in begun) >= 2)
    for _click in range(20):
        with compute_slots.turn(1) as free:
            assert free
    for task in begun:
        task.stop()
    assert all(task.wait(SOON) for task in begun)
    with compute_slots.turn(0) as free:
        assert free  # nothing is held


def test_time_left_follows_from_the_rate() -> None:
    task: Task[int] = Task()
    assert task.seconds_left is None
    task.queue(counting(4, pause=0.05))
    assert not task.run(0)
    assert (task.done, task.total) == (1, 4)
    before = task.seconds
    assert 3 * 0.05 <= (task.seconds_left or 0) < 3 * SOON
    time.sleep(0.05)
    assert task.seconds == before  # of work, not of waiting


@contextmanager
def threads_in_turns() -> Iterator[None]:
    """As long as this is open, another thread goes on after every few lines."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def test_what_is_read_as_a_turn_ends_is_counted_once() -> None:
    task: Task[int] = Task()
    begun = time.monotonic()

    def work() -> None:
        while time.monotonic() < begun + 1:
            task.queue(counting(3, pause=0.0001))
            while not task.run(0):
                pass

    with ThreadPoolExecutor(1) as threads:
        worker = threads.submit(work)
        while not worker.done():
            assert task.seconds <= time.monotonic() - begun
            assert (task.seconds_left or 0) >= 0


def test_a_task_that_is_stopped_while_it_waits_never_begins() -> None:
    tasks, free, firsts = shared(), threading.Event(), list[int]()
    busy = [tasks.ask(n, waiting_for(free)) for n in range(2)]
    waiting = tasks.ask("it", counting(3, firsts))
    assert waiting.waiting
    assert tasks.pool.position(waiting) == 1
    waiting.stop()
    assert waiting.finished
    free.set()
    assert all(task.wait(SOON) for task in busy)
    assert not firsts


def test_of_one_visitor_so_many_wait_and_the_oldest_goes_on_when_it_is_asked_for() -> None:
    tasks, free = shared(), threading.Event()
    steps = waiting_for(free)
    mine = [tasks.ask(n, steps, client=Client("a")) for n in range(2 + pool.MOST_WAITING)]
    other = tasks.ask("another's", steps, client=Client("b"))
    mine.append(tasks.ask("new", steps, client=Client("a")))
    assert [task for task in (*mine, other) if task.ending is Ending.LEFT] == [mine[2]]
    free.set()
    assert tasks.ask(2, steps) is mine[2]
    assert {task.result() for task in (*mine, other)} == {1}


def test_what_failed_for_one_may_be_tried_for_others_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(_task: Task[int]) -> Iterator[int]:
        yield 1
        raise MemoryError

    task = shared().ask("it", failing)
    assert task.wait(SOON)
    assert task.failed
    assert not task.may_try_again
    monkeypatch.setattr(task_module, "TRY_AGAIN", 0.0)
    assert task.may_try_again


def test_what_is_done_anew_counts_its_seconds_from_the_beginning() -> None:
    tasks = shared()
    first = tasks.ask("it", counting(3, pause=0.05))
    assert first.wait(SOON)
    spent = first.seconds
    free = threading.Event()
    again = tasks.ask("it", waiting_for(free), anew=True)
    assert not again.wait(0, first=True)
    free.set()
    assert again.result() == 1
    assert again is first
    assert again.seconds < spent


def test_what_nobody_wants_any_more_is_not_begun() -> None:
    firsts: list[int] = []
    task: Task[int] = Task(patience=-1)
    task.queue(counting(3, firsts))
    assert task.run()
    assert task.ending is Ending.LEFT
    assert not firsts


def test_a_task_is_never_worked_on_by_two_threads() -> None:
    tasks, at_once, most = shared(seconds=SOON), [0], [0]
    until_then = time.monotonic() + 0.5

    def refused(_task: Task[int]) -> Iterator[int]:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0)
        at_once[0] -= 1
        raise ValueError("Not now.")
        yield 0

    def asking(visitor: int) -> None:
        while time.monotonic() < until_then:
            task = tasks.ask("it", refused)
            if visitor == 0:
                task.stop()

    with threads_in_turns(), ThreadPoolExecutor(3) as visitors:
        list(visitors.map(asking, range(3)))
    assert tasks.ask("it", refused).wait(SOON)
    assert most == [1]
