"""Who is who: a cookie for each browser, a key for the teacher, and what each may change."""

import re
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser as PlaywrightBrowser
from playwright.sync_api import BrowserContext
from streamlit.testing.v1 import AppTest

from explorer.base import access, storage
from explorer.base.access import (
    NO_LIMITS,
    Denied,
    RunLimits,
    Visitor,
    Who,
)
from explorer.base.tasks import Output
from explorer.data.datasets import own
from explorer.runs import Status, quota, store
from explorer.server import owner_cookie
from explorer.training.recipes import PRESETS
from explorer.ui import visitor
from tests.conftest import settled
from tests.journeys.visitors import (
    ANNA,
    AS_ANNA,
    BERT,
    DATA,
    KEY,
    NEW_RUN,
    RUNS,
    Browser,
    share,
    stored_run,
)
from tests.opened_pages import opened, press, text
from tests.run_processes import SHORT
from tests.serving import ROOT, serving


def answered(path: str, *, scheme: str = "http", cookie: str = "") -> list[str]:
    """The cookies that are added to an answer."""
    headers = [(b"cookie", f"{owner_cookie.NAME}={cookie}".encode())] if cookie else []
    added = owner_cookie.headers(
        {"type": "http", "path": path, "scheme": scheme, "headers": headers}
    )
    return [value for name, value in added.items() if name == "Set-Cookie"]


def test_a_browser_is_given_one_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    path = owner_cookie.ASKED_BEFORE_THE_SOCKET
    assert answered(path) == [], "alone on a machine nobody is given any"
    share(monkeypatch)
    (header,) = answered(path)
    (cookie,) = SimpleCookie(header).values()
    assert owner_cookie.read({cookie.key: cookie.value}) == cookie.value
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert not cookie["secure"]
    assert answered(path, cookie=cookie.value) == []
    assert "Secure" in answered(path, scheme="https")[0]
    share(monkeypatch, secure=True)  # a proxy in front speaks https
    assert "Secure" in answered(path)[0]
    assert answered("/") == []
    assert len(answered(path, cookie="of-somebody-elses-making")) == 1


def test_alone_on_a_machine_nothing_is_felt(home: Path) -> None:
    run = stored_run(who=access.ON_THIS_MACHINE, status=Status.PAUSED)
    for page in ("new-run", "runs"):
        at = opened(page, **({"runs": str(run.id)} if page == "runs" else {"dataset": "digits"}))
        assert not [each for each in at.button if each.disabled and each.key != RUNS.key("stop")]
        assert not at.sidebar.button
        assert not at.sidebar.text_input
    assert visitor.current() == access.ON_THIS_MACHINE
    visitor.rename(run.id, "mine")
    visitor.delete(run.id)
    assert store.listed() == []


