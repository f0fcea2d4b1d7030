"""What is counted and measured, shared by all visitors, as long as one looks on."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from explorer import weights
from explorer.analysis.summary import Summary, measure
from explorer.base.language import _
from explorer.base.tasks import Ending, Pool, SharedTasks, Task
from explorer.base.units import duration, exact
from explorer.data import datasets
from explorer.inside import comparison
from explorer.inside.comparison import Answers, Timing
from explorer.ui import progress
from explorer.ui.entries import entry
from explorer.ui.model_picker import download
from explorer.weights import Model
from pages.inside.compare.charts import LETTERS

MOMENT = 0.4  # seconds that a page waits before it shows how far it is
AUTOMATIC = 60  # seconds of counting that nobody needs to ask for
_ASKED = "compare asked"  # which counts, though they take long, a visitor has asked for

# One at a time in this process: two that measure at once would measure each other.
_ALONE = Pool(at_once=1, seconds=0.4)
_counts: SharedTasks[Answers] = SharedTasks(_ALONE, 40_000_000)
_timings: SharedTasks[Timing] = SharedTasks(_ALONE, 20_000_000)


@dataclass(frozen=True, eq=False)
class Side:
    """One of the networks, with its letter and its tasks; `count` is None without shared data."""

    letter: str
    model: Model
    summary: Summary
    timing: Task[Timing]
    count: Task[Answers] | None
    pictures: int  # to be counted
    ask: Mapping[Task[Any], Callable[[], object]]  # how each of its tasks is begun

    @property
    def tasks(self) -> list[Task[Any]]:
        """What there is to be done, or has been."""
        return [*self.ask]

    @property
    def time(self) -> Timing | None:
        """How long it takes, once that is known."""
        return self.timing.latest if _done(self.timing) else None

    @property
    def answers(self) -> Answers | None:
        """What it says to each picture, once all are counted."""
        return self.count.latest if self.count and _done(self.count) else None

    @property
    def failed(self) -> list[str]:
        """Sentences: its weights went as it was at work; of a time that networks share, another's
        may have, and it is tried again."""
        broken = [task for task in self.tasks if task.failed and not task.may_try_again]
        if not broken:
            return []
        try:
            self.model.load()
        except ValueError as error:
            return [str(error)]
        return [task.sentence for task in broken if task.ending is Ending.BROKEN]


def _done(task: Task[Any]) -> bool:
    return task.ending is Ending.DONE


def sides(models: Sequence[Model], dataset: str, pictures: int) -> list[Side]:
    """Each network with what is known of it. One that cannot be loaded is said, and left out.

    `dataset` is "" if there is none that all of them read.
    """
    found: list[Side] = []
    for each in models:
        if each.source == weights.PUBLISHED and not download.here(each.spec.name):
            _not_here(each)
            continue
        try:
            each.load()
            found.append(_side(LETTERS[len(found)], each, dataset, pictures))
        except ValueError as error:
            st.error(str(error), icon=":material/broken_image:")
    return found


def _not_here(given: Model) -> None:
    """Published weights are downloaded where that can be watched and stopped."""
    network = given.spec.name
    st.warning(
        _("The published weights of {network} are not on this machine yet.").format(
            network=network
        ),
        icon=":material/cloud_download:",
    )
    st.page_link(
        entry("feature-maps").path,
        label=_("Get them on the page Feature maps"),
        icon=":material/visibility:",
        query_params={"network": network, "weights": weights.PUBLISHED},
    )


def _side(letter: str, given: Model, dataset: str, pictures: int) -> Side:
    summary = measure(given.spec, given.size)
    key, nbytes = (given.spec, given.size), 4000
    timing = _timings.find(key, nbytes)
    ask: dict[Task[Any], Callable[[], object]] = {
        timing: partial(
            _timings.ask, key, comparison.time(given), nbytes=nbytes, client=progress.client()
        )
    }
    if not dataset:
        return Side(letter, given, summary, timing, None, 0, ask)
    total, macs = min(pictures, datasets.get(dataset).test_count), summary.totals.macs
    counted, nbytes = (given, dataset, pictures), 20 * total + 1000
    count = _counts.find(counted, nbytes)
    steps = comparison.count(given, dataset, pictures, macs)
    ask[count] = partial(_counts.ask, counted, steps, nbytes=nbytes, client=progress.client())
    return Side(letter, given, summary, timing, count, total, ask)


# -- doing it ---------------------------------------------------------------------------------


def show(given: Sequence[Side]) -> list[Side]:
    """Do what is left, with progress and a button that stops it; or offer to do it.

    The networks that can still be compared: those whose weights went meanwhile are said.
    """
    key = " ".join(f"{each.model.spelled} {each.pictures}" for each in given)
    _advance(given, key)
    for side in given:
        for sentence in side.failed:
            st.error(f"{side.letter}: {sentence}", icon=":material/broken_image:")
    there = _there(given)
    if _wanted(there, key):
        progress.live(partial(_watch, there, key, _ended(there)))
    elif any(not _done(task) for side in there for task in side.tasks):
        _offer(there, key)
    return there


def _there(given: Sequence[Side]) -> list[Side]:
    return [side for side in given if not side.failed]


def _wanted(given: Sequence[Side], key: str) -> list[tuple[Side, Task[Any]]]:
    """What is to be done now: the times first, since they say how long the counts will take."""
    if progress.halted("compare", key):
        return []
    there = _there(given)
    times: list[tuple[Side, Task[Any]]]
    times = [(side, side.timing) for side in there if not _done(side.timing)]
    if times or not (st.session_state.get(_ASKED) == key or _seconds_left(given) <= AUTOMATIC):
        return times
    counts = [(side, side.count) for side in there if side.count and not _done(side.count)]
    return counts[:1]  # one after the other: a finished row is something to see


def _advance(given: Sequence[Side], key: str) -> None:
    """Have it go on, and wait a moment: much takes no longer."""
    end = time.monotonic() + MOMENT
    while (wanted := _wanted(given, key)) and (rest := end - time.monotonic()) > 0:
        for side, task in wanted:
            side.ask[task]()
        wanted[0][1].wait(rest)


def _seconds_left(given: Sequence[Side]) -> float:
    """To count the rest: at the rate so far, else as long as one picture after the other takes."""
    left = 0.0
    for side in given:
        if (count := side.count) and not _done(count) and side.time:
            alone = side.time.for_one * (side.pictures - count.done)
            left += alone if count.seconds_left is None else count.seconds_left
    return left


def _watch(given: Sequence[Side], key: str, ended: int, _timed: bool) -> bool:
    """How far it is; when one of the tasks ends, for good or ill, the page shows what came."""
    wanted = _wanted(given, key)
    for side, task in wanted:
        side.ask[task]()
    left = _seconds_left(given)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(_share(given, left), _told(given, left), width=560)
        progress.switch("compare", key, *(task for _side, task in wanted))
    return bool(wanted) and _ended(given) == ended


def _ended(given: Sequence[Side]) -> int:
    return sum(bool(side.failed) or _done(task) for side in given for task in side.tasks)


def _share(given: Sequence[Side], left: float) -> float:
    """How much is done: of the times by their number, then of the counts by their seconds."""
    timed = sum(_done(side.timing) for side in given)
    if timed < len(given):
        return timed / len(given)
    spent = sum(side.count.seconds for side in given if side.count)
    return spent / ((spent + left) or 1)


def _told(given: Sequence[Side], left: float) -> str:
    for side in given:
        if not _done(side.timing):
            return _("Measuring how long {letter} takes for one picture").format(letter=side.letter)
    for side in given:
        if (count := side.count) and not _done(count):
            words = _("Counting what {letter} gets right: {done} of {total} pictures, {n} s left")
            return words.format(
                letter=side.letter,
                done=exact(count.done),
                total=exact(side.pictures),
                n=max(1, round(left)),
            )
    return ""


def _go_on(key: str) -> None:
    st.session_state[_ASKED] = key
    progress.halt("compare", None)


def _offer(given: Sequence[Side], key: str) -> None:
    """It would take long, or was stopped."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Count what they get right"),
            key="compare_go",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_go_on,
            args=(key,),
        )
        if seconds := _seconds_left(given):
            words = _("It takes about {time}, and can be stopped.")
            st.caption(words.format(time=duration(max(1, round(seconds)))), width="content")
