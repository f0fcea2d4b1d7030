"""HAProxy in front of several servers: where it is, and the configuration written for it."""

import shutil
import subprocess
from collections.abc import Sequence
from html import escape
from pathlib import Path

from explorer.base.language import _, current
from explorer.server.serve import single
from explorer.server.serve.certificate import Certificate
from explorer.server.serve.hosts import LOOPBACK

COOKIE = "convscope_server"  # says which server a browser is at home with
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")  # not on everybody's path

# A visitor's pages, uploads and downloads live in one process, so the cookie keeps a browser with
# it until it dies. Whoever sends half a request has 10 s for the rest; a web socket, which the
# server pings, may be silent for an hour. What a client says of its own address is not believed.
# One address may hold a quarter of all connections: more than a school behind one address needs,
# and too few to keep others out. What goes beyond is closed before its request or TLS is heard.
_CONFIGURATION = """\
global
    fd-hard-limit {files}
    ssl-default-bind-options ssl-min-ver TLSv1.2

defaults
    mode http
    timeout connect 3s
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout client 30s
    timeout client-fin 10s
    timeout server 120s
    timeout tunnel 1h
    timeout check 10s
    option http-buffer-request
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response

frontend visitors
    bind {address}:{port}{tls}
    stick-table type ip size 100k expire 1m store conn_cur
    tcp-request connection track-sc0 src
    tcp-request connection reject if {{ sc0_conn_cur gt {most} }}
    http-request disable-l7-retry unless METH_GET
    http-request del-header Forwarded
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto {scheme}
    http-error status 503 content-type "text/html; charset=utf-8" file {waiting}
    default_backend servers

backend servers
    balance leastconn
    cookie {cookie} insert indirect nocache httponly{secure} attr SameSite=Lax
    option httpchk
    http-check send meth GET uri /api/health ver HTTP/1.1 hdr Host localhost
    http-check expect status 200
    default-server check inter 2s fastinter 500ms downinter 500ms fall 3 rise 1
    default-server on-marked-down shutdown-sessions
"""


def program() -> str:
    """Where HAProxy is.

    Raises:
        ValueError: it is not installed; says how it is.
    """
    for place in (None, *_PLACES):
        if path := shutil.which("haproxy", path=place):
            return path
    raise ValueError(
        _(
            "--processes needs HAProxy, which is not installed. On Debian and Ubuntu: "
            "sudo apt install haproxy. On macOS: brew install haproxy."
        )
    )


def write(
    folder: Path, address: str, port: int, servers: Sequence[int], certificate: Certificate | None
) -> Path:
    """The configuration for servers on these ports of this machine, in a private `folder`."""
    waiting = folder / "waiting.html"
    waiting.write_text(_waiting(), encoding="utf-8")
    files = single.most_files()
    text = _CONFIGURATION.format(
        files=files,
        most=files // 2 // 4,  # a connection takes two: a visitor's, and a server's
        address=address,
        port=port,
        tls=_tls(folder, certificate),
        scheme="https" if certificate else "http",
        secure=" secure" if certificate else "",
        waiting=waiting,
        cookie=COOKIE,
    )
    for number, server in enumerate(servers, 1):
        text += f"    server server{number} {LOOPBACK}:{server} cookie {number}\n"
    configuration = folder / "haproxy.cfg"
    configuration.write_text(text, encoding="utf-8")
    return configuration


def check(haproxy: str, configuration: Path) -> None:
    """Let HAProxy itself say whether it takes the configuration.

    Raises:
        ValueError: says what it says.
    """
    words = [haproxy, "-c", "-f", str(configuration)]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    if checked.returncode:
        raise ValueError(
            _("HAProxy does not take its configuration (version 2.6 is needed):\n{words}").format(
                words=checked.stderr.strip()
            )
        )


def command(haproxy: str, configuration: Path) -> list[str]:
    """The command line that starts it, in the foreground and quietly."""
    return [haproxy, "-db", "-q", "-f", str(configuration)]


def start(haproxy: str, configuration: Path) -> "subprocess.Popen[bytes]":
    """Start it so that it ends with this process, as far as this system can see to that."""
    words = command(haproxy, configuration)
    if setpriv := shutil.which("setpriv"):  # a part of every Linux
        words = [setpriv, "--pdeathsig", "TERM", *words]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL)


def _tls(folder: Path, certificate: Certificate | None) -> str:
    if certificate is None:
        return ""
    pem = folder / "certificate.pem"
    pem.touch(mode=0o600)
    pem.write_bytes(certificate.pem())
    return f" ssl crt {pem} alpn http/1.1"


def _waiting() -> str:
    """What a visitor sees while no server answers; the page asks again by itself."""
    words = escape(_("Convscope is starting. This page opens by itself in a moment."))
    return (
        f'<!doctype html><html lang="{current()}"><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="1"><title>Convscope</title>'
        f'<body style="font-family:sans-serif;margin:3rem"><p>{words}</p></body></html>'
    )
