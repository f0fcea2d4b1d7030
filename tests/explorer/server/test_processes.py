"""Several server processes behind HAProxy: real ones, of which one dies."""

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from explorer.server import serve
from explorer.server.serve import proxy
from explorer.server.serve.certificate import Certificate
from explorer.server.serve.hosts import EVERY_INTERFACE, LOOPBACK
from explorer.ui.server import raise_open_files
from tests.conftest import settled
from tests.explorer.server.conftest import half_sent, in_a_thread, listens, messages
from tests.processes import run_apart
from tests.run_processes import until
from tests.serving import Answer, Log, any_port, ask, temporary_log

pytestmark = pytest.mark.browser  # one of them drives one, and they tell one story


def cookies(answer: Answer) -> str:
    return " ".join(answer.headers.get_all("Set-Cookie", ()))


# -- several servers of ours ----------------------------------------------------------------------


class Cluster:
    """`serve --processes 2`, as somebody starts it."""

    def __init__(self, home: Path, log: Log) -> None:
        self.port = any_port()
        self.address = f"http://localhost:{self.port}"
        words = [sys.executable, "-m", "explorer", "serve", "--port", str(self.port)]
        variables = {**os.environ, "CONVSCOPE_HOME": str(home)}
        self.process = log.start(
            [*words, "--processes", "2"], env=variables, start_new_session=True
        )

    def children(self) -> dict[str, psutil.Process]:
        """Its processes: servers by number, and the proxy."""
        signs = {f"--server.port={self.port + n}": str(n) for n in (1, 2)} | {
            "haproxy.cfg": "proxy"
        }
        named = {}
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it has just ended
                words = " ".join(child.cmdline())
                named |= {name: child for sign, name in signs.items() if sign in words}
        return named

    def answers(self, number: str) -> bool:
        """Whether this server is there for browsers that are at home with it."""
        answer = self.ask("/api/health", number)
        return answer.status == 200 and not cookies(answer)

    def ask(self, path: str, number: str) -> Answer:
        """The answer of one server to a browser that is at home with it."""
        return ask(self.address + path, {"Cookie": f"{proxy.COOKIE}={number}"})


@pytest.fixture(scope="module")
def cluster(haproxy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with temporary_log() as log:
        cluster = Cluster(tmp_path_factory.mktemp("home"), log)
        try:
            until(lambda: listens(cluster.port))
            until(lambda: cluster.answers("1") and cluster.answers("2"))
            yield cluster
        finally:
            if cluster.process.poll() is None:
                os.killpg(cluster.process.pid, signal.SIGKILL)
            cluster.process.wait()


# -- one server of two ----------------------------------------------------------------------------


def test_a_browser_stays_with_one_server_and_its_uploads_do_too(cluster: Cluster) -> None:
    newcomers = [ask(f"{cluster.address}/api/health") for _visitor in range(4)]
    names = {cookies(each).partition("=")[0] for each in newcomers}
    assert names == {proxy.COOKIE}, "who comes without a home is given one"
    assert all(cluster.answers(number) for number in "12" * 3)
    assert uploaded(cluster, session="1", upload="1") == 204
    assert uploaded(cluster, session="2", upload="2") == 204
    assert uploaded(cluster, session="1", upload="2") == 400, "the other knows no such visitor"


def uploaded(cluster: Cluster, session: str, upload: str) -> int:
    """The status of an upload to one server by a visitor whose page is with one."""
    return run_apart(_uploaded(cluster, session, upload))


async def _uploaded(cluster: Cluster, session: str, upload: str) -> int:
    cookie = {"Cookie": f"{proxy.COOKIE}={session}"}
    url = cluster.address.replace("http", "ws")
    async with aclosing(messages(url, cluster.address, additional_headers=cookie)) as answers:
        async for each in answers:
            if number := each.new_session.initialize.session_id:
                return await asyncio.to_thread(_put, cluster, number, upload)
    raise AssertionError("the server opened no session")


def _put(cluster: Cluster, session: str, number: str) -> int:
    token = cookies(cluster.ask("/_stcore/health", number)).partition("_streamlit_xsrf=")[2]
    token = token.partition(";")[0]
    form = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.png"\r\n\r\n!\r\n--x--\r\n'
    )
    headers = {
        "Cookie": f"{proxy.COOKIE}={number}; _streamlit_xsrf={token}",
        "X-Xsrftoken": token,
        "Content-Type": "multipart/form-data; boundary=x",
    }
    return ask(f"{cluster.address}/_stcore/upload_file/{session}/1", headers, put=form).status


