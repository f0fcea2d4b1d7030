"""The frame: its pages open, what their addresses hold, its server is careful."""

import inspect
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from explorer.server import assets, serve
from explorer.server.headers import content_policy
from explorer.training import checkpoints
from explorer.training.checkpoints import Card
from explorer.ui import entries, language_picker, link_warnings
from explorer.ui.entries import ASSETS, PAGES, ROOT, SECTIONS, Entry, entry
from explorer.ui.language_picker import best_match
from explorer.ui.page_address import Field, same, spell
from explorer.ui.state import Number, OneOf, Open, Switch
from pages.home.ways import QUESTIONS, WAYS
from pages.learn.convolution import photo
from tests.conftest import box_of, settled
from tests.opened_pages import SHELL, boards, in_address, opened, text
from tests.processes import printed
from tests.serving import ask, serving, wait_for

LOGO = assets.address(ASSETS / "logo.svg")


# The pages


def test_every_page_has_its_own_address_and_a_section() -> None:
    assert len({page.url for page in PAGES}) == len(PAGES)
    assert {page.path for page in PAGES} == set((ROOT / "pages").rglob("page.py"))
    assert entry("").folder == "home"
    assert {page.section for page in PAGES} == {*SECTIONS.values()}


def test_home_leads_into_every_section() -> None:
    links = {link.proto.page for link in opened("").get("page_link")}
    assert {entry(url).section for url in links} == {*SECTIONS.values()} - {""}


def test_homes_first_training_is_a_small_one() -> None:
    url, state, *_words = WAYS[1]
    at = opened(url, **state)
    assert not at.warning
    assert dict(at.query_params) == state


ANSWERS = (
    "pool2's window is 3 cells long",
    "99 = 83 + (3 − 1) × 8",
    "256 = 64 + 128 + 32 + 32",
    "192 = 160 + 32",
)


@pytest.mark.parametrize(("question", "answer"), [*zip(QUESTIONS, ANSWERS, strict=True)])
def test_homes_questions_open_on_their_answers(
    question: tuple[str, str, dict[str, str]], answer: str
) -> None:
    at = opened("layers", **question[2])
    assert not at.warning
    (board,) = boards(at)
    row = board["view"]["selected"]
    why = "" if row is None else str(json.loads(board["content"])["rows"][row]["why"])
    assert answer in text(at) + why


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("feature_maps", "feature-maps"),
        ("FeatureMaps", "feature-maps"),
        ("feature-maps/conv1", "feature-maps"),
        ("learn/edge_kernal", "edge-kernel"),
        ("What excites it", "excites"),
        ("feature_visualization", "excites"),
        ("xyzzy", None),
        ("x//", None),
        ("home", None),
    ],
)
def test_a_mistyped_address_is_nearest_to_the_page_that_was_meant(
    name: str, page: str | None
) -> None:
    assert entries.nearest(name) == (None if page is None else entry(page))


@pytest.mark.browser
def test_who_mistypes_an_address_is_told_and_led_on(app_server: str, page: Page) -> None:
    page.goto(f"{app_server}/inside/feature_map?network=lenet")
    expect(page.get_by_role("alert")).to_contain_text("There is no page inside/feature_map.")
    page.get_by_test_id("stMain").get_by_role("link", name="Feature maps").click()
    expect(page).to_have_url(re.compile("/feature-maps"))


def test_pages_stay_small() -> None:
    lines = {page.folder: len(page.path.read_text(encoding="utf-8").splitlines()) for page in PAGES}
    assert all(count <= 100 for count in lines.values()), lines


# What a page's address can hold: each kind of field against what people write into links

FIELDS: tuple[Field, ...] = (
    Open("text", "abc"),
    OneOf("word", "max", ("max", "avg")),
    OneOf("side", 3, (1, 3, 5)),
    Switch("flip"),
    Number("whole", 2, 0, 9),
    Number("rate", 0.5, 0.0, 1.0, 0.05),
    Number("any", 4),
)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_what_is_spelled_is_read_again(field: Field) -> None:
    value = field.read(spell(field.default))
    assert value == field.default
    assert type(value) is type(field.default)


def test_a_number_outside_becomes_the_nearest() -> None:
    assert [*map(Number("whole", 2, 0, 9).read, ("5", "-1", "99"))] == [5, 0, 9]


@pytest.mark.parametrize("field", FIELDS[1:], ids=lambda field: field.name)
@pytest.mark.parametrize("text", ["zzz", "nan", "inf", "", "1e999", "2.5.1"])
def test_of_nonsense_nothing_is_taken(field: Field, text: str) -> None:
    assert link_warnings.take(field, text) == field.default


