"""The parts of the page: all channels, the best pictures of one, and a picture drawn for it."""

import time
from collections.abc import Mapping

import streamlit as st

from explorer.base.language import _
from explorer.inside.feature_visualization import Ascent, Found, Settings
from explorer.ui import link_warnings
from explorer.ui.inside import recordings
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
from pages.inside.feature_visualization.computation import Work
from pages.inside.feature_visualization.controls import Looked
from pages.inside.feature_visualization.subjects import Subject

EVERY = 0.5  # seconds between two looks at work that goes on
# Seconds after which a browser has put up its widgets; before, it would take them from a second
# drawing of the page, without the values that the first one gave them.
SETTLES = 2.0
_HALTED, _STARTED = "excites halted", "excites started"
_IDLE, _DRAWN = "excites idle", "excites drawn"


def look(looked: Looked) -> None:
    """All of it; while work goes on it is drawn anew, twice a second, and nothing else is."""
    timed = not st.session_state.pop(_IDLE, False)
    st.session_state[_DRAWN] = None
    st.fragment(_look, run_every=EVERY if timed else None)(looked, timed)
    st.session_state[_DRAWN] = time.monotonic()


def _look(looked: Looked, timed: bool) -> None:
    drawn = st.session_state.get(_DRAWN)  # when the whole page was
    try:
        going = _drawn(looked, timed=timed)
    except ValueError as error:  # weights that were there a moment ago have been deleted
        st.error(str(error), icon=":material/broken_image:")
        going = False
    link_warnings.settle_part()
    if going and not timed:
        st.rerun()  # the whole page, with a clock
    if timed and not going and drawn and time.monotonic() - drawn > SETTLES:
        st.session_state[_IDLE] = True
        st.rerun()  # without


def _drawn(looked: Looked, *, timed: bool) -> bool:
    """Take a slice of what is to be done, draw how far it is, and say whether it goes on."""
    controls.arrive()
    subject = looked.subject
    search = subjects.search(subject)
    halted = _is(_HALTED, "search", subject)
    if search.latest is None or not halted:
        subjects.go_on_searching(subject)
    found = search.latest
    if found is None:  # or another visitor's slice has failed; ours will say why
        st.caption(_("Waiting for other visitors’ work …"))
        return True
    count = found.values.shape[1]
    channel = controls.channel(count)
    left, middle, right = st.columns([1.02, 1, 0.94], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", key="excites_heading"):
            st.markdown(_heading(looked), width="stretch")
            if not search.done:  # above the fold, however many channels there are
                _switch("search", subject, halted=halted)
        _mosaic(looked, found, channel)
        _search_told(subject, search, count, halted=halted)
        shape = subject.gallery.shape
        mode.tell(recordings.measured(subject.network, subject.options, shape))
    with middle:
        _top(looked, found, channel)
    with right:
        drawn, ascending = _ascent(looked, found, channel)
    if not timed:  # a file that is asked for would be gone with the next drawing
        files.offer(subject, found, channel, drawn)
    return ascending or not (search.done or halted)


def _is(what: str, kind: str, key: object) -> bool:
    """Whether this visitor has halted, or started, exactly this."""
    return bool(st.session_state.get(f"{what} {kind}") == key)


def _set(what: str, kind: str, key: object) -> None:
    st.session_state[f"{what} {kind}"] = key


def _search_told(subject: Subject, work: Work[Found], count: int, *, halted: bool) -> None:
    assert work.latest is not None
    seen, total = work.latest.seen, work.latest.total
    pace = _pace(seen, total, work, halted=halted)
    told = f"{controls.told(subject, seen, count)} · {pace}"
    if work.done:
        st.caption(told)
        return
    st.progress(seen / total, told)


def _pace(done: int, total: int, work: Work[Found] | Work[Ascent], *, halted: bool) -> str:
    """How fast it goes, or how long it took."""
    if work.done:
        return _("{seconds} s of computing").format(seconds=f"{work.seconds:.1f}")
    if halted:
        return _("stopped")
    rate = done / max(work.seconds, 1e-3)
    return _("{rate} a second, {seconds} s left").format(
        rate=f"{rate:.3g}", seconds=round((total - done) / max(rate, 1e-6))
    )


def _switch(kind: str, key: object, *, halted: bool) -> None:
    """A button that stops the work for this visitor, or goes on with it."""
    label, icon, new = (
        (_("Go on"), ":material/play_circle:", None)
        if halted
        else (_("Stop"), ":material/stop_circle:", key)
    )
    st.button(label, key=f"switch_{kind}", icon=icon, on_click=_set, args=(_HALTED, kind, new))


# -- the three columns ------------------------------------------------------------------------


def _mosaic(looked: Looked, found: Found, channel: int) -> None:
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


def _top(looked: Looked, found: Found, channel: int) -> None:
    subject = looked.subject
    st.markdown(f"**{controls.title(looked, found.values.shape[1], channel)}**")
    top.show(subject, found, channel, looked.kind, _address(looked))
    st.caption(top.sentence(subject, found, channel))
    classes.show(subject, found, channel)


def _address(looked: Looked) -> dict[str, str]:
    """The network and its weights, as a link to another page says them."""
    known = looked.choice.known
    names = {"side", *(name for name, _value in looked.choice.options)}
    given: Mapping[str, str] = st.query_params.to_dict()
    built = {name: value for name, value in given.items() if name in names}
    return {"network": known.network, "weights": known.source, **built}


def _ascent(looked: Looked, found: Found, channel: int) -> tuple[Ascent | None, bool]:
    """A picture made for the channel, and whether it still grows."""
    st.markdown(_("**Drawn for it**, from noise"))
    subject, settings = looked.subject, looked.settings
    key = (subject, channel, settings)
    work = subjects.ascent(*key)
    halted = _is(_HALTED, "ascent", key)
    wanted = subject.cheap or work.latest is not None or _is(_STARTED, "ascent", key)
    if not wanted:
        _offer(key)
        return None, False
    if work.latest is None or not halted:
        subjects.go_on_ascending(*key)
    ascent.show(*key, work, float(found.values[0, channel]))
    _ascent_told(work, settings, key, halted=halted)
    return work.latest, not (work.done or halted)


def _offer(key: object) -> None:
    st.caption(_("A step takes this network a while, so it begins when you say so."))
    st.button(
        _("Begin"), key="begin_ascent", type="primary", icon=":material/play_circle:",
        on_click=_set, args=(_STARTED, "ascent", key),
    )  # fmt: skip


def _ascent_told(work: Work[Ascent], settings: Settings, key: object, *, halted: bool) -> None:
    if work.done:
        return
    if work.latest is None:
        st.caption(_("Waiting for other visitors’ work …"))
        return
    step = work.latest.step
    st.progress(step / settings.steps, _pace(step, settings.steps, work, halted=halted))
    _switch("ascent", key, halted=halted)
