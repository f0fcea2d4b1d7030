"""What the server adds to Streamlit's: a check of the host that a request names, security headers,
styles and a script of ours in the page, and an answer to who asks for a page that there is not.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.base.language import _

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


class TrustedHosts(TrustedHostMiddleware):
    """Middleware: Starlette's check of the header Host, and that Origin is its own, on all routes.

    A page elsewhere on the web that points its own name at this machine (DNS rebinding) sends that
    name in both; one that does not sends it in Origin. So does a page that another server of this
    machine has sent, from another port, to which browsers give our cookies, too. Streamlit looks at
    its web socket only, by name, and would ask the internet about a foreign Origin.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        """Let in requests for these `hosts`: names and addresses, IPv6 without brackets."""
        bracketed = [f"[{host}]" if ":" in host else host for host in hosts]
        super().__init__(app, bracketed, www_redirect=False)
        self._names = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request with a sentence, or hand it on."""
        refused = self._refusal(Headers(scope=scope)) if scope["type"] != "lifespan" else ""
        if refused:
            await PlainTextResponse(refused, status_code=400)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _refusal(self, headers: Headers) -> str:
        host, origin = headers.get("host", ""), headers.get("origin")
        if _host_name(f"//{host}") not in self._names:
            words = _(
                "This server does not answer to the name “{name}”. Who started it can let the name "
                "in: serve --host NAME."
            )
            return words.format(name=host)
        if origin is not None and not _is_own(origin, host):
            words = _(
                "“{host}” does not answer to pages of “{origin}”. Open it by its own address; a "
                "proxy in front of it has to hand on the header Host with its port."
            )
            return words.format(host=host, origin=origin)
        return ""


def _host_name(url: str) -> str:
    """The host that a URL names, without port and brackets; "" where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_own(origin: str, host: str) -> bool:
    """Whether a page of this origin came from the host and port that it now asks."""
    try:
        page = urlsplit(origin)
        server = urlsplit(f"{page.scheme}://{host}")
        usual = {"http": 80, "https": 443}[page.scheme]
        ports = [usual if each.port is None else each.port for each in (page, server)]
    except (ValueError, KeyError):  # no port, or not a page on the web
        return False
    return page.hostname == server.hostname and ports[0] == ports[1]


class AddedHeaders:
    """Middleware (plain ASGI, so that web sockets pass untouched): more headers on answers."""

    def __init__(self, app: ASGIApp, added: Callable[[Scope], Mapping[str, str]]) -> None:
        """Add those that `added` gives for the answer to one request."""
        self.app, self.added = app, added

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped application does, with the headers added."""
        added = self.added(scope) if scope["type"] == "http" else {}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    if name == "Set-Cookie":  # beside those of the application
                        headers.append(name, value)
                    else:
                        headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers if added else send)


def security(scope: Scope) -> Mapping[str, str]:
    """The same on every answer, but for the host in the page's policy."""
    policy = content_policy(Headers(scope=scope).get("host", ""))
    return {**HEADERS, "Content-Security-Policy": policy}


class PageAssets:
    """Middleware (plain ASGI): styles and a script of ours in Streamlit's page.

    What a component brings comes too late: the first page writes its address before that is there,
    and what is drawn without the styles moves when they come.
    """

    def __init__(self, app: ASGIApp, styles: Sequence[str], script: str) -> None:
        """Add those at these addresses, spelled as the page names its own files.

        The script runs before Streamlit's own; the styles count for more than Streamlit's, which
        are written into the head.
        """
        self.app = app
        self._script = f'<script src="./{script}"></script></head>'.encode()
        links = "".join(f'<link rel="stylesheet" href="./{style}">' for style in styles)
        self._styles = f"<body>{links}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped application does; HTML with both."""
        start: Message | None = None  # of an answer with HTML: kept until its length is known
        body = b""

        async def send_with_assets(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    whole = body.replace(b"</head>", self._script, 1)
                    whole = whole.replace(b"<body>", self._styles, 1)
                    _describe(start, len(whole))
                    await send(start)
                    await send({"type": "http.response.body", "body": whole})

        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        of_the_file = {"accept-encoding", "if-none-match", "if-modified-since"}  # as it is
        plain = [each for each in scope["headers"] if each[0].decode() not in of_the_file]
        await self.app({**scope, "headers": plain}, receive, send_with_assets)


class MissingPages:
    """Middleware (plain ASGI): who asks for a page that there is not is led to the first one.

    That finds the name of the missing one in its address, as `MISSING`. Streamlit would show it as
    if it had been asked for, and below a "/" nothing at all.
    """

    MISSING = "missing"

    def __init__(self, app: ASGIApp, pages: Collection[str], base: str) -> None:
        """`pages` as their addresses end, below the path `base` (without "/" at its ends)."""
        self.app = app
        self._pages = frozenset(pages)
        self._base = f"/{base}/" if base else "/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped application does, but for missing pages."""
        name = scope.get("path", "").removeprefix(self._base).strip("/")
        missing = False

        async def send_elsewhere(message: Message) -> None:
            nonlocal missing
            if missing:
                return
            if message["type"] == "http.response.start" and _is_page(message):
                missing = True
                language = QueryParams(scope["query_string"]).get("language")
                query = {self.MISSING: name} | ({"language": language} if language else {})
                await RedirectResponse(f"{self._base}?{urlencode(query)}")(scope, receive, send)
            else:
                await send(message)

        await self.app(scope, receive, send if name in self._pages else send_elsewhere)


def _is_page(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    html = headers.get("content-type", "").startswith("text/html")
    return html and start["status"] == HTTPStatus.OK and "content-encoding" not in headers


def _describe(start: Message, length: int) -> None:
    """Say how long the page is; what told its version spoke of the file without ours."""
    headers = MutableHeaders(scope=start)
    headers["Content-Length"] = str(length)
    for version in ("ETag", "Last-Modified", "Accept-Ranges"):
        if version in headers:
            del headers[version]
