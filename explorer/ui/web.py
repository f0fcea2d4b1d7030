"""What the server adds to its answers: security headers, and caching of our own assets."""

import os
import re
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A file whose name holds its version (d3-7.9.0.min.js) never changes under that name.
VERSIONED = re.compile(r"-\d+\.\d+(\.\d+)?\.")
A_YEAR = 31_536_000

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}

# Nothing is fetched from another host, ever. What is let in beyond 'self', and for whom:
# inline styles and scripts: Streamlit's page; blob: our components' JavaScript and downloads;
# data: pictures and fonts inside plotly's charts; eval: plotly's WebGL traces compile their own
# code (without it they say "WebGL is not supported"), and so does the engine of Graphviz drawings.
POLICY = (
    "default-src 'self'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "media-src 'self' data: blob:; "
    "worker-src 'self' blob:; "
    "connect-src 'self' data: blob:{sockets}; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")


def content_policy(host: str) -> str:
    """The Content-Security-Policy for a page asked of `host` (the request's Host header).

    The page's own web socket is named besides 'self', which not every browser takes to mean it.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return POLICY.format(sockets=sockets)


class SecurityHeaders:
    """Middleware (plain ASGI, so that web sockets pass untouched): headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped application does, with the headers added."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = content_policy(Headers(scope=scope).get("host", ""))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers["Content-Security-Policy"] = policy
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Assets(StaticFiles):
    """Our components' files; the browser asks again for all but those named with a version."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Serve one file, saying how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = VERSIONED.search(Path(full_path).name)
        keep = f"public, max-age={A_YEAR}, immutable" if versioned else "no-cache"
        response.headers["Cache-Control"] = keep
        return response
