"""A visitor without a browser: one web socket, spoken as Streamlit's page in the browser does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 60  # seconds for an answer
APOLOGY = "Something went wrong on this page"


class Visitor:
    """One session on a server; `fragments` are the ids of those on the page that it shows."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._page, self._query = "", ""  # its hash, and what its address asks
        self.fragments: list[str] = []
        self.errors: list[str] = []  # of pages that ended in an apology or a stack trace
        self.boards: list[str] = []  # what the page's boards were sent: JSON

    async def open(self, url: str, query: str = "") -> float:
        """Go to the page at this address; the seconds until its script has ended."""
        self.fragments, self.boards, self._query = [], [], query
        wish = BackMsg()
        wish.rerun_script.page_name = url
        wish.rerun_script.query_string = query
        return await self._answer(wish)

    async def click(self, fragment: str = "") -> float:
        """Run the shown page again, or one fragment of it; the seconds until it has ended."""
        wish = BackMsg()
        wish.rerun_script.page_script_hash = self._page
        wish.rerun_script.query_string = self._query
        wish.rerun_script.fragment_id = fragment
        return await self._answer(wish)

    async def _answer(self, wish: BackMsg) -> float:
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await self._socket.send(wish.SerializeToString())
            async for message in self._socket:
                forward = ForwardMsg.FromString(message)  # type: ignore[arg-type]
                if forward.WhichOneof("type") == "script_finished":
                    break
                self._look(forward)
        return time.perf_counter() - began

    def _look(self, forward: ForwardMsg) -> None:
        kind = forward.WhichOneof("type")
        if kind == "navigation":
            self._page = forward.navigation.page_script_hash
        elif kind == "delta":
            fragment = forward.delta.fragment_id
            if fragment and fragment not in self.fragments:
                self.fragments.append(fragment)
            element = forward.delta.new_element
            if element.bidi_component.json:
                self.boards.append(element.bidi_component.json)
            sorry = element.alert.body.startswith(APOLOGY)
            if sorry or element.WhichOneof("type") == "exception":
                self.errors.append(str(element).strip())


@asynccontextmanager
async def visiting(address: str) -> AsyncIterator[Visitor]:
    """A fresh visitor of the server at `address` (http://host:port)."""
    async with connect(
        f"ws://{urlsplit(address).netloc}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        origin=address,  # type: ignore[arg-type]
        max_size=None,
    ) as socket:
        yield Visitor(socket)
