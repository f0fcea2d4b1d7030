"""Several server processes behind HAProxy: started, watched, started again, ended together."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.language import _
from explorer.serve import proxy, single
from explorer.serve.certificate import Certificate
from explorer.serve.hosts import LOOPBACK, Hosts
from explorer.serve.ports import free_ports

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_OF_A_START = 15  # one that dies sooner has not come up
MOST_STARTS = 5  # in a row that did not come up
SECRET = "STREAMLIT_SERVER_COOKIE_SECRET"  # noqa: S105 (the name of a variable)


def serve(port: int, hosts: Hosts, certificate: Certificate | None, count: int) -> int:
    """Serve by `count` processes until Ctrl-C: 0 after it, 1 if one of them never comes up.

    Raises:
        ValueError: HAProxy is missing, or does not take its configuration.
    """
    haproxy = proxy.program()
    servers = free_ports(port + 1, count)
    with TemporaryDirectory(prefix="convscope-") as folder:
        configuration = proxy.write(Path(folder), hosts.address, port, servers, certificate)
        proxy.check(haproxy, configuration)
        environment = _shared_environment()
        children = [
            Child(
                _("Server process {number}").format(number=number),
                single.command(each, hosts, LOOPBACK),
                environment,
            )
            for number, each in enumerate(servers, 1)
        ]
        children.append(Child("HAProxy", proxy.command(haproxy, configuration), environment))
        return _watch(children)


def _shared_environment() -> Mapping[str, str]:
    """What all servers have to agree on: a cookie that one has signed is read by the others."""
    return {SECRET: secrets.token_hex(32), **os.environ}


class Child:
    """A process that is started again whenever it ends."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._command, self._environment = command, environment
        self._starts = 0
        self.start()

    def start(self) -> None:
        """Start it."""
        self._starts += 1
        self._since = time.monotonic()
        self._process = subprocess.Popen(
            self._command, cwd=single.APP.parent, env=self._environment, stdin=subprocess.DEVNULL
        )

    def revive(self) -> bool:
        """Start it again if it has ended; False once that has been in vain too often."""
        status = self._process.poll()
        if status is None:
            return True
        if time.monotonic() - self._since > SECONDS_OF_A_START:
            self._starts = 0
        if self._starts >= MOST_STARTS:
            return False
        told = _("{name} has ended (exit status {status}) and is started again.")
        print(told.format(name=self.name, status=status), file=sys.stderr, flush=True)
        self.start()
        return True

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for its end until `deadline` of the monotonic clock, then kill it."""
        try:
            self._process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _watch(children: Sequence[Child]) -> int:
    """Keep all alive until a signal ends this process."""
    ended = threading.Event()
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        signals.append(signal.SIGHUP)  # the terminal was closed
    before = {each: signal.signal(each, lambda *_told: ended.set()) for each in signals}
    try:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            for child in children:
                if not child.revive():
                    print(
                        _("{name} does not come up; its own words stand above.").format(
                            name=child.name
                        ),
                        file=sys.stderr,
                    )
                    return 1
        return 0
    finally:
        _end(children)
        for each, handler in before.items():
            signal.signal(each, handler)


def _end(children: Sequence[Child]) -> None:
    for child in reversed(children):  # HAProxy first: nobody new comes in
        child.terminate()
    deadline = time.monotonic() + single.SECONDS_TO_END
    for child in children:
        child.end(deadline)
