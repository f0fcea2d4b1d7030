"""What uploads may take of the server's memory.

Streamlit keeps every file that any session sends until that session ends, and a browser's widget
is not needed to send one. So each session has a bound, each network address has half of all that
there is, and whoever may not add pictures sends no archives.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from explorer.base import access, memory
from explorer.base.access import Denied
from explorer.base.language import _
from explorer.base.units import size
from explorer.data.decoding.pictures import MOST_BYTES
from explorer.server import owner_cookie
from explorer.ui import visitor

MOST_OF_SESSION = 250_000_000  # bytes: two archives, one of them just given up, and pictures
MOST_OF_PICTURE = MOST_BYTES + 100_000  # with what a browser packs around it
_SHARE_OF_MEMORY = 8  # the eighth part is for uploads
_PLACE = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+$")

Held = Callable[[], Mapping[str, int]]


def most_in_all() -> int:
    """Bytes of uploads that this server keeps: those of two sessions at least."""
    return max(memory.share() // _SHARE_OF_MEMORY, 2 * MOST_OF_SESSION)


def held() -> Mapping[str, int]:
    """Bytes of the files that Streamlit keeps for each session."""
    if not Runtime.exists():
        return {}
    files = Runtime.instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    sessions = list(files.file_storage.items())  # at once: sessions end in other threads
    return {name: sum(len(each.data) for each in list(own.values())) for name, own in sessions}


class UploadBounds:
    """Middleware (plain ASGI): refuses an upload that has no room, before any of it is read."""

    def __init__(self, app: ASGIApp, stored: Held = held, most: int = 0) -> None:
        """`stored` tells what is kept for each session; `most`, what may be in all."""
        self.app = app
        self._stored = stored
        self._most = most or most_in_all()
        self._coming: Counter[str] = Counter()  # session → bytes of its uploads on their way
        self._networks: dict[str, str] = {}  # session → whence it sends

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the upload with a sentence, or hand the request on."""
        place = _PLACE.search(scope["path"]) if scope["type"] == "http" else None
        if place is None or scope["method"] != "PUT":
            await self.app(scope, receive, send)
            return
        header = HTTPConnection(scope).headers.get("content-length", "")
        if not (header.isascii() and header.isdecimal()):
            words = _("An upload has to say how long it is: in the header Content-Length.")
            await PlainTextResponse(words, status_code=411)(scope, receive, send)
            return
        session, length = place["session"], int(header)
        if refused := _too_large(scope, length) or self._no_room(session, _network(scope), length):
            await PlainTextResponse(refused, status_code=413)(scope, receive, send)
            return
        with self._taking(session, _network(scope), length):
            await self.app(scope, receive, send)

    @contextmanager
    def _taking(self, session: str, network: str, length: int) -> Iterator[None]:
        self._networks[session] = network
        self._coming[session] += length
        try:
            yield
        finally:
            self._coming[session] -= length
            self._coming += Counter()  # forgets those at zero

    def _no_room(self, session: str, network: str, length: int) -> str:
        """Why so many bytes more have no room; "" if they have."""
        used = Counter(self._stored()) + self._coming
        self._networks = {each: self._networks.get(each, "") for each in used}
        if used[session] + length > MOST_OF_SESSION:
            return _(
                "This page has given files of {taken} already; at most {most} are taken. Remove "
                "one, or open the page anew."
            ).format(taken=size(used[session]), most=size(MOST_OF_SESSION))
        near = sum(used[each] for each, place in self._networks.items() if place == network)
        if network and near + length > self._most // 2:
            return _(
                "Files of {taken} from your network are here already; at most {most} are taken "
                "from one. Close pages that are not needed, and try again in some minutes."
            ).format(taken=size(near), most=size(self._most // 2))
        if used.total() + length > self._most:
            return _(
                "Visitors' files of {taken} are here already; this server takes at most {most}. "
                "Try again in some minutes."
            ).format(taken=size(used.total()), most=size(self._most))
        return ""


def _too_large(scope: Scope, length: int) -> str:
    """Why whoever sends this may send no archive, if it can be nothing else; "" if they may."""
    if length <= MOST_OF_PICTURE:
        return ""
    cookie = owner_cookie.read(HTTPConnection(scope).cookies)
    try:
        access.check_upload(visitor.of(cookie), access.rules())
    except Denied as denied:
        return str(denied)
    return ""


def _network(scope: Scope) -> str:
    """Whence the request comes, as `visitor.address` says it of a page."""
    client = scope.get("client")
    return visitor.network(str(client[0]) if client else "")
