"""A board alone on a bare page: its real script, style and data, without Streamlit around it.

Script, style and data are what a page has sent: `mounted(page, opened("blocks"), "blocks")`.
The board is the same, and stands there in a fifteenth of the time that a page takes. What it would
tell Python is in `sent`; a test of what Python answers needs the real page.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit
from playwright.sync_api import Locator, Page
from streamlit.testing.v1 import AppTest

from explorer.server import assets
from explorer.server.headers import content_policy

THEMES = tomllib.loads((assets.PROJECT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
KINDS = {".js": "text/javascript", ".css": "text/css"}
FONT = next((Path(streamlit.__file__).parent / "static").rglob("SourceSansVF-Upright*.woff2"))
BODY = """<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>{themes}
@font-face {{ font-family: "Source Sans"; font-weight: 200 900; src: url("/font"); }}
body {{ margin: 0; padding: 0 32px; background: var(--st-background-color); }}
@media (max-width: 640px) {{ body {{ padding: 0 16px; }} }}</style><main></main>"""
# What Streamlit does with a component: a shadow root, a module from a blob, a call at every change.
MOUNT = """
async ({ html, css, js, data }) => {
  const root = document.querySelector("main").attachShadow({ mode: "open" })
  root.innerHTML = `<style>${css}</style>${html}`
  const module = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })))
  await document.fonts.load('14px "Source Sans"')
  window.sent = []
  const tell = (name, value) => window.sent.push([name, JSON.parse(JSON.stringify(value))])
  const component = { parentElement: root, setStateValue: tell, setTriggerValue: tell }
  window.give = data => (window.leave = module.default({ ...component, data }))
  window.give(data)
}
"""


@dataclass(frozen=True)
class Mounted:
    """One board on its page."""

    page: Page
    board: Locator
    data: dict[str, Any]

    @property
    def sent(self) -> list[tuple[str, Any]]:
        """All that it has told Python, in order: name of a state or trigger, and value."""
        return [(name, value) for name, value in self.page.evaluate("window.sent")]

    def sends(self, name: str, value: Any) -> None:
        """Wait until the last that it has told is this."""
        message = [name, json.loads(json.dumps(value))]
        same = "message => JSON.stringify(window.sent.at(-1)) === JSON.stringify(message)"
        self.page.wait_for_function(same, arg=message, timeout=5000)

    def give(self, **changed: Any) -> None:
        """Let Python answer with the same data but for these."""
        self.page.evaluate("data => void window.give(data)", {**self.data, **changed})


def mounted(page: Page, at: AppTest, name: str, which: int = 0, *, painted: bool = True) -> Mounted:
    """The board whose element is of the class `name`, the `which`th of its kind on the page `at`.

    It is waited for until it says that it is painted, if it is to be.
    """
    boards = [each.proto for each in at.get("bidi_component")]
    own = [each for each in boards if each.component_name.endswith(f"convscope_{name}")][which]
    data = json.loads(own.json)
    page.goto(f"{origin()}/")
    parts = {"html": own.html_content, "css": own.css_content, "js": own.js_content, "data": data}
    page.evaluate(MOUNT, parts)
    board = page.locator(f".{name}")
    if painted:
        ready = "board => Object.keys(board.dataset).some(key => key.endsWith('Painted'))"
        handle = board.element_handle()
        page.wait_for_function(ready, arg=handle, timeout=10_000)
    return Mounted(page, board, data)


@cache
def origin() -> str:
    """Address of a server, in this process until it ends, of a bare page and our boards' files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Answer(BaseHTTPRequestHandler):
    """The bare page, or the file behind /assets/<version>/<path>, under our content policy."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer; of other files there are none."""
        file = assets.PROJECT / re.sub(r"^/assets/\w+/", "", self.path)
        kind, body = "text/html", BODY.format(themes=themes()).encode()
        if self.path == "/font":
            kind, body = "font/woff2", FONT.read_bytes()
        elif file in assets.files():
            kind, body = KINDS[file.suffix], file.read_bytes()
        self.send_response(200)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": content_policy(self.headers["Host"]),
            "Cache-Control": "max-age=600",
        }
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@cache
def themes() -> str:
    """Our two themes as Streamlit hands them to a component: variables of CSS."""
    light, dark = (_variables(THEMES[scheme]) for scheme in ("light", "dark"))
    return f":root {{ {light} }} @media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _variables(theme: Mapping[str, Any]) -> str:
    plain = {key: value for key, value in theme.items() if not isinstance(value, dict)}
    plain["font"] = '"Source Sans", sans-serif'
    return "".join(
        f"--st-{re.sub('([A-Z])', lambda sign: '-' + sign[1].lower(), key)}:"
        f"{','.join(value) if isinstance(value, list) else value};"
        for key, value in plain.items()
    )
