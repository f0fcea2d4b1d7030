"""The cookie by which a browser's runs are its own, where a class shares the server.

It is given with the answer that Streamlit's page asks for before it opens its socket, and not with
the page itself: a browser that comes by a link on another site sends no strict cookie with that
first question, and would be taken for somebody new each time.
"""

import re
import secrets
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.base import access

NAME = "convscope_visitor"
ASKED_BEFORE_THE_SOCKET = "/_stcore/host-config"
A_YEAR = 31_536_000
_FORM = re.compile(r"[A-Za-z0-9_-]{32,64}")


def new_cookie() -> str:
    """A new cookie's value: 192 random bits."""
    return secrets.token_urlsafe(24)


def read(cookies: Mapping[str, str]) -> str:
    """The value among a request's cookies; "" if it is missing, or not of our making."""
    value = cookies.get(NAME)
    return value if isinstance(value, str) and _FORM.fullmatch(value) else ""


def _header(secure: bool) -> str:
    """The header that gives a browser its cookie: scripts and other sites never see it."""
    given = Response()
    given.set_cookie(
        NAME, new_cookie(), max_age=A_YEAR, secure=secure, httponly=True, samesite="strict"
    )
    return given.headers["set-cookie"]


class OwnerCookie:
    """Middleware (plain ASGI): gives the cookie to browsers that have none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped application does, with a cookie where one is due."""
        rules = access.rules()
        if not (rules.shared and _due(scope)):
            await self.app(scope, receive, send)
            return
        header = _header(rules.secure or scope["scheme"] == "https")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("Set-Cookie", header)
                headers["Cache-Control"] = "no-store"  # nobody else is to be given it
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _due(scope: Scope) -> bool:
    asked = scope["type"] == "http" and scope["path"].endswith(ASKED_BEFORE_THE_SOCKET)
    return asked and not read(HTTPConnection(scope).cookies)
