"""Who is asking, and the one door through which a page changes a run or a set of pictures, or
brings something here from the web.

Other modules of the pages only read runs. Buttons that would be refused are off, with the reason
as their help; but what refuses is here.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network, ip_address
from pathlib import Path
from threading import Lock
from typing import IO, Any, ParamSpec

import streamlit as st

from explorer import runs
from explorer.base import access
from explorer.base.access import Denied, RunLimits, Visitor, teachers
from explorer.base.access.teachers import Throttle
from explorer.base.tasks import Client, Task
from explorer.data.datasets import own
from explorer.runs import Run, quota
from explorer.server import owner_cookie
from explorer.training.recipes import Recipe
from explorer.ui import downloads
from explorer.ui.downloads import Download

P = ParamSpec("P")
_NO_COOKIE = "visitor of this session"
_throttle = Throttle()


def current() -> Visitor:
    """Whoever this page is drawn for."""
    if not access.rules().shared:
        return access.ON_THIS_MACHINE
    # Where a browser keeps no cookie, one for as long as its session lasts.
    cookie = owner_cookie.read(st.context.cookies)
    return of(cookie or str(st.session_state.setdefault(_NO_COOKIE, owner_cookie.new_cookie())))


def of(cookie: str) -> Visitor:
    """Whose cookie this is; who has none is no teacher."""
    owner, rules = access.owner_of(cookie), access.rules()
    return rules.visitor(owner, teacher=bool(cookie) and teachers.include(owner, rules.key))


def address() -> str:
    """The network address that the visitor comes from; "" on this machine itself."""
    return network(st.context.ip_address or "")


def network(text: str) -> str:
    """By which of its parts this address is known again; "" for this machine's own.

    Of IPv6 it is the first half: the other one each machine chooses as it likes, and often.
    """
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if ip.is_loopback:
        return ""
    if isinstance(ip, IPv4Address):
        return text
    return str(ip.ipv4_mapped or IPv6Network((ip, 64), strict=False))


# -- the teacher ------------------------------------------------------------------------------


def become_teacher(key: str) -> bool:
    """Whether this is the teacher's key; from then on this browser may change everything.

    Raises:
        ValueError: too many wrong ones were tried before.
    """
    owner, key_hash = current().owner, access.rules().key
    right = _throttle.try_out(owner, key, key_hash, address())
    if right:
        teachers.add(owner, key_hash)
    return right


def leave_teacher() -> None:
    """Be a visitor like the others again."""
    teachers.remove(current().owner, access.rules().key)


# -- what may be done: a check raises `Denied`; `may_not_…` gives its sentence, "" if they may -----


def _refusal(check: Callable[P, object]) -> Callable[P, str]:
    def may_not(*args: P.args, **named: P.kwargs) -> str:
        try:
            check(*args, **named)
        except Denied as denied:
            return str(denied)
        return ""

    return may_not


def check_train() -> Visitor:
    """Whether this visitor may train; who it is."""
    who = current()
    access.check_train(who, access.rules())
    return who


def _check_fill(count_of_bytes: int) -> None:
    """Whether the disk has room for so many bytes beside the downloads that are going on."""
    left = RunLimits(free_bytes=current().limits.free_bytes)
    if left.free_bytes:
        access.check_room(left, count_of_bytes, 0, quota.free() - downloads.to_come())


def _check_add_pictures(count_of_bytes: int = 0) -> None:
    access.check_upload(current(), access.rules())
    _check_fill(count_of_bytes)


def _check_download(count_of_bytes: int) -> None:
    check_train()
    _check_fill(count_of_bytes)


def _check_stop(download: Download) -> None:
    if task := download.task:
        access.check_stop(current(), task.client.visitor)


def _check_pictures(name: str) -> None:
    access.check_change(current(), own.owner(name), name.removeprefix(own.PREFIX))


may_not_train = _refusal(check_train)
may_not_add_pictures = _refusal(_check_add_pictures)
may_not_download = _refusal(_check_download)
may_not_stop = _refusal(_check_stop)
may_not_delete = _refusal(_check_pictures)


def refusal(verb: str, run: Run) -> str:
    """Why this visitor may not do that with the run; "" if they may."""
    if verb == "retry":
        return may_not_train()
    not_theirs = _refusal(access.check_change)(current(), run.owner, run.name)
    return not_theirs or (may_not_train() if verb == "resume" else "")


# -- changes: each raises a ValueError where it is not allowed, or cannot be done -----------------


def launch(recipe: Recipe, name: str = "", seconds: float | None = None) -> int:
    """Launch a run as this visitor's; its number."""
    return runs.launch(recipe, name, seconds=seconds, visitor=check_train())


def retry(number: int) -> int:
    """Launch a run like this one, whosever it is, as this visitor's; its number."""
    return runs.retry(number, visitor=check_train())


def resume(number: int) -> None:
    """Take a run up again."""
    _check_change(number)
    runs.resume(number, visitor=check_train())


def _check_change(number: int) -> None:
    run = runs.get(number)
    access.check_change(current(), run.owner, run.name)


def delete_pictures(name: str) -> None:
    """Forget a set of own pictures."""
    _check_pictures(name)
    own.delete(name)


def _on_own_runs(verb: Callable[..., None]) -> Callable[..., None]:
    def change(number: int, *args: Any) -> None:
        _check_change(number)
        verb(number, *args)

    return change


pause = _on_own_runs(runs.pause)
stop = _on_own_runs(runs.stop)
cancel = _on_own_runs(runs.cancel)
rename = _on_own_runs(runs.rename)
note = _on_own_runs(runs.note)
delete = _on_own_runs(runs.delete)


_starting = Lock()  # two downloads at once would both find room for one


def start_download(download: Download) -> None:
    """Bring it here, or join those who wait for it already."""
    who = check_train()
    with _starting:
        if not download.going:
            _check_fill(download.size)
            download.begin(who.owner)


def stop_download(download: Download) -> None:
    """Stop it for all."""
    _check_stop(download)
    download.stop()


def keep_pictures(source: IO[bytes] | Path, title: str, client: Client) -> Task[str]:
    """Begin to keep a set of pictures as this visitor's; it is read in turn for `client`."""
    who = current()
    access.check_upload(who, access.rules())
    return own.start_keeping(source, title, client, who)