@pytest.mark.parametrize(
    ("text", "value", "is_same"),
    [
        ("2.50", 2.5, True),
        ("4", 4.0, True),
        ("TRUE", True, True),
        ("nan", "nan", True),
        ("3", 4, False),
        ("2.5", 2, False),
        ("x", 0, False),
    ],
)
def test_what_a_link_says_is_what_is_shown(text: str, value: object, *, is_same: bool) -> None:
    assert same(text, value) is is_same


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url or "home")
def test_every_page_begins_with_what_its_fields_can_hold(page: Entry) -> None:
    assert page.state.page == page.url
    for field in page.state.fields.values():
        assert field.read(spell(field.default)) == field.default, field.name


def test_a_prompt_may_put_a_number_where_names_are_held() -> None:
    for url, name in (("check", "quiz_level"), ("batch-norm", "bn_step")):  # a widget's, a board's
        at = AppTest.from_file(SHELL, default_timeout=60).run()
        at.session_state[name] = 2
        at.switch_page(str(entry(url).path)).run()
        assert not at.warning
        assert (in_address(at, name), at.session_state[name]) == ("2", "2")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url or "home")
def test_a_drawing_that_changes_nothing_sets_no_widget(page: Entry) -> None:
    """What is set comes late to a browser in which something else has been chosen meanwhile."""
    at = opened(page.url).run()
    values = [each for each in at.main if getattr(each.proto, "set_value", False)]
    assert not [each.label for each in values]


# The door


def test_a_port_that_is_none_is_refused_with_the_range() -> None:
    with pytest.raises(ValueError, match="1 to 65535"):
        serve.free_port(70_000)


def test_serve_says_where_and_ends_cleanly_on_ctrl_c() -> None:
    with socket.socket() as owner:
        owner.bind((serve.LOOPBACK, 0))
        owner.listen()
        port = owner.getsockname()[1]
        code = f"import sys; from explorer.server.serve import serve; sys.exit(serve({port}))"
        server = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = [server.stdout.readline() for _ in range(3)] if server.stdout else []
    assert f"Port {port} is taken" in lines[0]
    next_port = int(re.findall(r"\d+", lines[0])[1])
    assert next_port > port
    assert f"http://localhost:{next_port}" in lines[1]
    wait_for(f"http://127.0.0.1:{next_port}", server)
    assert ask(f"http://127.0.0.1:{next_port}/api/health").json() == {"status": "ok"}
    server.send_signal(signal.SIGINT)
    _, complaints = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in complaints
    assert serve.free_port(next_port) == next_port, "the server it started has ended too"


def test_a_strange_host_header_is_kept_out_of_the_policy() -> None:
    assert "ws://localhost:8501" in content_policy("localhost:8501")
    assert "evil" not in content_policy("evil.example; script-src *")


def test_the_nearest_language_is_found() -> None:
    available = ["en", "de", "zh", "zh_TW"]
    assert best_match("de-AT", available) == "de"
    assert best_match("zh-TW", available) == "zh_TW"
    assert best_match("fr-FR", available) == "en"
    assert best_match(None, available) == "en"


def test_imports_point_down() -> None:
    printed("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")


# In a real browser


