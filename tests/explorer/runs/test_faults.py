"""Twenty deaths, of everything at random moments; and a disk that is really full.

That is a small tmpfs in a user namespace, filled to its last byte. What happens in processes of its
own in there, and what they print is compared here.
"""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from explorer.base import storage
from explorer.runs import Status, artifacts, metrics, process, store
from explorer.runs.database import BALLAST, database
from explorer.runs.engines.local import processes
from explorer.training import checkpoints
from tests import run_processes
from tests.explorer.runs.played import STARTED, added, begun
from tests.run_processes import SHORT, Server, host, of_folder, unbroken, until
from tests.serving import ROOT, ask, mortal

RECIPE = dataclasses.replace(SHORT, epochs=1000)
# Few of hosts: the next one takes seconds to be warm (`test_host` has more of them).
DEATHS = ["worker"] * 8 + ["server"] * 4 + ["worker and server"] * 6 + ["worker and host", "all"]


def test_twenty_deaths_lose_nothing(tmp_path: Path):
    assert len(DEATHS) == 20
    chance = random.Random(4)  # noqa: S311 (moments, not secrets)
    with run_processes.folder(tmp_path):
        servers = [Server(), Server()]
        number = servers[0].ask("launch", dataclasses.asdict(RECIPE))
        bystander = servers[0].ask("launch", dataclasses.asdict(SHORT))
        states = []
        for turn, death in enumerate(chance.sample(DEATHS, len(DEATHS))):
            goes_on(number)
            if turn % 5 == 0:  # often it dies too soon, and has to begin from the last state
                states.append(next_state(number))
            time.sleep(chance.uniform(0, 0.4))
            rows = committed(number)
            die(death, number, servers, tmp_path)
            assert committed(number) >= rows > 0
            assert database().rows("PRAGMA integrity_check")[0][0] == "ok"
            if death == "server":
                assert store.get(number).status is Status.RUNNING  # the worker does not need it
                continue
            until(lambda: store.get(number).status is Status.INTERRUPTED)
            assert store.get(number).reason
            assert servers[0].ask("resume", number) is None
        goes_on(number)
        assert servers[0].ask("stop", number) is None
        until(lambda: store.get(number).status is Status.STOPPED)
        until(lambda: store.get(bystander).status is Status.FINISHED)
        assert [run.id for run in store.listed()] == [bystander, number]
        assert 0 < states[0] < states[1] < states[2] < states[3] <= store.get(number).progress.step
        for server in servers:
            server.kill()
        until(lambda: not of_folder(tmp_path), 20)  # nobody watches: the host ends by itself
        curve = metrics.curves(number, most=10**6)
        assert curve.step == list(range(1, store.get(number).progress.step + 1))
        np.testing.assert_allclose(curve.loss, unbroken(RECIPE, len(curve.step)))
        assert len(metrics.curves(bystander).step) == 32
        assert len(metrics.epochs(number)) == store.get(number).progress.epoch
        database().close()


def test_the_real_server_sees_to_runs_that_died_with_the_machine(tmp_path: Path):
    with run_processes.folder(tmp_path):
        number = added("before the server's start")
        begun("1:2:3").tell(STARTED)  # by a process that is none
        with mortal(ROOT, tmp_path / "log") as server:
            until(lambda: store.get(number).status is Status.INTERRUPTED)  # nobody has looked
            answer = ask(f"{server.address}/api/runs/{number}").json()
            assert answer["status"] == "interrupted"
        database().close()


def committed(number: int) -> int:
    (row,) = database().rows("SELECT COUNT(*) AS steps FROM steps WHERE run = ?", (number,))
    return int(row["steps"])


def goes_on(number: int) -> None:
    """Wait until the run has its turn and does steps that it had not done before."""
    until(lambda: store.get(number).status is Status.RUNNING)
    before = store.get(number).progress.step
    until(lambda: store.get(number).progress.step > before)


def next_state(number: int) -> int:
    """Wait until the run has saved its state again; the step from which it could go on."""
    path = artifacts.state_file(number)
    before = path.stat().st_mtime_ns if path.exists() else 0
    until(lambda: path.exists() and path.stat().st_mtime_ns > before)
    return checkpoints.read_card(path).step


def die(death: str, number: int, servers: list[Server], home: Path) -> None:
    """Kill what is named, without warning; new servers take the place of those that are gone."""
    if death == "all":
        run_processes.kill_all(home)
        assert store.get(number).status is Status.RUNNING  # nobody is there to write otherwise
    if "worker" in death:
        os.kill(process.pid_of(store.get(number).worker), signal.SIGKILL)
    if "host" in death:
        until(lambda: process.alive(processes.host("cpu")))
        os.kill(host().pid, signal.SIGKILL)
    for server in servers[:] if death == "all" else servers[:1] if "server" in death else []:
        server.kill()
        servers.remove(server)
        servers.append(Server())


# -- a disk that is really full -------------------------------------------------------------------

MOUNT = 'mount -t tmpfs -o size=96m none "$0" && exec "$@"'
SETTINGS = '{"network": "lenet", "epochs": 3, "dataset": "digits"}'
PRELUDE = f"""
import os, sys
from pathlib import Path
from explorer import runs
from explorer.base import storage
from explorer.runs import database, artifacts as folder, store
from explorer.runs.engines.local import processes
from explorer.runs.records import Status
processes.wake = lambda _device: None  # no host: this is about the store
home = Path(os.environ["CONVSCOPE_HOME"])

def made(name, weights=0):
    number = store.add({SETTINGS!r}, name, "cpu")
    store.move(number, [Status.QUEUED], Status.STOPPED)
    if weights:
        path = folder.checkpoint_file(number, 1)
        path.parent.mkdir()
        path.write_bytes(bytes(weights))
    return number

def fill():
    '''Take the last byte.'''
    with (home / "filler").open("ab", buffering=0) as file:
        size = 2**20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    assert storage.free(home) == 0
"""


