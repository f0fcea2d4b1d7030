"""One server process: its command line, and waiting for its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from explorer.base.storage import PROJECT
from explorer.server.serve.certificate import Certificate
from explorer.server.serve.hosts import Hosts

if sys.platform != "win32":
    import resource

APP = PROJECT / "app.py"
SECONDS_TO_END = 10
MOST_FILES = 16_384
ENDS_WITH_PARENT = "CONVSCOPE_ENDS_WITH_PARENT"  # the server's own: its input ends with its parent


def serve(port: int, hosts: Hosts, certificate: Certificate | None) -> int:
    """Serve until Ctrl-C; the server's exit status, 0 after Ctrl-C."""
    return _wait(start(command(port, hosts, hosts.address, certificate)))


def start(
    words: Sequence[str], environment: Mapping[str, str] = os.environ
) -> "subprocess.Popen[bytes]":
    """Start a server that ends with this process, however this ends.

    It reads from a pipe to which nothing is ever written, and which the system closes.
    """
    variables = {**environment, ENDS_WITH_PARENT: "1"}
    return subprocess.Popen(words, cwd=APP.parent, env=variables, stdin=subprocess.PIPE)


def command(
    port: int, hosts: Hosts, address: str, certificate: Certificate | None = None
) -> list[str]:
    """The command line that starts a server on `address`, answering to `hosts`."""
    words = [sys.executable, "-m", "explorer.ui.server", "run", str(APP)]
    words += [f"--server.port={port}", f"--server.address={address}", "--server.headless=true"]
    words += [f"--server.allowedHosts={host}" for host in hosts.allowed]
    if hosts.announced:
        # Named here, the server need not ask the internet which address it has.
        words.append(f"--browser.serverAddress={hosts.announced[0]}")
    if certificate:
        words += [f"--server.sslCertFile={certificate.chain}"]
        words += [f"--server.sslKeyFile={certificate.key}"]
    return words


def most_files() -> int:
    """How many files and connections a process may hold: fewer where the system says so."""
    if sys.platform == "win32":
        return MOST_FILES
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)


def _wait(server: "subprocess.Popen[bytes]") -> int:
    """Wait for `server`; hand on the signals that should end it, and never leave it behind."""

    def hand_on(_number: int, _frame: FrameType | None) -> None:
        server.terminate()

    before = signal.signal(signal.SIGTERM, hand_on)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return _end(server)
    finally:
        signal.signal(signal.SIGTERM, before)
        if server.poll() is None:
            server.kill()


def _end(server: "subprocess.Popen[bytes]") -> int:
    """After Ctrl-C: the terminal has told the server too, so give it time to close."""
    try:
        server.terminate()
        server.wait(timeout=SECONDS_TO_END)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
        server.wait()
    return 0