@pytest.mark.browser
def test_answers_carry_security_headers(app_server: str) -> None:
    for path in ("/", "/api/health", f"/{LOGO}", "/layers"):
        headers = ask(app_server + path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "default-src 'self'" in headers["Content-Security-Policy"], path


@pytest.mark.browser
def test_assets_are_kept_for_good_under_their_version_alone(app_server: str) -> None:
    def cached(path: str) -> str:
        return ask(f"{app_server}/{path}").headers["Cache-Control"]

    for file in assets.files():
        assert "immutable" in cached(assets.address(file))
    assert cached(LOGO.replace(assets.version(), "0123456789ab")) == "no-cache"


@pytest.mark.browser
def test_nothing_but_assets_is_served_as_one(app_server: str) -> None:
    for path in (
        "explorer/ui/entries.py",
        "explorer/ui/frame.py",
        "pages/home/page.py",
        "README.md",
        "docs/screenshots/layers.png",
        "explorer/ui/../../docs/screenshots/layers.png",
        "explorer/ui",
        "",
    ):
        status = ask(f"{app_server}/assets/{assets.version()}/{path}").status
        assert status in (400, 404), path


@pytest.mark.browser
def test_the_kernel_follows_the_pointer(app_server: str, page: Page) -> None:
    page.goto(app_server)
    settled(page)
    drawing = page.locator(".hero svg")
    before = page.locator(".hero b").inner_text()
    drawing.focus()
    page.keyboard.press("ArrowUp")
    after = page.locator(".hero b").inner_text()
    assert after != before
    in_order = after.replace(" − ", " ").replace("−", "-")  # the minus between, and the sign
    left, right, difference = map(float, re.findall(r"-?\d+\.\d+", in_order))
    assert left - right == pytest.approx(difference, abs=0.011)


@pytest.mark.browser
def test_a_message_stands_below_the_row_of_controls_that_it_is_about(
    app_server: str, page: Page
) -> None:
    page.goto(f"{app_server}/compare?nets=lenet:nothing,lenet:untrained:0,bn_lenet:untrained:0")
    settled(page)
    alert, row = page.get_by_test_id("stAlert").first, page.locator(".st-key-compare_controls")
    expect(alert).to_contain_text("nothing")
    box, whole = box_of(alert), box_of(row)
    assert box["width"] == pytest.approx(whole["width"], abs=1)
    for control in row.locator(".stMultiSelect, .stPopover, .stSelectbox").all():
        assert sum(box_of(control)[side] for side in ("y", "height")) <= box["y"]


@pytest.mark.browser
def test_what_opens_over_a_dark_page_can_be_read(app_server: str, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{app_server}/feature-maps?weights=untrained:0&picture=digits:test:0")
    settled(page)
    bright = "text => Math.min(...getComputedStyle(text).color.match(/[0-9]+/g).map(Number)) > 100"
    opener = page.get_by_role("button", name="Which fit?")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    assert opener.evaluate(bright)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Picture", exact=False).first.click()
    choice = page.get_by_test_id("stPopoverBody").locator("button[aria-checked=true]")
    expect(choice).to_be_visible()
    assert choice.evaluate(bright)


@pytest.mark.browser
@pytest.mark.broken_page
def test_a_broken_page_apologises_without_a_trace(tmp_path: Path, page: Page) -> None:
    for folder in ("explorer", "pages", ".streamlit"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / "pages" / "home" / "page.py").write_text('raise ValueError("not for visitors")\n')
    log = tmp_path / "log"
    with serving(tmp_path, log) as address:
        page.goto(address)
        settled(page)
        text = page.locator("body").inner_text()
    assert "Something went wrong on this page" in text
    for secret in ("not for visitors", "ValueError", "Traceback", str(tmp_path)):
        assert secret not in text
    assert "not for visitors" in log.read_text(encoding="utf-8")


CAMERAS = {
    "http://localhost:8501": True,
    "http://127.0.0.1:8501": True,
    "http://[::1]:8501": True,
    "https://lab.local": True,
    "http://192.168.1.20:8501": False,
    "http://lab.local:8501": False,
    "http://localhost.example": False,
}


@pytest.mark.parametrize(("url", "camera"), CAMERAS.items())
def test_a_camera_is_offered_where_browsers_give_it(url: str, *, camera: bool) -> None:
    at = AppTest.from_file(SHELL, default_timeout=60)
    at.context = {"url": url}
    at.run().query_params["conv_photo"] = "camera"
    at.switch_page(str(entry("convolution").path)).run()
    assert len(at.get("camera_input")) == camera
    assert any("only over https" in each.value for each in at.info) is not camera


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Mock:
    """What stands in for a function of `owner`, and counts its calls."""
    calls = Mock(wraps=getattr(owner, name))
    monkeypatch.setattr(owner, name, calls)
    return calls


def test_the_readers_language_is_looked_up_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened("pooling")
    lookups = counted(monkeypatch, language_picker, "_of_browser")
    for run in (1, 2):
        at.run()
        assert lookups.call_count == run


def test_definitions_and_photographs_are_made_at_the_first_visit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo._ours.cache_clear()
    opened("convolution", conv_photo_kernel="board")
    read = counted(monkeypatch, inspect, "getsource")
    convolved = counted(monkeypatch, photo, "convolve")
    again = opened("convolution", conv_photo_kernel="board")
    assert read.call_count == convolved.call_count == 0
    again.number_input(key="conv_dilation").set_value(2).run()
    assert convolved.call_count == 1


def test_the_list_of_pages_is_made_once() -> None:
    opened("pooling")
    misses = entries.translated.cache_info().misses
    opened("batch-norm")
    assert entries.translated.cache_info().misses == misses


def test_a_card_is_read_once_as_long_as_its_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.safetensors"
    checkpoints.save(path, {"network.weight": torch.zeros(2, 2)}, Card("lenet", {}, epoch=1))
    reads = counted(monkeypatch, checkpoints, "_card")
    assert checkpoints.read_card(path) is checkpoints.read_card(path)
    assert reads.call_count == 1
    checkpoints.save(path, {"network.weight": torch.zeros(2, 2)}, Card("lenet", {}, epoch=2))
    assert checkpoints.read_card(path).epoch == 2
