"""What is counted and measured, kept for all visitors, and done in pieces while one looks on.

Nothing goes on in the background: a piece is done whenever a page that shows the work runs again.
Thirty visitors who compare the same networks share the pieces.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from explorer import weights
from explorer.analysis.summary import Summary
from explorer.base.cache import SizedCache
from explorer.base.language import _
from explorer.base.units import duration, exact
from explorer.inside import comparison
from explorer.inside.comparison import Count, Piecework, Timing
from explorer.ui import cached
from explorer.ui.entries import entry
from explorer.ui.model_picker import download
from explorer.weights import Model
from pages.inside.compare.charts import LETTERS

PIECE = 0.4  # seconds that a page works before it shows how far it is
EVERY = 0.5  # seconds from one piece to the next
AUTOMATIC = 60  # seconds of counting that nobody needs to ask for

_WISH = "compare wish"  # for which works a visitor has asked, or not any more

_counts: SizedCache[Count] = SizedCache(40_000_000, lambda each: each.nbytes)
_timings: SizedCache[Timing] = SizedCache(20_000_000, lambda each: each.nbytes)


@dataclass(frozen=True, eq=False)
class Side:
    """One of the networks, with its letter and its works; `count` is None without shared data."""

    letter: str
    model: Model
    summary: Summary
    timing: Timing
    count: Count | None
    failed: list[str] = field(default_factory=list)  # sentences: its weights went as it was at work

    @property
    def works(self) -> list[Piecework]:
        """What there is to be done, or has been."""
        return [self.timing, self.count] if self.count else [self.timing]

    def advance(self, work: Piecework, seconds: float) -> None:
        """Do a piece of one of its works; if that cannot be done, it is `failed`."""
        try:
            work.advance(self.model.load, seconds)
        except ValueError as error:
            self.failed.append(str(error))


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
    summary = cached.measure(given.spec, given.size)
    timing = _timings.get((given.spec, given.size), lambda: comparison.time(given))
    count = None
    if dataset:
        macs, key = summary.totals.macs, (given, dataset, pictures)
        count = _counts.get(key, lambda: comparison.count(given, dataset, pictures, macs))
    return Side(letter, given, summary, timing, count)


# -- doing it ---------------------------------------------------------------------------------


def show(given: Sequence[Side]) -> list[Side]:
    """Do what is left, with progress and a button that stops it; or offer to do it.

    The networks that can still be compared: those whose weights went meanwhile are said.
    """
    key = " ".join(f"{each.model.spelled} {each.count and each.count.total}" for each in given)
    _advance(given, key)
    for side in given:
        for sentence in side.failed:
            st.error(f"{side.letter}: {sentence}", icon=":material/broken_image:")
    there = _there(given)
    if _works(there, key):
        _watch(there, key, [])
    elif any(not work.finished for side in there for work in side.works):
        _offer(there, key)
    return there


def _there(given: Sequence[Side]) -> list[Side]:
    return [side for side in given if not side.failed]


def _works(given: Sequence[Side], key: str) -> list[tuple[Side, Piecework]]:
    """What is to be done now: the times first, since they say how long the counts will take."""
    wish = st.session_state.get(_WISH, ("", True))
    asked, refused = wish == (key, True), wish == (key, False)
    there = _there(given)
    times = [(side, side.timing) for side in there if not side.timing.finished]
    if times or refused:
        return [] if refused else [*times]
    counts = [(side, side.count) for side in there if side.count and not side.count.finished]
    return [*counts] if asked or _seconds_left(given) <= AUTOMATIC else []


def _advance(given: Sequence[Side], key: str) -> None:
    """Work for about so long as a piece takes."""
    end = time.monotonic() + PIECE
    while (rest := end - time.monotonic()) > 0 and (works := _works(given, key)):
        side, work = works[0]
        before = work.done
        side.advance(work, rest)
        if work.done == before and not side.failed:  # it is somebody else's turn
            return


def _wish(key: str, on: bool) -> None:
    st.session_state[_WISH] = (key, on)


def _seconds_left(given: Sequence[Side]) -> float:
    """To count the rest: at the rate so far, else as long as one picture after the other takes."""
    left = 0.0
    for side in given:
        if (count := side.count) and not count.finished and side.timing.runs:
            alone = side.timing.for_one * (count.total - count.done)
            left += alone if count.seconds_left is None else count.seconds_left
    return left


@st.fragment(run_every=EVERY)
def _watch(given: Sequence[Side], key: str, ended: list[int]) -> None:
    """A piece at every run but the first; when one of the works ends, the page shows what came.

    Where weights went meanwhile, the page begins anew with those that are there, and says so.

    The first run belongs to that of the whole page, which is let come to its end: a page that
    starts anew before the browser has drawn it forgets what its widgets were to begin with.
    `ended` is empty at first: how many works had ended then is kept in it.
    """
    if ended:
        _advance(given, key)
        if not _works(given, key) or _ended(given) != ended[0]:
            st.rerun()
    else:
        ended.append(_ended(given))
    left = _seconds_left(given)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(_share(given, left), _told(given, left), width=560)
        st.button(
            _("Stop"),
            key="compare_stop",
            icon=":material/stop_circle:",
            on_click=_wish,
            args=(key, False),
        )


def _ended(given: Sequence[Side]) -> int:
    """How many works are over, for good or ill."""
    return sum(work.finished or bool(side.failed) for side in given for work in side.works)


def _share(given: Sequence[Side], left: float) -> float:
    """How much is done: of the times by their number, then of the counts by their seconds."""
    timed = sum(side.timing.finished for side in given)
    if timed < len(given):
        return timed / len(given)
    spent = sum(side.count.seconds for side in given if side.count)
    return spent / ((spent + left) or 1)


def _told(given: Sequence[Side], left: float) -> str:
    for side in given:
        if not side.timing.finished:
            return _("Measuring how long {letter} takes for one picture").format(letter=side.letter)
    for side in given:
        if (count := side.count) and not count.finished:
            words = _("Counting what {letter} gets right: {done} of {total} pictures, {n} s left")
            return words.format(
                letter=side.letter,
                done=exact(count.done),
                total=exact(count.total),
                n=max(1, round(left)),
            )
    return ""


def _offer(given: Sequence[Side], key: str) -> None:
    """It would take long, or was stopped."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Count what they get right"),
            key="compare_go",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_wish,
            args=(key, True),
        )
        if seconds := _seconds_left(given):
            words = _("It takes about {time}, and can be stopped.")
            st.caption(words.format(time=duration(max(1, round(seconds)))), width="content")
