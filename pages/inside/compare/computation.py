"""What is counted and measured, shared by all visitors, as long as one looks on."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from explorer import weights
from explorer.analysis.summary import Summary, measure
from explorer.base.language import _
from explorer.base.tasks import Ending, Pool, SharedTasks, Steps
from explorer.base.units import duration, exact
from explorer.data import datasets
from explorer.inside import comparison
from explorer.inside.comparison import Answers, Timing, timing
from explorer.ui import complaint, progress
from explorer.ui.entries import entry
from explorer.ui.model_picker import weight_sources
from explorer.ui.size_mismatch import complaints
from explorer.weights import Model
from pages.inside.compare.charts import LETTERS

Value = TypeVar("Value")

MOMENT = 0.4  # seconds that a page waits before it shows how far it is
AUTOMATIC = 60  # seconds of counting that nobody needs to ask for
_ASKED = "compare asked"  # which counts, though they take long, a visitor has asked for

# One at a time in this process: two that measure at once would measure each other.
_ALONE = Pool(at_once=1, seconds=0.4)
_counts: SharedTasks[Answers] = SharedTasks(_ALONE, 40_000_000)
_timings: SharedTasks[Timing] = SharedTasks(_ALONE, 20_000_000)


class Part(Generic[Value]):
    """One of a network's tasks, which all visitors share, and how it is begun."""

    def __init__(
        self, tasks: SharedTasks[Value], key: Hashable, steps: Steps[Value], nbytes: int
    ) -> None:
        self.task = tasks.find(key, nbytes)
        self.ask = partial(tasks.ask, key, steps, nbytes=nbytes, client=progress.client())

    @property
    def done(self) -> bool:
        """Whether its result is there."""
        return self.task.ending is Ending.DONE

    @property
    def value(self) -> Value | None:
        """Its result, once it is there, whole."""
        return self.task.latest if self.done else None


@dataclass(frozen=True, eq=False)
class Side:
    """One of the networks, with its letter: how long it takes, and what it says to each picture."""

    letter: str
    model: Model
    summary: Summary
    timing: Part[Timing]
    count: Part[Answers] | None = None  # None without shared data
    pictures: int = 0  # to be counted

    @property
    def parts(self) -> list[Part[Any]]:
        """What there is to be done, or has been."""
        return [self.timing, self.count] if self.count else [self.timing]

    @property
    def answers(self) -> Answers | None:
        """What it says to each picture, once all are counted."""
        return self.count.value if self.count else None

    @property
    def failed(self) -> list[str]:
        """Sentences: its weights went as it was at work; of a time that networks share, another's
        may have, and it is tried again."""
        tasks = [part.task for part in self.parts]
        broken = [task for task in tasks if task.failed and not task.may_try_again]
        if not broken:
            return []
        try:
            self.model.load()
        except ValueError as error:
            return [str(error)]
        return [task.sentence for task in broken if task.ending is Ending.BROKEN]


def sides(models: Sequence[Model], dataset: str, pictures: int) -> list[Side]:
    """Each network with what is known of it. One that cannot be loaded is said, and left out.

    `dataset` is "" if there is none that all of them read.
    """
    loaded: list[Side] = []
    for model in models:
        if model.source == weights.PUBLISHED and not weight_sources.at_hand(model.spec.name):
            _not_here(model.spec.name)
            continue
        with complaints():
            model.load()
            loaded.append(_side(LETTERS[len(loaded)], model, dataset, pictures))
    return loaded


def _not_here(network: str) -> None:
    """Published weights are downloaded where that can be watched and stopped."""
    words = _("The published weights of {network} are not on this machine yet.")
    st.warning(words.format(network=network), icon=":material/cloud_download:")
    st.page_link(
        entry("feature-maps").path,
        label=_("Get them on the page Feature maps"),
        icon=":material/visibility:",
        query_params={"network": network, "weights": weights.PUBLISHED},
    )


