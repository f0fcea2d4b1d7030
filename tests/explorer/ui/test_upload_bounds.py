"""What uploads may take of the server's memory: through the middleware to Streamlit's own route."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import Message
from streamlit import config
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from app import app as the_app
from explorer.base import access
from explorer.base.access import IN_CLASS, Rules, Who, teachers
from explorer.server import owner_cookie
from explorer.ui import upload_bounds
from explorer.ui.upload_bounds import MOST_OF_PICTURE, UploadBounds
from tests.processes import run_apart

ANNA = "10.0.0.66"
HEAD = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.zip"\r\n\r\n'
TAIL = b"\r\n--x--\r\n"


class Server:
    """Streamlit's route and its storage, behind the bounds."""

    def __init__(self) -> None:
        self.files = MemoryUploadedFileManager("")
        runtime: Any = SimpleNamespace(is_active_session=lambda _session: True)
        routes = create_upload_routes(runtime, self.files, None)
        self.app = UploadBounds(Starlette(routes=routes), most=4_400)

    async def put(self, session: str, length: int, address: str = ANNA, **headers: str) -> str:
        """What comes of a file: "" if it is taken, else the answer."""
        self.number = getattr(self, "number", 0) + 1
        body = HEAD + bytes(length - len(HEAD) - len(TAIL)) + TAIL
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.sleep(0)  # others send meanwhile
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)

        fields = {
            "content-type": "multipart/form-data; boundary=x",
            "content-length": str(length),
            **headers,
        }
        path = f"/_stcore/upload_file/{session}/{self.number}"
        scope = {
            "type": "http",
            "method": "PUT",
            "path": path,
            "root_path": "",
            "query_string": b"",
            "client": (address, 1),
            "headers": [(name.encode(), text.encode()) for name, text in fields.items() if text],
        }
        await self.app(scope, receive, send)
        status = sent[0]["status"]
        return "" if status == 204 else f"{status} {sent[1]['body'].decode()}"

    def puts(self, session: str, length: int, address: str = ANNA, **headers: str) -> str:
        return run_apart(self.put(session, length, address, **headers))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    monkeypatch.setattr(upload_bounds, "MOST_OF_SESSION", 1_500)
    monkeypatch.setattr(Runtime, "_instance", SimpleNamespace(uploaded_file_mgr=server.files))
    before = config.get_option("server.enableXsrfProtection")
    config.set_option("server.enableXsrfProtection", False)  # tokens are Streamlit's to test
    yield server
    config.set_option("server.enableXsrfProtection", before)


def test_the_door_has_the_bounds() -> None:
    assert any("UploadBounds" in str(each.cls) for each in the_app._user_middleware)
    assert upload_bounds.most_in_all() >= 2 * upload_bounds.MOST_OF_SESSION


def test_a_session_has_a_bound_until_it_ends(server: Server) -> None:
    assert server.puts("a", 1_000) == ""
    assert server.puts("a", 1_000).startswith("413 This page has given files of ")
    server.files.remove_session_files("a")
    assert server.puts("a", 1_000) == ""
    assert len(server.files.file_storage["a"]) == 1


def test_a_network_has_half_and_a_class_the_rest(server: Server) -> None:
    assert [server.puts(session, 1_100) for session in "ab"] == ["", ""]
    assert server.puts("c", 1_100).startswith("413 Files of ")
    assert [server.puts(session, 1_100, f"10.0.0.{session}") for session in "12"] == ["", ""]
    assert server.puts("3", 1_100, "10.0.0.3").startswith("413 Visitors' files of ")
    server.files.remove_session_files("a")
    assert server.puts("3", 1_100, "10.0.0.3") == ""


def test_what_is_on_its_way_counts(server: Server) -> None:
    async def at_once() -> list[str]:
        return await asyncio.gather(*(server.put("a", 700) for _time in range(4)))

    answers = run_apart(at_once())
    assert answers[:2] == ["", ""]
    assert [each[:26] for each in answers[2:]] == ["413 This page has given fi"] * 2
    assert not server.app._coming


def test_a_length_has_to_be_told(server: Server) -> None:
    for length in ("", "-1", "٣", "1e3"):
        answer = server.puts("a", 1_000, **{"content-length": length})
        assert answer.startswith("411 An upload has to say how long it is"), length


def share(monkeypatch: pytest.MonkeyPatch, upload: Who) -> Rules:
    rules = Rules(shared=True, upload=upload, limits=IN_CLASS, key="kept")
    monkeypatch.setenv(access.VARIABLE, rules.environment()[access.VARIABLE])
    monkeypatch.setattr(upload_bounds, "MOST_OF_SESSION", 10 * MOST_OF_PICTURE)
    return rules


def test_who_may_not_add_pictures_sends_no_archives(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.app._most = 100 * MOST_OF_PICTURE
    rules = share(monkeypatch, Who.TEACHER)
    archive = MOST_OF_PICTURE + 1
    cookie = owner_cookie.new_cookie()
    owner = {"cookie": f"{owner_cookie.NAME}={cookie}"}
    assert server.puts("a", 1_000, **owner) == "", "a picture is looked at, and not kept"
    for headers in ({}, owner):
        assert server.puts("a", archive, **headers).startswith("413 Only the teacher adds pictures")
    monkeypatch.setattr(
        teachers, "_only_here", {teachers._mark(access.owner_of(cookie), rules.key)}
    )
    assert server.puts("a", archive, **owner) == ""
    share(monkeypatch, Who.NOBODY)
    assert server.puts("a", archive, **owner).startswith("413 No pictures are taken here")
