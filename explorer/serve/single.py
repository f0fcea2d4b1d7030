"""One server process: its command line, and waiting for its end."""

import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from explorer.serve.certificate import Certificate
from explorer.serve.hosts import Hosts

APP = Path(__file__).resolve().parents[2] / "app.py"
SECONDS_TO_END = 10


def serve(port: int, hosts: Hosts, certificate: Certificate | None) -> int:
    """Serve until Ctrl-C; the server's exit status, 0 after Ctrl-C."""
    words = command(port, hosts, hosts.address, certificate)
    return _wait(subprocess.Popen(words, cwd=APP.parent))


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