def _side(letter: str, model: Model, dataset: str, pictures: int) -> Side:
    summary = measure(model.spec, model.size)
    times = Part(_timings, (model.spec, model.size), timing.steps(model.size, model.load), 4000)
    if not dataset:
        return Side(letter, model, summary, times)
    total = min(pictures, datasets.get(dataset).test_count)
    steps = comparison.count(model, dataset, pictures, summary.totals.macs)
    count = Part(_counts, (model, dataset, pictures), steps, 20 * total + 1000)
    return Side(letter, model, summary, times, count, total)


# -- doing it ---------------------------------------------------------------------------------


def show(sides: Sequence[Side]) -> list[Side]:
    """Do what is left, with progress and a button that stops it; or offer to do it.

    The networks that can still be compared: those whose weights went meanwhile are said.
    """
    key = " ".join(f"{each.model.spelled} {each.pictures}" for each in sides)
    _advance(sides, key)
    for side in sides:
        for sentence in side.failed:
            complaint.show(f"{side.letter}: {sentence}", "broken_image")
    working = _loadable(sides)
    if _due(working, key):
        progress.live(partial(_watch, working, key, _ended(working)))
    elif not all(part.done for side in working for part in side.parts):
        _offer(working, key)
    return working


def _loadable(sides: Sequence[Side]) -> list[Side]:
    return [side for side in sides if not side.failed]


def _due(sides: Sequence[Side], key: str) -> list[Part[Any]]:
    """What is to be done now: the times first, since they say how long the counts will take."""
    if progress.halted("compare", key):
        return []
    working = _loadable(sides)
    times: list[Part[Any]] = [side.timing for side in working if not side.timing.done]
    if times or not (st.session_state.get(_ASKED) == key or _seconds_left(sides) <= AUTOMATIC):
        return times
    counts = [side.count for side in working if side.count and not side.count.done]
    return [*counts[:1]]  # one after the other: a finished row is something to see


def _advance(sides: Sequence[Side], key: str) -> None:
    """Have it go on, and wait a moment: much takes no longer."""
    end = time.monotonic() + MOMENT
    while (due := _due(sides, key)) and (rest := end - time.monotonic()) > 0:
        for part in due:
            part.ask()
        due[0].task.wait(rest)


def _seconds_left(sides: Sequence[Side]) -> float:
    """To count the rest: at the rate so far, else as long as one picture after the other takes."""
    left = 0.0
    for side in sides:
        if (count := side.count) and not count.done and (timing := side.timing.value):
            alone = timing.for_one * (side.pictures - count.task.done)
            left += alone if count.task.seconds_left is None else count.task.seconds_left
    return left


def _watch(sides: Sequence[Side], key: str, ended: int, _timed: bool) -> bool:
    """How far it is; when one of the tasks ends, for good or ill, the page shows what came."""
    due = _due(sides, key)
    for part in due:
        part.ask()
    left = _seconds_left(sides)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(_share(sides, left), _words(sides, left), width=560)
        progress.switch("compare", key, *(part.task for part in due))
    return bool(due) and _ended(sides) == ended


def _ended(sides: Sequence[Side]) -> int:
    return sum(bool(side.failed) or part.done for side in sides for part in side.parts)


def _share(sides: Sequence[Side], left: float) -> float:
    """How much is done: of the times by their number, then of the counts by their seconds."""
    timed = sum(side.timing.done for side in sides)
    if timed < len(sides):
        return timed / len(sides)
    spent = sum(side.count.task.seconds for side in sides if side.count)
    return spent / ((spent + left) or 1)


def _words(sides: Sequence[Side], left: float) -> str:
    for side in sides:
        if not side.timing.done:
            return _("Measuring how long {letter} takes for one picture").format(letter=side.letter)
    for side in sides:
        if (count := side.count) and not count.done:
            words = _("Counting what {letter} gets right: {done} of {total} pictures, {n} s left")
            return words.format(
                letter=side.letter,
                done=exact(count.task.done),
                total=exact(side.pictures),
                n=max(1, round(left)),
            )
    return ""


def _go_on(key: str) -> None:
    st.session_state[_ASKED] = key
    progress.halt("compare", None)


def _offer(sides: Sequence[Side], key: str) -> None:
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
        if seconds := _seconds_left(sides):
            words = _("It takes about {time}, and can be stopped.")
            st.caption(words.format(time=duration(max(1, round(seconds)))), width="content")
