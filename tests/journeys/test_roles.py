"""A class on one server: visitors change their own, the teacher everything, and limits hold."""

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser as PlaywrightBrowser
from playwright.sync_api import BrowserContext, Page
from starlette.types import Message, Scope
from streamlit.runtime import context
from streamlit.testing.v1 import AppTest

from explorer import runs
from explorer.base import access, storage
from explorer.base.access import (
    IN_CLASS,
    NO_LIMITS,
    Denied,
    Rules,
    RunLimits,
    Visitor,
    Who,
    teacher_key,
)
from explorer.base.tasks import Output
from explorer.data import datasets
from explorer.data.datasets import own
from explorer.runs import Run, Status, quota, store
from explorer.runs import artifacts as run_folder
from explorer.server import owner_cookie
from explorer.server.owner_cookie import OwnerCookie
from explorer.training.recipes import PRESETS, Recipe, as_json, course_recipe
from explorer.ui import downloads, visitor
from explorer.ui.downloads import Download
from explorer.ui.entries import entry
from tests.asynchronous import run_apart
from tests.conftest import settled
from tests.opened_pages import opened, press, text
from tests.run_processes import SHORT, folder, over, until
from tests.serving import ROOT, serving

DATA, NEW_RUN, RUNS = (entry(url).state for url in ("data", "new-run", "runs"))
KEY = "correct horse battery"
KEPT = teacher_key.hash_key(KEY)
ANNA, BERT = owner_cookie.new_cookie(), owner_cookie.new_cookie()
AS_ANNA = Visitor(access.owner_of(ANNA), teacher=False, limits=IN_CLASS)
LONG = replace(SHORT, epochs=1000)


@dataclass
class Browser:
    """What Streamlit knows of the connection that a page is drawn for."""

    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    remote_ip: str = "192.0.2.7"

    def be(self, cookie: str) -> None:
        self.cookies = {owner_cookie.NAME: cookie}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with folder(tmp_path):
        yield tmp_path


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where runs are really trained: one host for all of them, whose workers are warm."""
    with folder(tmp_path_factory.mktemp("workshop")) as place:
        runs.watch("cpu")
        yield place


@pytest.fixture
def browser_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A class's server, asked by one browser after the other."""
    found = Browser()
    share(monkeypatch)
    monkeypatch.setattr(context, "_get_client_context", lambda: found)
    monkeypatch.setattr(visitor, "_throttle", teacher_key.Throttle())
    return found


