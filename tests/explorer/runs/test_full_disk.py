"""A disk that is really full: a small tmpfs in a user namespace, filled to its last byte.

Everything happens in processes of its own in there; what they print is compared here.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from explorer.base import storage
from explorer.runs import ballast

MOUNT = 'mount -t tmpfs -o size=96m none "$0" && exec "$@"'
SETTINGS = '{"network": "lenet", "epochs": 3, "dataset": "digits"}'
PRELUDE = f"""
import os, sys
from pathlib import Path
from explorer import runs
from explorer.base import storage
from explorer.runs import ballast, database, artifacts as folder, store
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
    told = inside(
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
ballast.give_up(home / "runs")
fill()
try:
    runs.listed()
except database.DiskFullError as error:
    print(error.__cause__.sqlite_errorname)  # "disk I/O error", in SQLite's words
    print(error)
""",
    )
    assert told == [
        "['heavy', 'long']",
        "['heavy']",
        "[] False True",
        "SQLITE_IOERR_SHMSIZE",
        f"The disk that holds {disk}/runs is full. Delete runs or other files, then resume.",
    ]


def test_a_run_that_ends_for_want_of_room_is_written_down_all_the_same(disk: Path):
    told = inside(
        disk,
        """
from explorer.base.reasons import Reason
number = store.add('{"network": "lenet"}', "a run", "cpu")
store.claim("cpu", "1:2:3")
fill()
try:
    for first in range(0, 10**6, 1000):
        with database.database().writing() as connection:
            rows = [(number, first + step, 1, 1, 1, 1, 1, 1, 1) for step in range(1000)]
            connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
except database.DiskFullError:
    store.move(number, [Status.STARTING], Status.FAILED, Reason("disk_full"))
print(store.get(number).status, store.get(number).reason)
print((home / "runs" / "ballast").exists())
(home / "filler").unlink()
runs.listed()
print((home / "runs" / "ballast").stat().st_size)
""",
    )
    assert told == [
        "failed The disk became full. Make room, then resume it from its last checkpoint.",
        "False",
        str(ballast.MOST),
    ]


def test_a_run_whose_weights_find_no_room_says_that_the_disk_is_full(disk: Path):
    """The rows still do: what is too large for the disk is the file with the weights."""
    told = inside(
        disk,
        """
import subprocess
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

number = store.add(RECIPE, "a run", "cpu")
fill()
os.truncate(home / "filler", (home / "filler").stat().st_size - 200_000)
trained()
print(sorted(path.name for path in folder.folder(number).rglob("*")))
(home / "filler").unlink()
store.enqueue(number, first=True)
trained()
print(folder.checkpoints(number))
""",
    )
    assert told == [
        "0 interrupted 1 The disk became full. Make room, then resume it from its last checkpoint.",
        "['log.txt']",  # nothing is left half-written
        "0 finished 1 ",
        "[1]",
    ]


def test_a_download_that_finds_no_room_says_so(disk: Path):
    told = inside(
        disk,
        """
from explorer.data.datasets import downloads
there = Path(sys.executable).resolve()  # a few megabytes
wanted = downloads.Remote((there.as_uri(),), downloads.digest(there), home / "data" / "file")
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
    assert told == ["the disk has no room left for it", "[]"]
