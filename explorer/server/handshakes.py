"""Handshakes of TLS, bounded like requests: in time, and in how many are awaited at once.

asyncio makes a connection known to uvicorn after its handshake only. Whoever opens connections and
never says a word would hold them for a minute each, as many as he likes.
"""

import asyncio
import ssl
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from explorer.server import connections
from explorer.server.connections import Wait

SECONDS_TO_CLOSE = 5  # for the other side's last word


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
        self._wait.begin(connections.SECONDS_FOR_HANDSHAKE, self._wait.give_up)
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
                ssl_handshake_timeout=connections.SECONDS_FOR_HANDSHAKE,
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