def share(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Start the server for a class anew, with other options."""
    rules = Rules(shared=True, limits=IN_CLASS, key=KEPT)
    told = replace(rules, **changes).environment()
    monkeypatch.setenv(access.VARIABLE, told[access.VARIABLE])


def kept(name: str = "LeNet", who: Visitor = AS_ANNA, status: Status | None = None) -> Run:
    """A run in the store that no process works on."""
    number = store.add(json.dumps(as_json(SHORT)), name, "nowhere", visitor=who)
    if status:
        assert store.move(number, tuple(Status), status)
    return store.get(number)


# -- the store: how many may wait ---------------------------------------------------------------

LAUNCHER = """
import json, sys
from explorer.base.access import Denied, RunLimits, Visitor
from explorer.runs import store
cookie, recipe, waiting, queue = sys.argv[1:]
for number in range(40):
    owner = cookie or f"{sys.argv[0]}{number}"
    try:
        store.add(recipe, "again", "nowhere", visitor=Visitor(
            owner, teacher=False, limits=RunLimits(waiting=int(waiting), queue=int(queue))))
    except Denied as denied:
        print(denied)
"""


@pytest.mark.parametrize(
    ("owner", "limits", "refusal"),
    [
        ("anna", RunLimits(waiting=6, queue=60), "6 of your runs wait or train"),
        ("", RunLimits(waiting=6, queue=25), "25 runs of this class wait or train"),
    ],
    ids=["one visitor", "a new one each time"],
)
def test_four_processes_that_launch_and_launch(
    home: Path, owner: str, limits: RunLimits, refusal: str
) -> None:
    words = [owner, json.dumps(as_json(SHORT)), str(limits.waiting), str(limits.queue)]
    command = [sys.executable, "-c", LAUNCHER, *words]
    environment = {**os.environ, storage.VARIABLE: str(home)}
    processes = [
        subprocess.Popen(
            command, cwd=storage.PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _number in range(4)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    allowed = limits.waiting if owner else limits.queue
    assert len(store.listed()) == allowed
    assert sum(each.count(refusal) for each in said) == 160 - allowed


def test_runs_that_were_resumed_count(home: Path) -> None:
    few = replace(AS_ANNA, limits=RunLimits(waiting=1))
    paused = kept(who=few, status=Status.PAUSED)
    other = kept(who=few)
    with pytest.raises(Denied, match="1 of your runs waits"):
        store.enqueue(paused.id, first=True, limits=few.limits)
    assert store.get(paused.id).status is Status.PAUSED
    assert store.move(other.id, [Status.QUEUED], Status.CANCELLED)
    assert store.enqueue(paused.id, first=True, limits=few.limits)


def test_limits_stay_with_the_run(home: Path) -> None:
    run = kept()
    assert (run.owner, run.limits) == (AS_ANNA.owner, IN_CLASS)
    assert store.move(run.id, [Status.QUEUED], Status.STOPPED)
    assert store.enqueue(run.id, first=False)
    assert store.get(run.id).limits == NO_LIMITS, "who resumed it on the machine has none"
    assert store.get(run.id).owner == AS_ANNA.owner


# -- what is refused before it is queued --------------------------------------------------------


def test_what_would_take_too_much_is_not_queued(home: Path) -> None:
    alexnet = course_recipe("alexnet", {})
    assert (
        quota.needed(alexnet) == 46_764_746 * 4 * 5
    )  # twice its weights; with Adam's, three times
    tries: list[tuple[Recipe, RunLimits, str]] = [
        (replace(SHORT, epochs=101), RunLimits(epochs=100), "101 epochs; here 100"),
        (alexnet, RunLimits(run_bytes=500_000_000), "take about 935 MB; here 500 MB"),
        (alexnet, RunLimits(all_bytes=500_000_000), "about 935 MB more; 500 MB are allowed"),
        (SHORT, RunLimits(free_bytes=10**18), "are to stay free"),
    ]
    for recipe, limits, refusal in tries:
        who = replace(AS_ANNA, limits=limits)
        with pytest.raises(Denied, match=refusal):
            runs.launch(recipe, visitor=who)
    with pytest.raises(Denied, match="about 2 h 0 min of training; here 1 h 0 min"):
        runs.launch(SHORT, seconds=7200, visitor=AS_ANNA)
    assert store.listed() == []


# -- what is stopped while it trains ------------------------------------------------------------


def test_a_run_ends_when_its_seconds_are_spent_and_the_teacher_takes_it_up(
    workshop: Path,
) -> None:
    who = replace(AS_ANNA, limits=RunLimits(seconds=1.0))
    run = over(runs.launch(LONG, visitor=who))
    assert run.status is Status.STOPPED
    assert run.reason.code == "seconds_spent"
    assert "as long as a run may here" in str(run.reason)
    assert 1.0 <= run.progress.seconds < 10
    assert run_folder.state_file(run.id).exists()
    with pytest.raises(Denied, match="here 1 s are allowed"):
        runs.resume(run.id, visitor=who)
    runs.resume(run.id)
    until(lambda: store.get(run.id).progress.step > run.progress.step)
    runs.stop(run.id)
    assert not over(run.id).reason


def test_old_weights_give_way_before_the_disk_does(workshop: Path) -> None:
    who = replace(AS_ANNA, limits=RunLimits(run_bytes=quota.needed(SHORT)))
    run = over(runs.launch(replace(SHORT, epochs=8), visitor=who))
    assert run.status is Status.FINISHED, str(run.reason)
    assert 1 <= len(runs.checkpoints(run.id)) <= 4


@pytest.mark.parametrize("name", ["run_bytes", "all_bytes", "free_bytes"])
def test_a_run_that_takes_the_disk_is_stopped(workshop: Path, name: str) -> None:
    """As if its size had been thought too small before."""
    most = 10**18 if name == "free_bytes" else 300_000
    who = replace(AS_ANNA, limits=replace(NO_LIMITS, **{name: most}))
    number = store.add(json.dumps(as_json(LONG)), "large", "cpu", visitor=who)
    run = over(number)
    assert run.status is Status.STOPPED
    assert run.reason.code == name.replace("bytes", "disk_spent")
    assert "allowed" in str(run.reason) or "stay free" in str(run.reason)
    assert quota.taken() < 20_000_000


# -- the cookie ---------------------------------------------------------------------------------


def answered(path: str, *, scheme: str = "http", cookie: str = "") -> list[str]:
    """The cookies that the middleware gives with an answer."""
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"cookie", f"{owner_cookie.NAME}={cookie}".encode())] if cookie else []
    scope = {"type": "http", "path": path, "scheme": scheme, "headers": headers, "method": "GET"}
    run_apart(OwnerCookie(app)(scope, receive, send))
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def test_a_browser_is_given_one_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = owner_cookie.ASKED_BEFORE_THE_SOCKET
    assert answered(asked) == [], "alone on a machine nobody is given any"
    share(monkeypatch)
    (told,) = answered(asked)
    (cookie,) = SimpleCookie(told).values()
    assert owner_cookie.read({cookie.key: cookie.value}) == cookie.value
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert not cookie["secure"]
    assert answered(asked, cookie=cookie.value) == []
    assert "Secure" in answered(asked, scheme="https")[0]
    share(monkeypatch, secure=True)  # a proxy in front speaks https
    assert "Secure" in answered(asked)[0]
    assert answered("/") == []
    assert len(answered(asked, cookie="of-somebody-elses-making")) == 1


# -- pages --------------------------------------------------------------------------------------


def test_alone_on_a_machine_nothing_is_felt(home: Path) -> None:
    run = kept(who=access.ON_THIS_MACHINE, status=Status.PAUSED)
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
    run = kept(status=Status.PAUSED)
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
    changes: dict[str, Callable[[], object]] = {
        "pause": lambda: visitor.pause(run.id),
        "stop": lambda: visitor.stop(run.id),
        "cancel": lambda: visitor.cancel(run.id),
        "resume": lambda: visitor.resume(run.id),
        "rename": lambda: visitor.rename(run.id, "mine"),
        "note": lambda: visitor.note(run.id, "mine"),
        "delete": lambda: visitor.delete(run.id),
    }
    for change in changes.values():
        with pytest.raises(Denied, match="LeNet is another visitor's"):
            change()
    assert store.get(run.id) == run
    on_the_machine = kept("of the machine", access.ON_THIS_MACHINE, Status.PAUSED)
    with pytest.raises(Denied, match="made on the machine itself"):
        visitor.delete(on_the_machine.id)
    browser_of.be(ANNA)
    for change in changes.values():
        if change not in (changes["pause"], changes["cancel"], changes["resume"]):
            change()
    with pytest.raises(ValueError, match="There is no run"):
        store.get(run.id)


def test_whoever_gives_the_key_is_the_teacher(browser_of: Browser) -> None:
    run = kept(status=Status.PAUSED)
    browser_of.be(BERT)
    at = opened("runs", runs=str(run.id))
    given = at.text_input(key="teacher_key")
    given.set_value("not the key at all")
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
    run = kept(status=Status.PAUSED)
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


def test_a_run_too_long_is_refused_where_it_is_set_up(browser_of: Browser) -> None:
    browser_of.be(ANNA)
    at = opened("new-run", dataset="digits", epochs="101")
    assert at.button(key=NEW_RUN.key("launch")).disabled
    assert "101 epochs; here 100 are allowed" in text(at)


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
    kept(who=replace(AS_ANNA, limits=NO_LIMITS))
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
    share(monkeypatch, limits=RunLimits(all_bytes=quota.taken() + sum(sizes) - 1))
    assert "kept here take" in text(opened("new-run", **address))
    share(monkeypatch, limits=RunLimits(all_bytes=quota.taken() + sum(sizes) + 200_000))
    assert not opened("new-run", **address).button(key=NEW_RUN.key("launch")).disabled


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PAUSED, Status.FINISHED])
def test_why_buttons_are_off_is_said_where_nothing_can_point_at_them(
    browser_of: Browser, status: Status
) -> None:
    run = kept(status=status)
    browser_of.be(BERT)
    said = "LeNet is another visitor's"
    for page in ({"url": "runs", "runs": str(run.id)}, {"url": "live", "run": str(run.id)}):
        whys = [each.value for each in opened(**page).caption if said in each.value]
        offers_change = page["url"] == "runs" or status is not Status.FINISHED
        assert len(whys) == offers_change, page
    browser_of.be(ANNA)
    assert said not in text(opened("live", run=str(run.id)))


def test_where_pictures_lie_on_the_server_is_told_to_nobody_in_class(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = pictures("", 1)
    browser_of.be(ANNA)
    assert str(own.locate(name)) not in text(opened("data", data="images", own=name))
    monkeypatch.delenv(access.VARIABLE)
    assert str(own.locate(name)) in text(opened("data", data="images", own=name))


def test_what_is_left_when_some_are_deleted_is_told(browser_of: Browser) -> None:
    over, going = kept("over", status=Status.FINISHED), kept("going")
    berts = kept("Bert's", replace(AS_ANNA, owner="b" * 64), Status.FINISHED)
    browser_of.be(ANNA)
    at = opened("runs", runs=f"{over.id},{going.id},{berts.id}")
    at.button(key=RUNS.key("delete")).click().run()
    said = text(at).replace("\\", "")
    assert "going is waiting. Stop it before you delete it." in said
    assert "Bert's is another visitor's." in said
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


# -- what comes from the web --------------------------------------------------------------------


def begun(key: str, size: int = 11_594_722) -> tuple[Download, Callable[[], None]]:
    """A download that goes on until somebody stops it, begun by whoever is served; its end."""
    here, left = Event(), Event()

    def work(progress: datasets.Progress) -> None:
        here.set()
        try:
            while True:
                progress(size // 10, size)
                time.sleep(0.01)
        finally:
            left.set()

    def end() -> None:
        download.stop()
        assert left.wait(5)
        downloads.TASKS.clear()

    download = Download(key, size, work)
    visitor.start_download(download)
    assert here.wait(5)
    return download, end


WEIGHTS = {"network": "torchvision/resnet18", "weights": "published"}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"train": Who.NOBODY}, "--train nobody"),
        ({"limits": RunLimits(free_bytes=10**18)}, "are to stay free"),
    ],
)
@pytest.mark.parametrize(
    ("page", "address"), [("data", {"data": "mnist"}), ("feature-maps", WEIGHTS)]
)
def test_what_may_not_be_downloaded(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch,
    page: str, address: dict[str, str], changes: dict[str, Any], refusal: str,
) -> None:  # fmt: skip
    browser_of.be(ANNA)
    at, key = opened(page, **address), entry(page).state.key("download")
    assert not at.button(key=key).disabled
    share(monkeypatch, **changes)
    at.button(key=key).click().run()  # pressed in spite of what holds by now
    assert refusal in at.toast[0].value
    assert at.button(key=key).disabled
    assert refusal in at.button(key=key).help
    download = downloads.of_weights(WEIGHTS["network"])
    with pytest.raises(Denied, match=refusal):
        visitor.start_download(download)
    assert download.task is None


def test_two_downloads_do_not_find_room_for_one(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser_of.be(ANNA)
    share(monkeypatch, limits=RunLimits(free_bytes=1))
    most_of_it = int(0.7 * quota.free())
    assert visitor.may_not_download(most_of_it) == ""
    _download, end = begun("much", most_of_it)
    with pytest.raises(Denied, match="are to stay free"):
        begun("as much again", most_of_it)
    assert "stay free" in visitor.may_not_add_pictures(most_of_it)
    end()
    assert visitor.may_not_download(most_of_it) == ""


def test_a_download_is_stopped_by_whoever_began_it_and_the_teacher(browser_of: Browser) -> None:
    stop = DATA.key("stop_download")
    browser_of.be(ANNA)
    download, end = begun("download mnist")
    browser_of.be(BERT)
    visitor.start_download(download)  # who joins it is not who began it
    at = opened("data", data="mnist")
    assert at.button(key=stop).disabled
    assert "Another visitor has begun this download" in at.button(key=stop).help
    with pytest.raises(Denied, match="Another visitor has begun this download"):
        visitor.stop_download(download)
    assert download.going
    assert visitor.become_teacher(KEY)
    assert not opened("data", data="mnist").button(key=stop).disabled
    browser_of.be(ANNA)
    opened("data", data="mnist").button(key=stop).click().run()
    end()


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
        settled_at(page, f"{address}/runs")
        cookie = cookie_of(annas)
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert owner_cookie.NAME not in page.evaluate("document.cookie")
        run = kept(who=Visitor(access.owner_of(cookie["value"])), status=Status.PAUSED)
        page.set_content(f'<a href="{address}/live?run={run.id}">from another site</a>')
        page.get_by_role("link").click()
        resume = "button[data-ask=resume]"
        assert page.wait_for_selector(resume).is_enabled()
        assert cookie_of(annas) == cookie, "known again, though the link brought no cookie along"
        with browser.new_context() as berts:
            page = berts.new_page()
            settled_at(page, f"{address}/live?run={run.id}")
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
    (found,) = [each for each in context.cookies() if each["name"] == owner_cookie.NAME]
    return dict(found)


def settled_at(page: Page, address: str) -> None:
    page.goto(address)
    settled(page)


CHANGES = {
    "own": {"delete", "store", "keep", "start_keeping"},
    "datasets": {"delete", "keep", "fetch"},
    "published": {"fetch"},
    "TASKS": {"ask", "clear"},
    "download": {"begin", "stop"},
    "runs": {"launch", "retry", "resume", "pause", "stop", "cancel", "rename", "note", "delete"},
}


def test_pages_change_runs_through_one_door() -> None:
    """No other module of the pages names what changes a run or a set of pictures, or brings
    something here."""
    ui = storage.PROJECT / "explorer" / "ui"
    for path in (*ui.rglob("*.py"), *(storage.PROJECT / "pages").rglob("*.py")):
        if path.name in {"visitor.py", "downloads.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.attr not in CHANGES.get(node.value.id, ()), f"{path.name}: {node.attr}"
            if isinstance(node, ast.ImportFrom) and node.module:
                names = {each.name for each in node.names}
                assert node.module not in {"explorer.runs.commands", "explorer.runs.store"}, (
                    path.name
                )
                if node.module == "explorer.runs":
                    assert not names & {"commands", "store", *CHANGES["runs"]}, path.name
