"""Who is asking, and the one door through which a page changes a run or a set of pictures.

Other modules of the pages only read runs. Buttons that would be refused are off, with the reason
as their help; but what refuses is here.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer import access, runs
from explorer.access import Denied, Limits, Visitor
from explorer.datasets import own
from explorer.recipes import Recipe
from explorer.runs import Run, quota
from explorer.teacher_key import Throttle
from explorer.ui import owner_cookie

_NO_COOKIE = "visitor of this session"
_throttle = Throttle()
_teachers: set[str] = set()  # owners who have given the key to this process


def current() -> Visitor:
    """Whoever this page is drawn for."""
    rules = access.rules()
    if not rules.shared:
        return access.ON_THIS_MACHINE
    owner = access.owner_of(_cookie())
    return rules.visitor(owner, teacher=owner in _teachers)


def _cookie() -> str:
    """The browser's; where it keeps none, one for as long as this session lasts."""
    found = owner_cookie.read(st.context.cookies)
    return found or str(st.session_state.setdefault(_NO_COOKIE, owner_cookie.made()))


# -- the teacher ------------------------------------------------------------------------------


def become_teacher(key: str) -> bool:
    """Whether this is the teacher's key; from then on this browser may change everything.

    Raises:
        ValueError: too many wrong ones were tried before.
    """
    who = current()
    right = _throttle.try_out(who.owner, key, access.rules().key)
    if right:
        _teachers.add(who.owner)
    return right


def leave_teacher() -> None:
    """Be a visitor like the others again."""
    _teachers.discard(current().owner)


# -- what may be done -------------------------------------------------------------------------


def _refusal(check: Callable[..., object], *given: Any) -> str:
    try:
        check(*given)
    except Denied as denied:
        return str(denied)
    return ""


def check_train() -> Visitor:
    """Whether this visitor may train; who it is.

    Raises:
        Denied: they may not.
    """
    who = current()
    access.check_train(who, access.rules())
    return who


def may_not_train() -> str:
    """Why this visitor may not train; "" if they may."""
    return _refusal(check_train)


def may_not_launch(recipe: Recipe, seconds: float | None) -> str:
    """Why this visitor may not launch such a run, as far as that is known at once; "" if so."""
    limits = current().limits
    return may_not_train() or _refusal(access.check_run, limits, recipe.epochs, seconds)


def refusal(verb: str, run: Run) -> str:
    """Why this visitor may not do that with the run; "" if they may."""
    if verb == "retry":
        return may_not_train()
    not_theirs = _refusal(access.check_change, current(), run.owner, run.name)
    return not_theirs or (may_not_train() if verb == "resume" else "")


def may_not_add_pictures(count_of_bytes: int = 0) -> str:
    """Why this visitor may not add a set of pictures, of so many bytes; "" if they may."""
    not_theirs = _refusal(access.check_upload, current(), access.rules())
    return not_theirs or may_not_fill(count_of_bytes)


def may_not_fill(count_of_bytes: int) -> str:
    """Why the disk has no room for so many bytes more; "" if it has."""
    left = Limits(free_bytes=current().limits.free_bytes)
    if not left.free_bytes:
        return ""
    return _refusal(access.check_room, left, count_of_bytes, 0, quota.free())


def may_not_delete(pictures: str) -> str:
    """Why this visitor may not delete a set of pictures; "" if they may."""
    return _refusal(_check_pictures, pictures)


def _check_pictures(name: str) -> None:
    access.check_change(current(), own.owner(name), name.removeprefix(own.PREFIX))


# -- changes ----------------------------------------------------------------------------------


def launch(recipe: Recipe, name: str = "", seconds: float | None = None) -> int:
    """Launch a run as this visitor's; its number.

    Raises:
        ValueError: not allowed, or it cannot be trained.
    """
    return runs.launch(recipe, name, seconds=seconds, visitor=check_train())


def retry(number: int) -> int:
    """Launch a run like this one, whosever it is, as this visitor's; its number.

    Raises:
        ValueError: not allowed, or it cannot be trained.
    """
    return runs.retry(number, visitor=check_train())


def resume(number: int) -> None:
    """Take a run up again.

    Raises:
        ValueError: not allowed, or it cannot be taken up.
    """
    _check_change(number)
    runs.resume(number, visitor=check_train())


def _check_change(number: int) -> None:
    run = runs.get(number)
    access.check_change(current(), run.owner, run.name)


def delete_pictures(name: str) -> None:
    """Forget a set of own pictures.

    Raises:
        Denied: it is somebody else's.
    """
    _check_pictures(name)
    own.delete(name)


def _on_own_runs(verb: Callable[..., None]) -> Callable[..., None]:
    def change(number: int, *given: Any) -> None:
        _check_change(number)
        verb(number, *given)

    return change


pause = _on_own_runs(runs.pause)
stop = _on_own_runs(runs.stop)
cancel = _on_own_runs(runs.cancel)
rename = _on_own_runs(runs.rename)
note = _on_own_runs(runs.note)
delete = _on_own_runs(runs.delete)
