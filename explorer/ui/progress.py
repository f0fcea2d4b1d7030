"""Work that outlasts a page's run, on the page: how far it is, the time left, Stop, and Go on.

What takes less than a second is simply waited for; the rest is watched by a part of the page that
is drawn anew twice a second, until the whole page is, with what came of the work.

**A race in Streamlit.** What a widget is to begin with (a link's choice, say) is sent to the
browser with the page's first drawing alone. Where the page is drawn a second time before the
browser has put the widget up, it sees only the second one, and the choice is lost: a part of a page
that asks for a rerun of the whole while that is being drawn, or just after, brings this about. So
nothing here asks for one but a run of that part which a browser's clock has begun, and none before
`SETTLES` seconds have passed since the page was opened.
"""

import math
import time
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.base.language import _, ngettext
from explorer.base.tasks import Client, Pool, Refused, SharedTasks, Steps, Task
from explorer.base.units import exact
from explorer.ui import complaint, link_warnings, page_address, visitor

Value = TypeVar("Value")

PATIENCE = 0.9  # seconds from the start before anything is shown of it
MOMENT = 0.05  # seconds that a page waits for work that it showed already
EVERY = 0.5  # seconds between two looks at the work
SETTLES = 2.0  # seconds after which a browser has put up what a page began with


# -- the race ---------------------------------------------------------------------------------


def _may_rerun(*, later: bool) -> bool:
    """Whether this is the part's own run, and the browser has put up what the page began with; or
    `later`, all that it was drawn with last."""
    opening = page_address.visit().opening
    drawn = opening.drawn_last if later else opening.drawn_first
    return page_address.only_a_part() and time.monotonic() > drawn + SETTLES


def live(draw: Callable[[bool], bool], name: str = "") -> None:
    """Draw a part of the page: as long as `draw` says that work goes on, twice a second anew; when
    it is over, the whole page.

    With a `name` the part then stays, without the clock, and begins again when work does; `draw` is
    told whether there is a clock.
    """
    timed = not (name and st.session_state.pop(f"{name} idle", False))
    st.fragment(_live, run_every=EVERY if timed else None)(draw, name, timed)


def _live(draw: Callable[[bool], bool], name: str, timed: bool) -> None:
    going = draw(timed)
    link_warnings.settle_part()
    if going and not timed:
        st.fragment(_wind, run_every=EVERY)()
    if timed and not going and _may_rerun(later=bool(name)):
        if name:
            st.session_state[f"{name} idle"] = True
        st.rerun()  # without


def _wind() -> None:
    """Have the whole page drawn with a clock, as soon as that may be."""
    if _may_rerun(later=True):
        st.rerun()


# -- what this visitor wants ------------------------------------------------------------------


def halted(name: str, key: Hashable) -> bool:
    """Whether this visitor has stopped exactly this work, which others may go on with."""
    return bool(st.session_state.get(f"{name} halted") == key)


def halt(name: str, key: Hashable, *tasks: Task[Any]) -> None:
    """Stop it for this visitor; go on with `key` None."""
    st.session_state[f"{name} halted"] = key
    for task in tasks:
        task.leave()


def hold(name: str, task: Task[Any] | None) -> bool:
    """Keep a visitor's task, whatever others compute meanwhile; the one before is wanted no more.

    Whether it is the same.
    """
    held: Task[Any] | None = st.session_state.get(f"{name} task")
    st.session_state[f"{name} task"] = task
    if held and held is not task:
        held.leave()
    return held is task


def switch(name: str, key: Hashable, *tasks: Task[Any], word: str = "") -> None:
    """A button that stops the work for this visitor, by this word, or goes on with it."""
    if halted(name, key):
        st.button(
            _("Go on"),
            key=f"{name}_go_on",
            icon=":material/play_circle:",
            on_click=halt,
            args=(name, None),
        )
    else:
        _stop(f"{name}_stop", partial(halt, name, key, *tasks), word=word)


def _stop(key: str, stop: Callable[[], None], refused: str = "", word: str = "") -> None:
    st.button(
        word or _("Stop"),
        key=key,
        icon=":material/stop_circle:",
        disabled=bool(refused),
        help=refused or None,
        on_click=stop,
    )


# -- watching ---------------------------------------------------------------------------------


