"""Connections whose next word is awaited: each has a time limit, all of them together a number.

uvicorn waits for the rest of a request for ever. Whoever opens connections by the thousand and
sends half a request on each would keep everybody else out. Of a TLS connection it hears after the
handshake only: whoever never says a word would hold it for a minute.
"""

import asyncio
import ssl
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_FOR_HANDSHAKE = 10  # of TLS
SECONDS_TO_CLOSE = 5  # for the other side's last word, of TLS
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


# -- handshakes of TLS ----------------------------------------------------------------------------


class Handshake(asyncio.Protocol):
    """A connection until its handshake is done; then it is that of the protocol made for it."""

    def __init__(self, make: Callable[[], asyncio.Protocol], context: ssl.SSLContext) -> None:
        self._make, self._context = make, context
        self._early = bytearray()  # said with the last word of the handshake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()  # until TLS reads
        self._wait = Wait(transport)
        self._wait.begin(SECONDS_FOR_HANDSHAKE, self._wait.give_up)
        self._task = asyncio.get_running_loop().create_task(self._secure(transport))

    def data_received(self, data: bytes) -> None:
        """Keep what is for the protocol to come."""
        self._early += data

    async def _secure(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=SECONDS_FOR_HANDSHAKE,
                ssl_shutdown_timeout=SECONDS_TO_CLOSE,
            )
        except OSError:  # no TLS, or no end of it
            return
        finally:
            self._wait.end()
        if secured is not None and not secured.is_closing():  # None: it was given up
            self._hand_over(secured)

    def _hand_over(self, secured: asyncio.Transport) -> None:
        protocol = self._make()
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        if self._early:
            protocol.data_received(bytes(self._early))


if sys.platform == "win32":
    from asyncio import ProactorEventLoop as UsualLoop
else:
    from asyncio import SelectorEventLoop as UsualLoop


class HandshakeLoop(UsualLoop):
    """asyncio's loop, whose TLS servers know of a connection from its beginning."""

    async def create_server(self, protocol_factory: Any, *args: Any, **options: Any) -> Any:
        """As asyncio's, of which `ssl` is the context."""
        context = options.pop("ssl", None)
        if context is not None:
            protocol_factory = partial(Handshake, protocol_factory, context)
        return await super().create_server(protocol_factory, *args, **options)


def make_loop(*, use_subprocess: bool = False) -> type[asyncio.AbstractEventLoop]:
    """What uvicorn asks for: the kind of loop to run, here the same for servers of all kinds."""
    del use_subprocess
    return HandshakeLoop
