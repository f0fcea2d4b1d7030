"""Work in processes of its own: what it may take, who is next, how it ends. All are real ones."""

import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from explorer.base import language
from explorer.base.tasks import (
    Client,
    Ending,
    Output,
    ProcessLimits,
    ProcessPool,
    Refused,
    Spare,
    Task,
    Work,
    process,
)
from tests.run_processes import until

PATIENCE = 60.0  # seconds until a test fails; what it waits for takes a fraction of one
LIMITS = ProcessLimits(
    cpu_seconds=30, wall_seconds=60, memory_bytes=200_000_000, output_bytes=1_000_000
)


@pytest.fixture(scope="module")
def spare() -> Iterator[Spare]:
    with closing(Spare("tests.task_functions")) as started:
        yield started


def pool_of(spare: Spare, at_once: int = 4, **bounds: int) -> ProcessPool:
    most = {"most": 100, "most_each": 100, "most_bytes": 1_000_000} | bounds
    return ProcessPool(spare, at_once=at_once, **most)


@pytest.fixture
def pool(spare: Spare) -> ProcessPool:
    return pool_of(spare)


def work(
    function: str, content: bytes = b"", limits: ProcessLimits = LIMITS, **arguments: Any
) -> Work:
    return Work(f"tests.task_functions:{function}", limits, content, arguments)


def same(output: Output) -> Output:
    return output


def start(
    pool: ProcessPool, function: str, visitor: str = "", address: str = "", **options: Any
) -> Task[Output]:
    return pool.start(work(function, **options), same, Client(visitor, address))


def limited(**changed: float) -> ProcessLimits:
    return ProcessLimits(**{**vars(LIMITS), **changed})  # type: ignore[arg-type]


def ended(task: Task[Output]) -> Ending | None:
    assert task.wait(PATIENCE)
    return task.ending


# -- what comes back --------------------------------------------------------------------------