def test_a_second_browser_cannot_change_the_first_ones_run(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stored_run(status=Status.PAUSED)
    browser_of.be(ANNA)
    at = opened("runs", runs=str(run.id))
    assert not at.button(key=RUNS.key("delete")).disabled
    assert not at.button(key=RUNS.key("resume")).disabled
    browser_of.be(BERT)
    at = opened("runs", runs=str(run.id))
    for name in ("delete", "resume"):
        assert at.button(key=RUNS.key(name)).disabled
        assert "another visitor" in at.button(key=RUNS.key(name)).help
    assert not at.button(key=RUNS.key("retry")).disabled, "a run of one's own, with the same recipe"
    named = [(visitor.rename, "mine"), (visitor.note, "mine")]
    changes = [(visitor.stop,), *named, (visitor.delete,)]
    for change, *values in (*changes, (visitor.pause,), (visitor.cancel,), (visitor.resume,)):
        with pytest.raises(Denied, match="LeNet is another visitor's"):
            change(run.id, *values)
    assert store.get(run.id) == run
    on_the_machine = stored_run("of the machine", access.ON_THIS_MACHINE, Status.PAUSED)
    with pytest.raises(Denied, match="made on the machine itself"):
        visitor.delete(on_the_machine.id)
    browser_of.be(ANNA)
    for change, *values in changes:
        change(run.id, *values)
    with pytest.raises(ValueError, match="There is no run"):
        store.get(run.id)


def test_whoever_gives_the_key_is_the_teacher(browser_of: Browser) -> None:
    run = stored_run(status=Status.PAUSED)
    browser_of.be(BERT)
    at = opened("runs", runs=str(run.id))
    field = at.text_input(key="teacher_key")
    field.set_value("not the key at all")
    press(at, "Give the key")
    assert "That is not the teacher's key." in text(at) + "".join(
        each.value for each in at.sidebar.error
    )
    assert at.button(key=RUNS.key("delete")).disabled
    at.text_input(key="teacher_key").set_value(KEY)
    press(at, "Give the key")
    assert not at.button(key=RUNS.key("delete")).disabled
    assert "teacher_key" not in at.session_state or KEY not in at.session_state["teacher_key"]
    assert not opened("runs", runs=str(run.id)).button(key=RUNS.key("delete")).disabled, (
        "in every tab"
    )
    browser_of.be(ANNA)
    assert not visitor.current().teacher
    browser_of.be(BERT)
    visitor.rename(run.id, "seen by the teacher")
    at.button(key="teacher_leave").click().run()
    with pytest.raises(Denied):
        visitor.delete(run.id)


def test_who_may_train(browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stored_run(status=Status.PAUSED)
    share(monkeypatch, train=Who.TEACHER)
    browser_of.be(ANNA)
    at = opened("new-run", dataset="digits")
    assert at.button(key=NEW_RUN.key("launch")).disabled
    assert at.button(key=NEW_RUN.key("measure")).disabled
    assert "Only the teacher trains here" in text(at)
    for try_it in (
        lambda: visitor.launch(SHORT),
        lambda: visitor.retry(run.id),
        lambda: visitor.resume(run.id),
        visitor.check_train,
    ):
        with pytest.raises(Denied, match="Only the teacher trains here"):
            try_it()
    assert visitor.become_teacher(KEY)
    assert not opened("new-run", dataset="digits").button(key=NEW_RUN.key("launch")).disabled
    share(monkeypatch, train=Who.NOBODY)
    with pytest.raises(Denied, match="--train nobody"):
        visitor.launch(SHORT)
    assert [each.id for each in store.listed()] == [run.id]


def test_the_allowed_number_of_epochs_is_a_click_away(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser_of.be(ANNA)
    share(monkeypatch, limits=RunLimits(epochs=4))
    at = opened("new-run", dataset="digits", epochs="10")
    assert at.button(key=NEW_RUN.key("launch")).disabled
    press(at, "Use 4 epochs")
    assert at.number_input(key=NEW_RUN.key("epochs")).value == 4
    assert not at.button(key=NEW_RUN.key("launch")).disabled
    share(monkeypatch, limits=RunLimits(epochs=1))
    at = press(opened("new-run", preset="batch-norm", dataset="digits"), "Use 1 epoch")
    assert at.number_input(key=NEW_RUN.key("all_epochs")).value == 1
    assert "here 1 are allowed" not in text(at)


@pytest.mark.parametrize(
    ("limits", "address", "refusal"),
    [
        (RunLimits(waiting=1), {}, "1 of your runs waits or trains"),
        (RunLimits(waiting=6), {"preset": "batch-norm"}, "These are 6 runs, and 1 of yours"),
        (RunLimits(queue=6), {"preset": "batch-norm"}, "6 runs, and 1 of this class"),
        (RunLimits(run_bytes=1000), {}, "here 1.00 kB are allowed"),
        (RunLimits(all_bytes=1000), {}, "1.00 kB are allowed"),
        (RunLimits(free_bytes=10**18), {}, "are to stay free"),
    ],
)
def test_what_would_be_refused_is_said_before_it_is_launched(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch,
    limits: RunLimits, address: dict[str, str], refusal: str,
) -> None:  # fmt: skip
    browser_of.be(ANNA)
    stored_run(who=replace(AS_ANNA, limits=NO_LIMITS))
    share(monkeypatch, limits=limits)
    at = opened("new-run", dataset="digits", **address)
    assert refusal in text(at).replace("\\", "")
    assert at.button(key=NEW_RUN.key("launch")).disabled
    assert "It begins" not in text(at), "no promise beside a refusal"
    share(monkeypatch, limits=NO_LIMITS)
    assert not at.run().button(key=NEW_RUN.key("launch")).disabled
    assert "It begins" in text(at)


def test_an_experiment_needs_room_for_all_of_its_runs(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser_of.be(ANNA)
    address = {"dataset": "digits", "preset": "batch-norm"}
    sizes = [
        quota.needed(replace(each, dataset="digits")) for each in PRESETS["batch-norm"].recipes
    ]
    share(monkeypatch, limits=RunLimits(all_bytes=quota.used() + sum(sizes) - 1))
    assert "kept here take" in text(opened("new-run", **address))
    share(monkeypatch, limits=RunLimits(all_bytes=quota.used() + sum(sizes) + 200_000))
    assert not opened("new-run", **address).button(key=NEW_RUN.key("launch")).disabled


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PAUSED, Status.FINISHED])
def test_why_buttons_are_off_is_said_where_nothing_can_point_at_them(
    browser_of: Browser, status: Status
) -> None:
    run = stored_run(status=status)
    browser_of.be(BERT)
    refusal = "LeNet is another visitor's"
    for page in ({"url": "runs", "runs": str(run.id)}, {"url": "live", "run": str(run.id)}):
        whys = [each.value for each in opened(**page).caption if refusal in each.value]
        offers_change = page["url"] == "runs" or status is not Status.FINISHED
        assert len(whys) == offers_change, page
    browser_of.be(ANNA)
    assert refusal not in text(opened("live", run=str(run.id)))


def test_where_pictures_lie_on_the_server_is_told_to_nobody_in_class(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = pictures("", 1)
    browser_of.be(ANNA)
    assert str(own.locate(name)) not in text(opened("data", data="images", own=name))
    monkeypatch.delenv(access.VARIABLE)
    assert str(own.locate(name)) in text(opened("data", data="images", own=name))


def test_what_is_left_when_some_are_deleted_is_told(browser_of: Browser) -> None:
    over, going = stored_run("over", status=Status.FINISHED), stored_run("going")
    berts = stored_run("Bert's", replace(AS_ANNA, owner="b" * 64), Status.FINISHED)
    browser_of.be(ANNA)
    at = opened("runs", runs=f"{over.id},{going.id},{berts.id}")
    at.button(key=RUNS.key("delete")).click().run()
    words = text(at).replace("\\", "")
    assert "going is waiting. Stop it before you delete it." in words
    assert "Bert's is another visitor's." in words
    assert at.button(key=RUNS.key("delete_yes")).proto.type != "primary"
    at.button(key=RUNS.key("delete_yes")).click().run()
    assert [run.name for run in store.listed()] == ["Bert's", "going"]


def pictures(owner: str, shade: int) -> str:
    """A set of own pictures: two classes of six."""
    pixels = np.full((12, 1, 28, 28), shade, np.uint8)
    labels = np.repeat(np.arange(2), 6)
    return own.store(
        "pets",
        Output({"classes": ["cat", "dog"]}, (pixels, labels)),
        Visitor(owner, teacher=not owner),
    )


def test_a_set_of_pictures_is_deleted_by_whoever_gave_it(browser_of: Browser) -> None:
    annas, of_the_machine = pictures(AS_ANNA.owner, 1), pictures("", 2)
    assert pictures(Visitor("b" * 64).owner, 1) == annas
    assert (own.owner(annas), own.owner(of_the_machine)) == (AS_ANNA.owner, "")
    browser_of.be(BERT)
    at = opened("data", data="images", own=annas)
    assert at.button(key=DATA.key("delete_own")).disabled
    assert "another visitor" in at.button(key=DATA.key("delete_own")).help
    assert "another visitor" in text(at)
    for name in (annas, of_the_machine):
        with pytest.raises(Denied):
            visitor.delete_pictures(name)
    browser_of.be(ANNA)
    at = opened("data", data="images", own=annas)
    at.button(key=DATA.key("delete_own")).click().run()
    assert own.names() == (of_the_machine,)
    own.locate(of_the_machine).write_bytes(b"damaged")
    assert visitor.may_not_delete(of_the_machine)
    assert visitor.become_teacher(KEY)
    visitor.delete_pictures(of_the_machine)
    assert own.names() == ()


def test_who_may_add_pictures(browser_of: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser_of.be(ANNA)
    assert visitor.may_not_add_pictures(1000) == ""
    share(monkeypatch, limits=RunLimits(free_bytes=10**18))
    assert "are to stay free" in visitor.may_not_add_pictures()
    assert opened("data", data="mnist").button(key=DATA.key("download")).disabled
    share(monkeypatch, upload=Who.TEACHER)
    at = opened("data", data="images")
    assert "Only the teacher adds pictures here" in text(at)
    assert not at.file_uploader
    assert visitor.become_teacher(KEY)
    assert visitor.may_not_add_pictures() == ""


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:a:b:c:d", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_a_visitor_comes_from_a_network(browser_of: Browser, address: str, network: str) -> None:
    browser_of.remote_ip = address
    assert visitor.address() == network


def test_a_pupil_who_is_new_each_time_does_not_keep_the_teacher_out(browser_of: Browser) -> None:
    for _number in range(20):
        browser_of.be(owner_cookie.new_cookie())
        assert not visitor.become_teacher("not the key at all")
    browser_of.be(BERT)
    browser_of.remote_ip = "192.0.2.8"
    assert visitor.become_teacher(KEY)


def test_a_browser_without_cookies_is_a_visitor_for_as_long_as_its_page(
    browser_of: Browser,
) -> None:
    def page() -> None:
        import streamlit as st

        from explorer.ui import visitor

        st.text(visitor.current().owner)

    first, second = AppTest.from_function(page).run(), AppTest.from_function(page).run()
    owner = first.text[0].value
    assert len(owner) == 64
    assert first.run().text[0].value == owner
    assert second.text[0].value != owner


@pytest.mark.browser
def test_two_real_browsers(
    home: Path, browser: PlaywrightBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one presses the first one's button in spite of all; then it is the teacher's."""
    share(monkeypatch)
    with serving(ROOT, home / "log") as address, browser.new_context() as annas:
        page = annas.new_page()
        page.goto(f"{address}/runs")
        settled(page)
        cookie = cookie_of(annas)
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert owner_cookie.NAME not in page.evaluate("document.cookie")
        run = stored_run(who=Visitor(access.owner_of(cookie["value"])), status=Status.PAUSED)
        page.set_content(f'<a href="{address}/live?run={run.id}">from another site</a>')
        page.get_by_role("link").click()
        resume = "button[data-ask=resume]"
        assert page.wait_for_selector(resume).is_enabled()
        assert cookie_of(annas) == cookie, "known again, though the link brought no cookie along"
        with browser.new_context() as berts:
            page = berts.new_page()
            page.goto(f"{address}/live?run={run.id}")
            settled(page)
            button = page.wait_for_selector(resume)
            assert button.is_disabled()
            assert "another visitor" in str(button.get_attribute("title"))
            button.evaluate("button => { button.disabled = false; button.click() }")
            page.get_by_test_id("stAlert").get_by_text("LeNet is another visitor's").wait_for()
            assert store.get(run.id) == run
            page.get_by_text("I am the teacher").click()
            page.get_by_label("The teacher's key").fill(KEY)
            page.get_by_text("Give the key").click()
            page.get_by_text("You are the teacher").first.wait_for()
            page.wait_for_selector(f"{resume}:enabled")


def cookie_of(context: BrowserContext) -> dict[str, Any]:
    (cookie,) = [each for each in context.cookies() if each["name"] == owner_cookie.NAME]
    return dict(cookie)


# What changes runs or sets of pictures, or brings something here; and the modules behind it.
CHANGES = re.compile(
    r"\bown\.(delete|store|keep|start_keeping)\b|\bdatasets\.(delete|keep|fetch)\b"
    r"|\bpublished\.fetch\b|\bTASKS\.(ask|clear)\b|\bdownload\.(begin|stop)\b"
    r"|\bruns\.(launch|retry|resume|pause|stop|cancel|rename|note|delete)\b"
    r"|\bexplorer\.runs\.(commands|store)\b|\bfrom explorer\.runs import (\([^)]*|.*)"
    r"\b(commands|store|launch|retry|resume|pause|stop|cancel|rename|note|delete)\b"
)


def test_pages_change_runs_through_one_door() -> None:
    """No other module of the pages names what changes them."""
    ui, pages = storage.PROJECT / "explorer" / "ui", storage.PROJECT / "pages"
    for path in (*ui.rglob("*.py"), *pages.rglob("*.py")):
        if path.name not in {"visitor.py", "downloads.py"}:
            assert not CHANGES.search(path.read_text("utf-8")), path