def watch(
    task: Task[Any], words: Callable[[], str], stop: Callable[[], None], key: str, refused: str = ""
) -> None:
    """How far a task is, until it has ended. `refused` says why this visitor may not stop it."""

    def draw(_timed: bool) -> bool:
        bar(task.done, task.total, words())
        _stop(key, stop, refused)
        return not task.finished

    live(draw)


def bar(done: int, total: int, words: str) -> None:
    """How much is done of how much; nothing of 0."""
    st.progress(min(done / total, 1.0) if total else 0.0, words)


def follow(
    tasks: SharedTasks[Value],
    key: Hashable,
    steps: Steps[Value],
    name: str,
    words: Callable[[Task[Value]], str],
    *,
    nbytes: int = 1000,
    patience: float = PATIENCE,
    stop: str = "",
) -> Task[Value]:
    """A task that many may share, as far as it is: waited for, watched, stopped, gone on with.

    The page is drawn anew whenever there is more of its result. What failed is not tried again for
    the visitor who saw it. Work beyond `patience` is shown, with a button that says `stop`.
    """
    task = tasks.find(key, nbytes)

    def draw(_timed: bool) -> bool:
        task, active = tasks.find(key), not halted(name, key)
        if active and not task.failed:
            tasks.ask(key, steps, client=client())
        with _row(name):
            switch(name, key, task, word=stop)
            bar(task.done, task.total, words(task))
        return active and not task.finished and task.latest is latest

    same = hold(name, task)
    if halted(name, key):
        with _row(name):
            st.markdown(_("Stopped."), width="content")
            switch(name, key)
    elif not (same and task.failed):
        tasks.ask(key, steps, client=client())
        if not task.wait(MOMENT if same else max(patience - task.age, MOMENT)):
            latest = task.latest
            live(draw)
    return task


def _row(name: str) -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", key=f"{name}_progress")


# -- a visitor's file -------------------------------------------------------------------------


def client() -> Client:
    """Who is served now: each visitor has one turn at a time, each network its share."""
    context = get_script_run_ctx()
    owner = visitor.current().owner
    return Client(owner or (context.session_id if context else ""), visitor.address())


def read(
    file: UploadedFile | None, start: Callable[[bytes], Task[Value]], pool: Pool, key: str
) -> Value | None:
    """What an upload is, once it is read; until then, or if it is refused, that is on the page.

    The work on it is begun once, by `start`, and waits in the session under `key`.
    """
    if file is None:
        forget(key)
        return None
    try:
        task = _task(file, start, key)
        if not task.wait(max(PATIENCE - task.age, 0.0)):
            watch(task, partial(_words, task, pool), task.stop, f"{key}_stop")
            return None
        if task.stopped:
            st.info(task.sentence, icon=":material/block:")
            return None
        return task.result()
    except Refused as refused:
        complaint.show(refused, "broken_image")
        return None


def forget(key: str) -> None:
    """Let go of the work under `key`; what is not done is not needed any more."""
    if held := st.session_state.pop(f"{key} reading", None):
        held[1].stop()


def _task(file: UploadedFile, start: Callable[[bytes], Task[Value]], key: str) -> Task[Value]:
    held: tuple[str, Task[Value]] | None = st.session_state.get(f"{key} reading")
    if held and held[0] == file.file_id:
        return held[1]
    forget(key)
    task = start(file.getvalue())
    st.session_state[f"{key} reading"] = (file.file_id, task)
    return task


def in_round_words(seconds: float) -> str:
    """3599 → "1 hour", 61 → "2 minutes": whole ones, rounded up, as it is a bound."""
    n = max(1, math.ceil(seconds / 60))
    if n >= 60:
        hours = math.ceil(n / 60)
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    return ngettext("{n} minute", "{n} minutes", n).format(n=n)


def _words(task: Task[Any], pool: Pool) -> str:
    if before := max(pool.position(task) - 1, 0):
        words = ngettext("Waiting: {n} file comes first", "Waiting: {n} files come first", before)
        return words.format(n=before)
    if task.waiting:
        return _("Waiting: this file is next")
    if not task.total or task.seconds_left is None:
        words = _("Reading it … it is given up after {time} at the latest")
        return words.format(time=in_round_words(task.most_seconds_left))
    return _("{percent} % of {n} pictures · {left} s left").format(  # each is looked at twice
        percent=100 * task.done // task.total,
        n=exact(task.total // 2),
        left=round(task.seconds_left),
    )
