"""Several server processes behind HAProxy: started, watched, started again, ended together."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.base.language import _
from explorer.base.memory import PROCESSES
from explorer.server.serve import proxy, single
from explorer.server.serve.certificate import Certificate
from explorer.server.serve.hosts import LOOPBACK, Hosts, free_ports

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_OF_A_START = 15  # one that dies sooner has not come up
MOST_STARTS = 5  # in a row of one that has never come up
LONGEST_PAUSE = 60  # seconds before one that had come up is started again
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
        # What all servers have to agree on: a cookie that one has signed is read by the others, and
        # the machine's memory is for all of them.
        environment = {SECRET: secrets.token_hex(32), **os.environ, PROCESSES: str(count)}

        def server(number: int, port: int) -> Child:
            words = single.command(port, hosts, LOOPBACK)
            name = _("Server process {number}").format(number=number)
            return Child(name, lambda: single.start(words, environment))

        children = [server(number, each) for number, each in enumerate(servers, 1)]
        children.append(Child("HAProxy", lambda: proxy.start(haproxy, configuration)))
        return watch(children)


class Child:
    """A process that is started, and again whenever it ends."""

    def __init__(self, name: str, start: Callable[[], "subprocess.Popen[bytes]"]) -> None:
        self.name = name
        self._start = start
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0  # in a row, of starts
        self._has_been_up = False
        self._since = self._next = 0.0  # of the monotonic clock: its start, and the next one

    def revive(self) -> bool:
        """Start it if it does not run; False once that has been in vain too often.

        One that has never come up is given up after some starts: more would be in vain, too. One
        that had is started again for as long as it takes, after longer and longer pauses.
        """
        if self._process is not None and self._process.poll() is not None:
            self._process.communicate()  # closes its input
            self._note_end(self._process.returncode)
            self._process = None
        if self._failures >= MOST_STARTS and not self._has_been_up:
            return False
        if self._process is None and time.monotonic() >= self._next:
            self._since = time.monotonic()
            self._process = self._start()
        return True

    def _note_end(self, status: int) -> None:
        """Say that it has ended, and choose when it is started again."""
        now = time.monotonic()
        was_up = now - self._since > SECONDS_OF_A_START
        self._has_been_up |= was_up
        self._failures = 0 if was_up else self._failures + 1
        self._next = now + (_pause(self._failures) if self._has_been_up else 0)
        words = _("{name} has ended (exit status {status}) and is started again.")
        print(words.format(name=self.name, status=status), file=sys.stderr, flush=True)

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for its end until `deadline` of the monotonic clock, then kill it."""
        if self._process is None:
            return
        try:
            self._process.communicate(timeout=max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


def _pause(failures: int) -> float:
    """Seconds before the next start: none after the first end, then more and more."""
    return min(2.0**failures - 1, LONGEST_PAUSE)


def watch(children: Sequence[Child]) -> int:
    """Start all and keep them alive until a signal ends this process: 0, or 1 if one never is.

    Signals are heeded before the first is started: none is left behind.
    """
    ended = threading.Event()
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        signals.append(signal.SIGHUP)  # the terminal was closed
    before = {each: signal.signal(each, lambda *_signal: ended.set()) for each in signals}
    try:
        return _keep(children, ended)
    finally:
        _end(children)
        for each, handler in before.items():
            signal.signal(each, handler)


def _keep(children: Sequence[Child], ended: threading.Event) -> int:
    while not ended.is_set():
        for child in children:
            if not child.revive():
                words = _("{name} does not come up; its own words stand above.")
                print(words.format(name=child.name), file=sys.stderr)
                return 1
        ended.wait(SECONDS_BETWEEN_LOOKS)
    return 0


def _end(children: Sequence[Child]) -> None:
    for child in reversed(children):  # HAProxy first: nobody new comes in
        child.terminate()
    deadline = time.monotonic() + single.SECONDS_TO_END
    for child in children:
        child.end(deadline)
