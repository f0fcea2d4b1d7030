"""The parts of the page: all channels, the best pictures of one, and a picture drawn for it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.base.tasks import Task
from explorer.inside.feature_visualization import Ascent, TopPictures
from explorer.ui import progress, selection
from explorer.ui.model_picker import mode
from pages.inside.feature_visualization import (
    ascent,
    classes,
    controls,
    files,
    patch_mosaic,
    subjects,
    top,
)
from pages.inside.feature_visualization.controls import Looked
from pages.inside.feature_visualization.state import STATE

_STARTED = "excites started"  # the ascent that this visitor has begun


def look(looked: Looked) -> None:
    """All of it; while work goes on it is drawn anew, twice a second, and nothing else is."""
    progress.live(partial(_look, looked), "excites")


def _look(looked: Looked, timed: bool) -> bool:
    try:
        return _drawn(looked, timed=timed)
    except ValueError as error:  # weights that were there a moment ago have been deleted
        st.error(str(error), icon=":material/broken_image:")
        return False


def _drawn(looked: Looked, *, timed: bool) -> bool:
    """Draw how far everything is, and say whether it goes on."""
    selection.arrive(STATE, "channel")
    subject = looked.subject
    halted = progress.halted("search", subject)
    search = subjects.search(subject, go_on=not halted)
    found = search.latest
    if found is None:
        st.caption(_("Waiting for other visitors’ work …"))
        return True
    count = found.values.shape[1]
    channel = selection.index(STATE, "channel", count)
    left, middle, right = st.columns([1.02, 1, 0.94], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", key="excites_heading"):
            st.markdown(_heading(looked), width="stretch")
            if not found.done:  # above the fold, however many channels there are
                progress.switch("search", subject, search)
        _mosaic(looked, found, channel)
        told = controls.told(subject, found.seen, count)
        pace = _pace(search, found.seen, found.total, done=found.done, halted=halted)
        if found.done:
            st.caption(f"{told} · {pace}")
        else:
            progress.bar(found.seen, found.total, f"{told} · {pace}")
        shape = subject.gallery.shape
        mode.tell(measure(subject.model.spec, shape))
    with middle:
        _top(looked, found, channel)
    with right:
        drawn, ascending = _ascent(looked, found, channel)
    if not timed:  # a file that is asked for would be gone with the next drawing
        files.offer(subject, found, channel, drawn)
    return ascending or not (found.done or halted)


def _pace(task: Task[Any], at: int, total: int, *, done: bool, halted: bool) -> str:
    """How fast it goes, or how long it took."""
    if done:
        return _("{seconds} s of computing").format(seconds=f"{task.seconds:.1f}")
    if halted:
        return _("stopped")
    rate = at / max(task.seconds, 1e-3)
    return _("{rate} a second, {seconds} s left").format(
        rate=f"{rate:.3g}", seconds=round((total - at) / max(rate, 1e-6))
    )


# -- the three columns ------------------------------------------------------------------------


def _mosaic(looked: Looked, found: TopPictures, channel: int) -> None:
    patch_mosaic.show(
        looked.subject, found, key="excites_mosaic", chosen=channel, sort=looked.sort,
        classes=looked.classes, choose=controls.go,
    )  # fmt: skip


def _heading(looked: Looked) -> str:
    if looked.classes:
        return _("**Every class's strongest picture** · choose one")
    if subjects.fields(looked.subject).sees_all:
        return _("**Every channel's strongest picture** · choose one")
    return _("**Every channel's strongest patch** · choose one")


def _top(looked: Looked, found: TopPictures, channel: int) -> None:
    subject = looked.subject
    st.markdown(f"**{controls.title(looked, found.values.shape[1], channel)}**")
    top.show(subject, found, channel, looked.kind, _address(looked))
    st.caption(top.sentence(subject, found, channel))
    classes.show(subject, found, channel)


def _address(looked: Looked) -> dict[str, str]:
    """The network and its weights, as a link to another page says them."""
    model = looked.model
    names = {"side", *looked.model.spec.values}
    given: Mapping[str, str] = st.query_params.to_dict()
    built = {name: value for name, value in given.items() if name in names}
    return {"network": model.spec.name, "weights": model.source, **built}


def _ascent(looked: Looked, found: TopPictures, channel: int) -> tuple[Ascent | None, bool]:
    """A picture made for the channel, and whether it still grows."""
    st.markdown(_("**Drawn for it**, from noise"))
    subject, settings = looked.subject, looked.settings
    key = (subject, channel, settings)
    if not (subject.cheap or st.session_state.get(_STARTED) == key or subjects.begun(*key)):
        _offer(key)
        return None, False
    halted = progress.halted("ascent", key)
    task = subjects.ascent(*key, go_on=not halted)
    drawn = task.latest
    if drawn is None:
        st.caption(_("Waiting for other visitors’ work …"))
        return None, True
    ascent.show(*key, drawn, float(found.values[0, channel]))
    if not drawn.done:
        pace = _pace(task, drawn.step, settings.steps, done=False, halted=halted)
        progress.bar(drawn.step, settings.steps, pace)
        progress.switch("ascent", key, task)
    return drawn, not (drawn.done or halted)


def _offer(key: object) -> None:
    st.caption(_("A step takes this network a while, so it begins when you say so."))
    st.button(
        _("Begin"), key="begin_ascent", type="primary", icon=":material/play_circle:",
        on_click=st.session_state.__setitem__, args=(_STARTED, key),
    )  # fmt: skip
