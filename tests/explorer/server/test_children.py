"""What `serve` starts: no process is left behind, and a sick one does not end the others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from explorer.server.serve import cluster
from explorer.server.serve.cluster import Child
from tests.explorer.server.conftest import small_app
from tests.run_processes import until
from tests.serving import ROOT, any_port

# `serve`, but for the app: one that starts at once.
SERVE = """
import sys
from pathlib import Path
from explorer.server import serve
from explorer.server.serve import single
single.APP = Path(sys.argv[1])
sys.exit(serve.serve(int(sys.argv[2]), processes=int(sys.argv[3])))
"""


@pytest.fixture(scope="module", params=[1, 2])
def processes(request: pytest.FixtureRequest) -> int:
    """How many servers; more than one take HAProxy."""
    number = int(request.param)
    if number > 1:
        request.getfixturevalue("haproxy")
    return number


@contextmanager
def started(folder: Path, processes: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`serve` with files in `folder` alone; nothing of it is left."""
    parent = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(small_app(folder)), str(any_port()), str(processes)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield parent
    finally:
        parent.kill()
        parent.wait()
        for each in children(folder):
            each.kill()


def children(folder: Path) -> list[psutil.Process]:
    """Servers and proxies that were started with files of this folder, whoever's they are now."""
    alive = []
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            words = " ".join(each.cmdline())
            serves = "explorer.ui.server" in words or " -db " in words
            if serves and str(folder) in words and each.status() != psutil.STATUS_ZOMBIE:
                alive.append(each)
    return alive


def listens(process: psutil.Process) -> bool:
    """Whether somebody can connect to it."""
    return any(each.status == psutil.CONN_LISTEN for each in process.net_connections())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("early", [True, False], ids=["at the start", "later"])
def test_who_ends_alone_leaves_no_server_behind(
    processes: int, number: signal.Signals, early: bool, tmp_path: Path
) -> None:
    """Told to end, or killed: as soon as one child is there, or once all are and serve."""
    everyone = 1 if processes == 1 else processes + 1
    with started(tmp_path, processes) as parent:
        until(lambda: children(tmp_path))
        if not early:
            until(lambda: sum(map(listens, children(tmp_path))) == everyone)
        parent.send_signal(number)
        parent.wait(timeout=30)
        until(lambda: not children(tmp_path), seconds=20)


# -- one that is sick -----------------------------------------------------------------------------


@pytest.fixture
def sick() -> Iterator[Callable[[str], Child]]:
    """A child that runs the Python code; ended afterwards."""
    children = []

    def child(code: str) -> Child:
        words = [sys.executable, "-S", "-E", "-c", code]
        children.append(Child("This one", lambda: subprocess.Popen(words, stdin=subprocess.PIPE)))
        return children[-1]

    yield child
    for each in children:
        each.terminate()
        each.end(time.monotonic() + 5)


def test_one_that_never_comes_up_is_given_up(
    sick: Callable[[str], Child], capsys: pytest.CaptureFixture[str]
) -> None:
    child = sick("raise SystemExit(3)")
    until(lambda: not child.revive(), seconds=20)
    errors = capsys.readouterr().err
    assert errors.count("This one has ended (exit status 3)") == cluster.MOST_STARTS


def test_one_that_had_come_up_is_tried_for_ever_but_ever_less_often(
    sick: Callable[[str], Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others serve on: only one that is given up ends them all."""
    monkeypatch.setattr(cluster, "SECONDS_OF_A_START", 0.5)
    monkeypatch.setattr(cluster, "LONGEST_PAUSE", 0.1)
    starts = tmp_path / "starts"
    child = sick(
        f"import time\nwith open({str(starts)!r}, 'a+') as file:\n"
        "    file.write('x'); file.flush(); file.seek(0)\n"
        "    time.sleep(1.0 if file.read() == 'x' else 0)\n"
    )

    def beyond() -> bool:
        assert child.revive()
        return starts.exists() and len(starts.read_text()) > cluster.MOST_STARTS + 2

    until(beyond, seconds=20)


def test_pauses_grow_to_a_minute() -> None:
    pauses = [cluster._pause(failures) for failures in range(8)]
    assert pauses == [0, 1, 3, 7, 15, 31, 60, 60]