def test_a_server_dies_and_its_visitors_come_back_on_the_other(
    cluster: Cluster, browser: Browser
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{cluster.address}/layers?network=nin")
        settled(page)
        (home,) = (each["value"] for each in context.cookies() if each["name"] == proxy.COOKIE)
        died = cluster.children()[home]
        died.kill()
        page.wait_for_selector("[data-test-connection-state]:not([data-test-connection-state=CONNECTED])",
                               timeout=10_000)  # fmt: skip
        settled(page)
        (now,) = (each["value"] for each in context.cookies() if each["name"] == proxy.COOKIE)
        assert now != home
        expect(page.get_by_text("NiN").first).to_be_visible()
        assert "network=nin" in page.url
        page.reload()
        settled(page)
        expect(page.get_by_text("NiN").first).to_be_visible()
    until(lambda: cluster.children().get(home, died) != died)
    until(lambda: cluster.answers(home))
    assert cluster.answers({"1": "2", "2": "1"}[home]), "the other was never away"


def test_a_proxy_that_dies_is_started_again(cluster: Cluster) -> None:
    died = cluster.children()["proxy"]
    died.kill()
    until(lambda: cluster.children().get("proxy", died) != died and listens(cluster.port))
    until(lambda: cluster.answers("1"))


def test_ctrl_c_ends_all_of_it(cluster: Cluster) -> None:
    """The last of this file: nobody serves after it."""
    children = cluster.children()
    assert set(children) == {"1", "2", "proxy"}
    for each in (cluster.process, *children.values()):  # as a terminal tells them
        os.kill(each.pid, signal.SIGINT)
    assert cluster.process.wait(timeout=30) == 0
    assert not [each for each in children.values() if each.is_running()]
    assert not listens(cluster.port)


# -- what HAProxy is told -------------------------------------------------------------------------


async def echo(scope: dict, receive, send) -> None:
    """Say who asked, and by what name."""
    headers = dict(scope["headers"])
    client, host = scope["client"][0], headers[b"host"].decode()
    words = f"{scope['scheme']} {client} {host} {headers.get(b'forwarded', b'').decode()}"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": words.encode()})


@contextmanager
def proxied(haproxy: str, folder: Path, certificate: Certificate | None = None) -> Iterator[int]:
    """The port of an HAProxy that is told what ours is, before a server that says who asked."""
    with in_a_thread(echo) as server:
        port = any_port()
        configuration = proxy.write(folder, LOOPBACK, port, [server], certificate)
        proxy.check(haproxy, configuration)
        process = subprocess.Popen(proxy.command(haproxy, configuration))
        try:
            until(lambda: listens(port))
            yield port
        finally:
            process.kill()
            process.wait()


def test_nobody_is_believed_who_says_where_he_comes_from(haproxy: str, tmp_path: Path) -> None:
    with proxied(haproxy, tmp_path) as port:
        lies = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "Forwarded": "for=x"}
        answer = ask(f"http://{LOOPBACK}:{port}/", {"Host": "class.example:80", **lies})
        assert (answer.status, answer.text) == (200, "http 127.0.0.1 class.example:80 ")


def test_one_address_cannot_keep_others_out_of_the_proxy(haproxy: str, tmp_path: Path) -> None:
    """More half-sent requests at once than HAProxy holds connections, and every one renewed."""
    assert raise_open_files() > 9_200, "this test itself holds nine thousand"
    with proxied(haproxy, tmp_path) as port, half_sent(port, 9_000):
        assert all(status_from("127.0.0.2", port) == 200 for _visitor in range(20))


def test_a_class_behind_one_address_comes_in(haproxy: str, tmp_path: Path) -> None:
    """As many connections as 250 browsers of one school keep open."""
    with proxied(haproxy, tmp_path) as port, half_sent(port, 1_500, b"") as sockets:
        assert len(sockets) == 1_500
        assert status_from(LOOPBACK, port) == 200


def status_from(source: str, port: int) -> int:
    """The status of an answer to who comes from this address of this machine."""
    with closing(HTTPConnection(LOOPBACK, port, timeout=4, source_address=(source, 0))) as door:
        door.request("GET", "/")
        return door.getresponse().status


def test_tls_ends_at_the_proxy(
    haproxy: str, certificate: Certificate, trusted: ssl.SSLContext, tmp_path: Path
) -> None:
    with proxied(haproxy, tmp_path, certificate) as port:
        answer = ask(f"https://localhost:{port}/", trusted=trusted)
        assert answer.text == f"https 127.0.0.1 localhost:{port} "
        assert "secure" in cookies(answer).lower()
    assert (tmp_path / "certificate.pem").stat().st_mode & 0o077 == 0, "a key is nobody else's"


def test_everyone_comes_to_the_proxy_and_nobody_to_the_servers(tmp_path: Path) -> None:
    written = proxy.write(tmp_path, EVERY_INTERFACE, 8501, [8502, 8503], None).read_text()
    assert "bind 0.0.0.0:8501\n" in written
    assert "server server2 127.0.0.1:8503 cookie 2\n" in written


def test_without_haproxy_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_named: None)
    with pytest.raises(ValueError, match="sudo apt install haproxy"):
        serve.serve(18_500, processes=2)
