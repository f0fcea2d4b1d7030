"""Connections whose next word is awaited: each has a time limit, all of them together a number.

uvicorn waits for the rest of a request for ever. Whoever opens connections by the thousand and
sends half a request on each would keep everybody else out.
"""

import asyncio
from collections.abc import Callable
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_FOR_HANDSHAKE = 10  # of TLS
SECONDS_FOR_HEAD = 10  # from the opening of a connection, or its last answer, to the end of a head
SECONDS_FOR_BODY = 30  # between two parts of a body
_INCOMPLETE = (h11.IDLE, h11.SEND_BODY)  # of the client: its next move is awaited


class Wait:
    """The wait for what one connection sends next: a handshake of TLS, or a part of a request.

    Where more than `most` wait, the one that has waited longest makes room: a browser sends its
    part within milliseconds.
    """

    most: ClassVar[int] = 500
    _all: ClassVar[dict["Wait", None]] = {}  # those that wait longest come first

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._deadline: asyncio.TimerHandle | None = None

    def begin(self, seconds: float, late: Callable[[], None]) -> None:
        """Wait anew; `late` is called after so many seconds."""
        self.end()
        self._deadline = asyncio.get_running_loop().call_later(seconds, late)
        self._all[self] = None
        if len(self._all) > self.most:
            next(iter(self._all)).give_up()

    def end(self) -> None:
        """It has come, or is not awaited any more."""
        self._all.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def give_up(self) -> None:
        """Close the connection."""
        self.end()
        self._transport.abort()


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol, which gives up a connection that keeps it waiting."""

    _wait: Wait
    _awaited: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait = Wait(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to the web socket, which pings its client."""
        self._end_wait()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._end_wait()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Set the clock by what is awaited: a head has one time for all of it."""
        awaited = self.conn.their_state
        upgraded = self.transport.get_protocol() is not self
        if upgraded or awaited not in _INCOMPLETE or self.transport.is_closing():
            self._end_wait()
        elif awaited is h11.SEND_BODY or awaited is not self._awaited:
            self._begin_wait(awaited)

    def _begin_wait(self, awaited: object) -> None:
        seconds = SECONDS_FOR_HEAD if awaited is h11.IDLE else SECONDS_FOR_BODY
        self._awaited = awaited
        self._wait.begin(seconds, self._give_up)

    def _end_wait(self) -> None:
        self._awaited = None
        self._wait.end()

    def _give_up(self) -> None:
        if self._awaited is h11.SEND_BODY and self.flow.read_paused:
            self._begin_wait(h11.SEND_BODY)  # it is the server that has not yet read on
        else:
            self._wait.give_up()
