"""The cookie by which a browser's runs are its own, where a class shares the server.

It is given with the answer that Streamlit's page asks for before it opens its socket, and not with
the page itself: a browser that comes by a link on another site sends no strict cookie with that
first question, and would be taken for somebody new each time.
"""

import re
import secrets
from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

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


def headers(scope: Scope) -> Mapping[str, str]:
    """The cookie, for a browser that has none: scripts and other sites never see it."""
    rules = access.rules()
    due = rules.shared and scope["path"].endswith(ASKED_BEFORE_THE_SOCKET)
    if not due or read(HTTPConnection(scope).cookies):
        return {}
    answer, secure = Response(), rules.secure or scope["scheme"] == "https"
    answer.set_cookie(
        NAME, new_cookie(), max_age=A_YEAR, secure=secure, httponly=True, samesite="strict"
    )
    # Nobody else is to be given it.
    return {"Set-Cookie": answer.headers["set-cookie"], "Cache-Control": "no-store"}
