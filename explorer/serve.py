"""Start the web server: a free port, the right address, and a clean end on Ctrl-C."""

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

from explorer.language import _

APP = Path(__file__).resolve().parent.parent / "app.py"
LOOPBACK = "127.0.0.1"
EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 (only when asked for by `everyone`)
PORTS_TRIED = 100
SECONDS_TO_END = 10
_TAKEN = {errno.EADDRINUSE, errno.EACCES}


def serve(port: int = 8501, everyone: bool = False) -> int:
    """Serve the pages until Ctrl-C; the server's exit status, 0 after Ctrl-C.

    `everyone` opens the server to the machine's whole network (a classroom) and prints the
    addresses to type there; otherwise only this machine can reach it.

    Raises:
        ValueError: the port is not a port, or no port from there on is free.
    """
    address = EVERY_INTERFACE if everyone else LOOPBACK
    free = free_port(port, address)
    if free != port:
        print(_("Port {asked} is taken; using {free}.").format(asked=port, free=free))
    hosts = own_addresses() if everyone else []
    _announce(free, hosts)
    return _wait(subprocess.Popen(command(free, address, hosts), cwd=APP.parent))


def free_port(first: int, address: str = LOOPBACK) -> int:
    """The first free TCP port from `first` on.

    Raises:
        ValueError: says which ports were asked for.
    """
    last = min(first + PORTS_TRIED - 1, 65_535)
    if not 1 <= first <= 65_535:
        raise ValueError(_("{port} is not a port. Choose 1 to 65535.").format(port=first))
    for port in range(first, last + 1):
        if _is_free(port, address):
            return port
    raise ValueError(
        _("No port from {first} to {last} is free. Choose another with --port.").format(
            first=first, last=last
        )
    )


def _is_free(port: int, address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server itself does it: a port whose last owner has just ended counts as free.
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
    return True


def own_addresses() -> list[str]:
    """This machine's IPv4 addresses on its networks, the one that others most likely see first."""
    found = []
    # Without a network there is no route out.
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # a documentation address: UDP, so nothing is sent
        found.append(probe.getsockname()[0])
    with suppress(OSError):  # the machine's own name may not be known to it
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return list(dict.fromkeys(host for host in found if not host.startswith("127.")))


def command(port: int, address: str = LOOPBACK, hosts: list[str] | None = None) -> list[str]:
    """The command line that starts the server; `hosts` are the addresses that others may type."""
    words = [sys.executable, "-m", "streamlit", "run", str(APP)]
    words += [f"--server.port={port}", f"--server.address={address}"]
    if address == EVERY_INTERFACE:
        words += ["--server.allowedHosts=*", "--server.headless=true"]
    if hosts:
        # Named here, the server need not ask the internet which address it has.
        words.append(f"--browser.serverAddress={hosts[0]}")
        words += [f"--server.corsAllowedOrigins=http://{host}:{port}" for host in hosts]
    return words


def _announce(port: int, hosts: list[str]) -> None:
    print(_("Convscope: {address}").format(address=f"http://localhost:{port}"))
    for host in hosts:
        print(_("In the classroom: {address}").format(address=f"http://{host}:{port}"))
    print(_("Ctrl-C ends it."), flush=True)


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