def inside(place: Path, script: str) -> list[str]:
    """What a script prints, line by line, on a disk of its own below `place`."""
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", MOUNT, place, sys.executable, "-W", "error", "-c",
         PRELUDE + script],
        cwd=storage.PROJECT,
        env={"CONVSCOPE_HOME": str(place), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Where a small disk can be mounted."""
    command = ["unshare", "-rm", "sh", "-c", MOUNT, tmp_path, "true"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no tmpfs in a user namespace is to be had here")
    return tmp_path


def test_runs_are_listed_and_deleted_on_a_full_disk(disk: Path):
    """From the store's opening on, a long one without files first; then without the ballast."""
    lines = inside(
        disk,
        """
long, heavy = made("long"), made("heavy", 10 * 2**20)
with database.database().writing() as connection:  # more of them than the ballast has room for
    rows = ((long, step, 1.5, step, 1.5, 1.5, 1.5, 1.5, 1.5) for step in range(150_000))
    connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
database.database().close()
fill()
print([run.name for run in runs.listed()])
runs.delete(long)
print([run.name for run in runs.listed()])
runs.delete(heavy)
print(runs.listed(), folder.folder(heavy).exists(), storage.free(home) >= 10 * 2**20)
database.database().close()
database.give_up_ballast(home / "runs")
fill()
try:
    runs.listed()
except database.DiskFullError as error:
    print(error.__cause__.sqlite_errorname)  # "disk I/O error", in SQLite's words
    print(error)
""",
    )
    assert lines == [
        "['heavy', 'long']",
        "['heavy']",
        "[] False True",
        "SQLITE_IOERR_SHMSIZE",
        f"The disk that holds {disk}/runs is full. Delete runs or other files, then resume.",
    ]


def test_a_run_that_ends_for_want_of_room_is_written_down_all_the_same(disk: Path):
    lines = inside(
        disk,
        """
from explorer.base.reasons import Reason
number = store.add('{"network": "lenet"}', "a run", "cpu")
store.claim("cpu", "1:2:3")

def write(first):
    with database.database().writing() as connection:
        rows = [(number, first + step, 1, 1, 1, 1, 1, 1, 1) for step in range(1000)]
        connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

write(0)
fill()
try:
    for first in range(1000, 10**6, 1000):
        write(first)
except database.DiskFullError:
    (row,) = database.database().rows("SELECT COUNT(*), MAX(step) + 1 FROM steps")
    print(row[0] == row[1] == first, "whole transactions are there, nothing of the last one")
    store.move(number, [Status.STARTING], Status.FAILED, Reason("disk_full"))
print(store.get(number).status, store.get(number).reason)
print((home / "runs" / "ballast").exists())
(home / "filler").unlink()
runs.listed()
print((home / "runs" / "ballast").stat().st_size)
write(first)
print(database.database().rows("PRAGMA integrity_check")[0][0])
""",
    )
    assert lines == [
        "True whole transactions are there, nothing of the last one",
        "failed The disk became full. Make room, then resume it from its last checkpoint.",
        "False",
        str(BALLAST),
        "ok",
    ]


def test_a_run_whose_weights_find_no_room_says_that_the_disk_is_full(disk: Path):
    """The rows still do: what is too large for the disk is the file with the weights."""
    lines = inside(
        disk,
        """
import subprocess
from explorer.training import checkpoints
RECIPE = '{"network": "lenet", "dataset": "digits", "epochs": 1, "train_subset": 64}'
WORKER = '''
import sys
from explorer.runs import process, store
from explorer.runs.engines.local.worker import Worker
sys.exit(Worker(store.claim("cpu", process.own()).id).work())
'''

def trained():
    code = subprocess.run([sys.executable, "-c", WORKER], check=False).returncode
    run = store.get(number)
    print(code, run.status, run.progress.step, run.reason)

number = before = store.add(RECIPE, "another", "cpu")
trained()
number = store.add(RECIPE, "a run", "cpu")
fill()
os.truncate(home / "filler", (home / "filler").stat().st_size - 200_000)
trained()
print(len(runs.curves(before).step), checkpoints.load(runs.checkpoint(before))[1].epoch)
print(database.database().rows("PRAGMA integrity_check")[0][0])
print(sorted(path.name for path in folder.folder(number).rglob("*")))
(home / "filler").unlink()
store.enqueue(number, first=True)
trained()
print(folder.checkpoints(number))
""",
    )
    assert lines == [
        "0 finished 1 ",
        "0 interrupted 1 The disk became full. Make room, then resume it from its last checkpoint.",
        "1 1",
        "ok",
        "['log.txt']",  # nothing is left half-written
        "0 finished 1 ",
        "[1]",
    ]


def test_a_download_that_finds_no_room_says_so(disk: Path):
    lines = inside(
        disk,
        """
from hashlib import md5
from explorer.data.datasets import downloads
there = Path(sys.executable).resolve()  # a few megabytes
digest = md5(there.read_bytes()).hexdigest()
wanted = downloads.Remote((there.as_uri(),), digest, home / "data" / "file")
downloads.fetch([wanted], there.stat().st_size)
wanted.path.unlink()
fill()
try:
    downloads.fetch([wanted], there.stat().st_size)
except downloads.Unavailable as error:
    print(error)
print(list(wanted.path.parent.iterdir()))
""",
    )
    assert lines == ["the disk has no room left for it", "[]"]
