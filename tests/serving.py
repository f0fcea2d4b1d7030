"""The real server and the arguments of a real browser, for tests, benchmarks and screenshots."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer import serve

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 60
BROWSER = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",  # a camera, allowed
)  # fmt: skip


@contextmanager
def server(home: Path = ROOT) -> Iterator[str]:
    """Serve the `app.py` in the folder `home` on a free loopback port; its address."""
    with TemporaryDirectory() as folder, serving(home, Path(folder) / "log") as address:
        yield address


@contextmanager
def serving(home: Path, log: Path) -> Iterator[str]:
    """As `server`, with what the server says written to `log`."""
    # A port per test process, far from each other, so that two do not find the same one free.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    port = serve.free_port(18_600 + 200 * worker)
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += [f"--server.port={port}", "--server.headless=true"]
    with log.open("wb") as written:
        process = subprocess.Popen(command, cwd=home, stdout=written, stderr=written)
        try:
            _wait_for(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/api/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start. Its log:\n{log.read_text(encoding='utf-8')}")