def test_the_work_is_done_in_a_light_process_that_knows_no_secret(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSCOPE_KEY", "a teacher's")
    here = threading.get_ident()  # where the visitor's page is drawn, and nowhere else
    monkeypatch.setattr(
        language, "_reader", lambda: "de" if threading.get_ident() == here else "en"
    )
    languages = []

    def finish(output: Output) -> Output:
        languages.append(language.current())
        return output

    task = pool.start(work("look", content=b"123", word="Größe"), finish, Client())
    output = task.result()
    assert languages == ["de"]
    surroundings = output.facts["surroundings"]
    assert output.facts == {
        "content": 3,
        "word": "Größe",
        "language": "de",  # its sentences are in the visitor's
        "heavy": [],
        "surroundings": surroundings,
    }
    assert not [name for name in surroundings if name.startswith("CONVSCOPE")]
    assert [each.tolist() for each in output.arrays] == [[[0, 1, 2], [3, 4, 5]], [-1, 2**40]]
    assert (task.done, task.total) == (1, 2)
    assert task.finished
    assert task.result() is output  # for all who ask


def test_a_sentence_and_a_fault_are_told_apart(
    pool: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Refused, match=r"^Not this one\.$"):
        start(pool, "refuse").result()
    assert not caplog.records
    with pytest.raises(Refused, match="it is our mistake"):
        start(pool, "fail").result()
    assert "a secret of ours" in caplog.text


def test_a_fault_in_what_is_made_of_it_ends_the_task_too(
    pool: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    task = pool.start(work("look", word=""), lambda output: output.facts["missing"], Client())
    with pytest.raises(Refused, match="it is our mistake"):
        task.result()
    assert "KeyError" in caplog.text


def framed(header: bytes) -> bytes:
    return struct.pack(">I", len(header)) + header


NO_MESSAGES = {
    "further than numbers go": framed(
        b'{"kind":"progress","done":1,"total":1%s,"arrays":[]}' % (400 * b"0")
    ),
    "pickle": framed(pickle.dumps(Ending.DONE)),
    "no JSON": framed(b"{{{{"),
    "no kind": framed(b'{"arrays":[]}'),
    "objects": framed(b'{"arrays":[["O",[1]]]}'),
    "less than nothing": framed(b'{"arrays":[["u1",[-1]]]}'),
}
BROKEN_OFF = (b"", struct.pack(">I", 900) + b"{")
ONLY_CLAIMED = (
    struct.pack(">I", 2**32 - 1),
    framed(b'{"kind":"done","facts":{},"arrays":[["u1",[%d,4]]]}' % 2**39),
)


@pytest.mark.parametrize("raw", NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_what_is_no_message_ends_the_process_that_lives_on(pool: ProcessPool, raw: bytes) -> None:
    """Its slot is free at once, not when its limit is reached."""
    assert ended(start(pool, "babble", raw=raw.hex())) is Ending.BROKEN


@pytest.mark.parametrize("then", ["end", "hang up"])
@pytest.mark.parametrize("raw", BROKEN_OFF)
def test_who_breaks_off_is_not_waited_for(pool: ProcessPool, raw: bytes, then: str) -> None:
    assert ended(start(pool, "babble", raw=raw.hex(), then=then)) is Ending.BROKEN


@pytest.mark.parametrize("raw", ONLY_CLAIMED)
def test_no_room_is_made_for_what_is_only_claimed(pool: ProcessPool, raw: bytes) -> None:
    assert ended(start(pool, "babble", raw=raw.hex())) is Ending.OUTPUT


# -- limits -----------------------------------------------------------------------------------

TOO_MUCH = {
    "spin": (limited(cpu_seconds=0.5), Ending.CPU, "took longer than"),
    "sleep": (limited(wall_seconds=0.3), Ending.WALL, "took longer than"),
    "grow": (limited(memory_bytes=90_000_000), Ending.MEMORY, "more than 90.0 MB of memory"),
    "flood": (LIMITS, Ending.OUTPUT, "of memory, and was ended"),
}


@pytest.mark.parametrize("bounded", [True, False], ids=["by the system", "from here"])
@pytest.mark.parametrize("function", TOO_MUCH)
def test_what_takes_too_much_is_ended_with_a_sentence(
    pool: ProcessPool, function: str, bounded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not bounded:
        monkeypatch.setattr(process, "BOUNDED", False)
        monkeypatch.setattr(process, "MEASURED", True)
    limits, ending, words = TOO_MUCH[function]
    task = start(pool, function, limits=limits)
    assert ended(task) is ending
    with pytest.raises(Refused, match=words):
        task.result()


@pytest.mark.skipif(not process.BOUNDED, reason="Windows does not bound it")
def test_the_process_writes_no_file(pool: ProcessPool, tmp_path: Path) -> None:
    path = tmp_path / "written"
    assert ended(start(pool, "write", path=str(path))) is Ending.BROKEN
    assert not path.exists() or not path.read_bytes()


# -- its end ----------------------------------------------------------------------------------


def test_stop_ends_it_in_the_middle_of_its_work(pool: ProcessPool) -> None:
    task = start(pool, "spin")
    until(lambda: task.done > 0)
    assert psutil.pid_exists(task.done)
    assert task.seconds_left is not None
    assert 0 < task.most_seconds_left <= LIMITS.wall_seconds
    task.stop()
    assert ended(task) is Ending.STOPPED
    assert not psutil.pid_exists(task.done)
    with pytest.raises(Refused, match="nothing is kept"):
        task.result()


def test_what_is_done_cannot_be_stopped_any_more(pool: ProcessPool) -> None:
    task = start(pool, "look", word="")
    task.wait()
    task.stop()
    assert task.ending is Ending.DONE


SERVER = """
import time
from tests.explorer.base.test_tasks import pool_of, start
from explorer.base.tasks import Spare
task = start(pool_of(Spare("tests.task_functions")), "spin")
while not task.done:
    time.sleep(0.01)
print(task.done, flush=True)
time.sleep(1000)
"""


def test_a_server_that_is_killed_leaves_no_process_behind() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout
        pid = int(server.stdout.readline())
        family = psutil.Process(server.pid).children()
        assert pid in [each.pid for each in family]  # a spare one is with it
        server.kill()
    until(lambda: not any(lives(each) for each in family))


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


# -- turns ------------------------------------------------------------------------------------


@pytest.fixture
def running() -> Iterator[list[Task[Output]]]:
    """Tasks to be stopped at the end."""
    tasks: list[Task[Output]] = []
    yield tasks
    for task in reversed(tasks):
        task.stop()
    for task in tasks:
        assert task.wait(PATIENCE)


def test_a_visitor_has_one_turn_at_a_time(pool: ProcessPool, running: list[Task[Output]]) -> None:
    mine = [start(pool, "sleep", "a") for _time in range(3)]
    other = start(pool, "look", "b", word="")
    running += [*mine, other]
    assert ended(other) is Ending.DONE  # mine go on all the while
    assert [task.waiting for task in mine] == [False, True, True]
    assert [pool.position(task) for task in mine] == [0, 1, 2]
    mine[1].stop()  # waiting
    assert ended(mine[1]) is Ending.STOPPED
    mine[0].stop()
    until(lambda: not mine[2].waiting)


def test_many_of_one_visitor_wait_behind_one_of_another(
    spare: Spare, running: list[Task[Output]]
) -> None:
    pool = pool_of(spare, at_once=1)
    mine = [start(pool, "sleep", "a") for _time in range(4)]
    others = [start(pool, "sleep", name) for name in "bcb"]
    running += [*mine, *others]
    waiting = [others[0], others[1], mine[1], others[2], mine[2], mine[3]]
    assert [pool.position(task) for task in waiting] == [1, 2, 3, 4, 5, 6]
    mine[0].stop()
    until(lambda: not others[0].waiting)
    assert mine[1].waiting


def test_twenty_cookies_of_one_address_are_one_stranger(
    spare: Spare, running: list[Task[Output]]
) -> None:
    pool = pool_of(spare, at_once=3, most=40)
    thrown_away = [start(pool, "sleep", f"cookie {n}", "10.0.0.66") for n in range(20)]
    running += thrown_away
    assert [task.waiting for task in thrown_away[:3]] == [False, False, True]  # a place is kept
    with pytest.raises(Refused, match="20 files of 0 B in all from your network"):
        start(pool, "sleep", "another cookie", "10.0.0.66")
    class_ = [start(pool, "sleep", f"pupil {n}", "10.0.0.7") for n in range(3)]  # behind one router
    running += class_
    assert [pool.position(task) for task in (*class_, *thrown_away[2:4])] == [0, 2, 4, 1, 3]
    for task in thrown_away[:2]:
        task.stop()
    until(lambda: not class_[1].waiting)  # though eighteen came before


def test_one_address_holds_half_of_the_bytes(spare: Spare, running: list[Task[Output]]) -> None:
    pool = pool_of(spare, most_bytes=1_000)
    running.append(start(pool, "sleep", "a", "10.0.0.66", content=bytes(400)))
    with pytest.raises(Refused, match="1 file of 400 B from your network"):
        start(pool, "sleep", "b", "10.0.0.66", content=bytes(200))
    running.append(start(pool, "sleep", "c", "10.0.0.7", content=bytes(600)))


def test_how_much_waits_is_bounded(spare: Spare, running: list[Task[Output]]) -> None:
    pool = pool_of(spare, most=3, most_each=2, most_bytes=1_000)
    running += [start(pool, "sleep", "a", content=bytes(300)) for _time in range(2)]
    with pytest.raises(Refused, match="2 of your files are being read, or wait"):
        start(pool, "sleep", "a")
    with pytest.raises(Refused, match="2 files of 600 B in all"):
        start(pool, "sleep", "b", content=bytes(500))
    running.append(start(pool, "sleep", "b", content=bytes(400)))
    with pytest.raises(Refused, match="Try again in a minute"):
        start(pool, "sleep", "c")
    running[0].stop()
    assert running[0].wait(PATIENCE)
    until(lambda: not running[1].waiting)
    running.append(start(pool, "sleep", "c"))


@pytest.mark.parametrize("name", ["task", "task ended", "spare process", "task limits"])
def test_where_no_thread_can_be_had_nothing_is_held(
    name: str, spare: Spare, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refused = threading.Thread.start, [name]

    def begin(thread: threading.Thread) -> None:
        if thread.name in refused:
            refused.remove(thread.name)
            raise RuntimeError("can't start new thread")
        real(thread)

    pool = pool_of(spare, at_once=1)
    started = []
    popen = process.subprocess.Popen
    monkeypatch.setattr(threading.Thread, "start", begin)
    monkeypatch.setattr(
        process.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    first, second = start(pool, "look", word=""), start(pool, "look", word="")
    assert ended(first) in {Ending.BROKEN, Ending.DONE}
    assert ended(second) is Ending.DONE
    until(lambda: not refused)

    def only_one_waits_for_work() -> bool:
        ready = [spare._ready._process] if spare._ready else []
        return [each for each in started if each.poll() is None] == ready

    until(only_one_waits_for_work)


def test_a_process_that_died_while_it_waited_is_not_given_work(
    spare: Spare, pool: ProcessPool
) -> None:
    spare.prepare()
    ready = spare._ready
    assert ready
    os.kill(ready._process.pid, 9)
    until(lambda: not ready.alive)
    assert ended(start(pool, "look", word="")) is Ending.DONE
