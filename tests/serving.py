"""The real server and the arguments of a real browser, for tests, benchmarks and screenshots."""

import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, sync_playwright

from explorer.server import serve

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 60
BROWSER = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",  # a camera, allowed
)  # fmt: skip


def chromium() -> str | None:
    """The machine's own Chromium, without its windows if it comes so: half the work for a page.

    None where there is none: then Playwright's.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@dataclass(frozen=True)
class Answer:
    """What a web server answered."""

    status: int
    content: bytes
    headers: Message

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    put: bytes | None = None,
    trusted: ssl.SSLContext | None = None,
) -> Answer:
    """The answer to one request, whatever its status; `put` is sent along."""
    method = "GET" if put is None else "PUT"
    question = urllib.request.Request(url, put, headers or {}, method=method)
    try:
        response = urllib.request.urlopen(question, timeout=20, context=trusted)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return Answer(response.status, response.read(), response.headers)


@contextmanager
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        yield launched
        launched.close()


@contextmanager
def server(home: Path = ROOT) -> Iterator[str]:
    """Serve the `app.py` in the folder `home` on a free loopback port; its address."""
    with TemporaryDirectory() as folder, serving(home, Path(folder) / "log") as address:
        yield address


@contextmanager
def serving(home: Path, log: Path) -> Iterator[str]:
    """As `server`, with what the server says written to `log`."""
    with mortal(home, log) as served:
        yield served.address


@contextmanager
def changed_server(
    home: Path, *, before: str = "", behind: str = ""
) -> Iterator[tuple[str, psutil.Process]]:
    """Its address and process, with code `before` or `behind` that of `app.py`, in `home`."""
    for name in ("explorer", "pages", ".streamlit", "checkpoints"):
        (home / name).symlink_to(ROOT / name)
    door = (ROOT / "app.py").read_text(encoding="utf-8")
    (home / "app.py").write_text(before + door + behind, encoding="utf-8")
    with serving(home, home / "log") as address:
        port = f"--server.port={urlsplit(address).port}"
        (process,) = [each for each in psutil.Process().children() if port in each.cmdline()]
        yield address, process


@contextmanager
def mortal(home: Path, log: Path) -> Iterator["Served"]:
    """As `serving`, for who wants to end the server and start it again."""
    served = Served(home, log)
    try:
        served.start()
        yield served
    finally:
        served.stop()


_running: "set[Log]" = set()
_ended: list[str] = []  # what servers have said that nobody has read


def news() -> str:
    """What all servers of this process have written to their logs since this was last asked."""
    texts = [*_ended, *(each.news() for each in _running)]
    _ended.clear()
    return "".join(texts)


class Log:
    """What a server writes: read by `news`, so that an error fails the test in which it happens."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0  # bytes
        path.touch()

    def start(self, command: list[str], home: Path = ROOT, **options: Any) -> subprocess.Popen[str]:
        """A process in the folder `home` that writes to it."""
        _running.add(self)
        with self._path.open("ab") as file:
            return subprocess.Popen(
                command, cwd=home, stdout=file, stderr=file, text=True, **options
            )

    def news(self) -> str:
        """What has been written since this was last asked."""
        with self._path.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        return text.decode("utf-8", "replace")

    def close(self) -> None:
        """Nobody writes to it any more."""
        _running.discard(self)
        _ended.append(self.news())


@contextmanager
def temporary_log() -> Iterator[Log]:
    """A log for as long as a server runs."""
    with TemporaryDirectory() as folder:
        log = Log(Path(folder) / "log")
        try:
            yield log
        finally:
            log.close()


def any_port() -> int:
    """One that is free, as the system deals them: two who ask at once are given different ones."""
    with socket.socket() as door:
        door.bind((serve.LOOPBACK, 0))
        return int(door.getsockname()[1])


def wait_for(
    address: str, process: "subprocess.Popen[Any]", trusted: ssl.SSLContext | None = None
) -> None:
    """Until the server that this process is has come up."""
    end = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < end:
        # A port on which nobody listens yet may be dealt to the very asker, who then hears itself.
        with suppress(OSError, HTTPException):
            if ask(f"{address}/_stcore/health", trusted=trusted).status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start. What it said:\n{news()}")


class Served:
    """The server of a folder, at one address for good."""

    def __init__(self, home: Path, log: Path) -> None:
        self._port = any_port()
        self._home, self._log = home, Log(log)
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "explorer.ui.server", "run", "app.py"]
        command += [f"--server.port={self._port}", "--server.headless=true"]
        self._process = self._log.start(command, self._home)
        wait_for(self.address, self._process)

    def kill(self) -> None:
        """End it as no program can prepare for."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()
