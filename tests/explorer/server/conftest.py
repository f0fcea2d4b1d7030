"""What the tests of the server share: HAProxy, certificates, small servers and open connections."""

import os
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from explorer.server.serve import proxy
from explorer.server.serve.certificate import Certificate
from explorer.server.serve.hosts import LOOPBACK

HALF = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Rest: "


@pytest.fixture(scope="session")
def haproxy() -> str:
    """HAProxy, which CI has to have."""
    try:
        return proxy.program()
    except ValueError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    """What a browser goes by that trusts this authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    issued = authority.issue_cert("localhost", "127.0.0.1", "class.example")
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(chain)
    return Certificate(chain, key)


def small_app(folder: Path) -> Path:
    """An app that starts at once."""
    app = folder / "app.py"
    app.write_text("import streamlit as st\napp = st.App('page.py')\n")
    (folder / "page.py").write_text("import streamlit as st\nst.title('Here')\n")
    return app


@contextmanager
def in_a_thread(app: Callable[..., Any], **options: Any) -> Iterator[int]:
    """Uvicorn with this application; its port."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(500)
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error", **options))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


@contextmanager
def half_sent(port: int, count: int, words: bytes = HALF) -> Iterator[list[socket.socket]]:
    """So many connections that have sent half of a request, as far as they are let in."""
    with ExitStack() as stack:
        sockets = []
        for _number in range(count):
            with suppress(ConnectionError):
                each = stack.enter_context(socket.create_connection((LOOPBACK, port), 10))
                each.sendall(words)
                sockets.append(each)
        yield sockets


async def messages(url: str, origin: str, **options: Any) -> AsyncGenerator[ForwardMsg, None]:
    """What a server says to a page of this origin that has just opened its web socket."""
    async with connect(
        f"{url}/_stcore/stream", origin=origin, subprotocols=["streamlit"], max_size=None,
        proxy=None, **options,
    ) as sock:  # fmt: skip
        request = BackMsg()
        request.rerun_script.query_string = ""
        await sock.send(request.SerializeToString())
        async for message in sock:
            yield ForwardMsg.FromString(message)
