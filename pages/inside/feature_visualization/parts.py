"""The page: what is picked, then all channels, the best pictures of one, one drawn for it.

What gradient ascent draws is shown by `ascent.js`. The element to wait for in a test:
`[data-ascent-painted="<of> <steps>"]`.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.analysis.summary import Layer, measure
from explorer.base import plain_text
from explorer.base.language import _, ngettext
from explorer.base.tasks import Task
from explorer.base.units import exact, times
from explorer.data import datasets
from explorer.figures import pictures
from explorer.inside.feature_visualization import Ascent, Box, Gallery, Settings, TopPictures
from explorer.ui import (
    link_warnings,
    model_picker,
    picture_picker,
    progress,
    selection,
    size_mismatch,
)
from explorer.ui.boards.component import Component
from explorer.ui.model_picker import mode
from explorer.ui.picture_picker.browse import Place
from explorer.ui.save_buttons import Content, save_buttons
from explorer.weights import Model
from pages.inside.feature_visualization import figures, subjects, top
from pages.inside.feature_visualization.state import STATE
from pages.inside.feature_visualization.subjects import Subject

PICTURE = Component(Path(__file__).with_name("ascent.js"), "excites-ascent")
COUNTS = (500, 2000)  # pictures to go through, or all
_STARTED = "excites started"  # the ascent that this visitor has begun


def pick() -> tuple[Subject, Settings] | None:
    """Two rows of controls: what is looked at, and how a picture is drawn for it.

    None if there is nothing to look into yet, and what to do is said. None of the controls stands
    in the part of the page that is drawn anew while work goes on: a browser that is still putting
    up a widget would take it from the second drawing, without the value that the first one gave it.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="excites_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return None
        layers = subjects.layers(model.spec, model.size)
        layer = _pick_layer(layers) if layers else None
    mismatch = measure(model.spec, model.size).mismatch
    if mismatch or layer is None:
        problem = mismatch or _("No layer of this network reads the picture.")
        size_mismatch.complain(STATE, problem, model)
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", key="excites_pictures"):
        gallery = Gallery(_pick_data(model), model.size, model.normalisation)
        subject = Subject(model, layer, gallery, _pick_total(gallery))
        STATE.pick_listed("sort", _("Channels sorted"), width=130)
        if not subjects.fields(subject).sees_all:
            STATE.pick_listed("show", _("Pictures shown"), width=150)
        return subject, _pick_settings(subject)


def _pick_layer(layers: list[Layer]) -> str:
    words = {
        each.operation.name: f"{each.operation.name} · "
        + times(each.map_shape or (each.operation.output_shape or ())[1:])
        for each in layers
    }
    # The convolution in the middle: neither edges alone nor whole pictures.
    convolutions = [each.operation.name for each in layers if each.operation.type == "Conv2d"]
    default = convolutions[len(convolutions) // 2] if convolutions else next(iter(words))
    if STATE.takes_query("layer") or STATE["layer"] not in words:
        STATE["layer"] = _linked(list(words), default)
    name = st.selectbox(
        _("Layer"), list(words), key=STATE.key("layer"), format_func=words.__getitem__, width=220
    )
    STATE.put("layer", name, default)
    return name


def _linked(names: list[str], default: str) -> str:
    """The layer that the address names; of a block, its last."""
    text = STATE.query("layer")
    inside = selection.part(text, names)
    if text and not inside:
        link_warnings.refuse("layer", text, names, default)
    return inside[-1] if inside else default


def _pick_data(model: Model) -> str:
    here = [name for name in datasets.names() if datasets.at_hand(name)]
    place = Place.read(picture_picker.first(model.dataset)) or Place.read(picture_picker.first())
    assert place is not None
    words = {name: datasets.get(name).title for name in [place.dataset, *here]}
    # Another network's data are another default: what stands in the widget is kept all the same.
    return STATE.pick_listed("data", _("Pictures of"), words, width=160)


def _pick_total(gallery: Gallery) -> int:
    some = {str(n): exact(n) for n in COUNTS if n < len(gallery)}
    words = {**some, "all": _("all {n}").format(n=exact(len(gallery)))}
    choice = STATE.pick_listed("among", _("Among"), words, width=120)
    return len(gallery) if choice == "all" else int(choice)


# -- what is drawn ----------------------------------------------------------------------------


def look(subject: Subject, settings: Settings) -> None:
    """All of it; while work goes on it is drawn anew, twice a second, and nothing else is."""
    progress.live(partial(_look, subject, settings), "excites")


def _look(subject: Subject, settings: Settings, timed: bool) -> bool:
    """Draw how far everything is, and say whether it goes on."""
    try:
        return _drawn(subject, settings, timed=timed)
    except ValueError as error:  # weights that were there a moment ago have been deleted
        size_mismatch.complain(STATE, str(error), subject.model)
        return False


def _drawn(subject: Subject, settings: Settings, *, timed: bool) -> bool:
    selection.arrive(STATE, "channel")
    halted = progress.halted("search", subject)
    search = subjects.search(subject, go_on=not halted)
    progress.hold("search", search)
    best = search.latest
    if best is None:
        st.caption(_("Waiting for other visitors’ work …"))
        return True
    channel = selection.index(STATE, "channel", best.values.shape[1])
    left, middle, right = st.columns([1.02, 1, 0.94], gap="medium")
    with left:
        _channels(subject, search, best, channel)
    with middle:
        st.markdown(f"**{_title(subject, best.values.shape[1], channel)}**")
        top.show_one(subject, best, channel)
    with right:
        drawn, growing = _ascent(subject, settings, best, channel)
    if not timed:  # a file that is asked for would be gone with the next drawing
        _offer_files(subject, best, channel, drawn)
    return growing or not (best.done or halted)


def _pace(task: Task[Any], *, done: bool, halted: bool) -> str:
    """How fast it goes, or how long it took."""
    if done:
        return _("{seconds} s of computing").format(seconds=f"{task.seconds:.1f}")
    if halted:
        return _("stopped")
    words, rate = _("{rate} a second, {seconds} s left"), task.done / max(task.seconds, 1e-3)
    return words.format(rate=f"{rate:.3g}", seconds=round(task.seconds_left or 0))


# -- the three columns ------------------------------------------------------------------------


def _channels(subject: Subject, search: Task[TopPictures], best: TopPictures, channel: int) -> None:
    """Every channel's best, how far the search is, and in which mode the network stands."""
    if subject.classes:
        heading = _("**Every class's strongest picture** · choose one")
    elif subjects.fields(subject).sees_all:
        heading = _("**Every channel's strongest picture** · choose one")
    else:
        heading = _("**Every channel's strongest patch** · choose one")
    with st.container(horizontal=True, vertical_alignment="center", key="excites_heading"):
        st.markdown(heading, width="stretch")
        if not best.done:  # above the fold, however many channels there are
            progress.switch("search", subject, search)
    top.show_all(subject, best, key="excites_mosaic", channel=channel)
    count = best.values.shape[1]
    sentence = ngettext(
        "{seen} of {total} pictures, {count} channel",
        "{seen} of {total} pictures, all {count} channels at once",
        count,
    ).format(seen=exact(best.searched), total=exact(subject.total), count=exact(count))
    pace = _pace(search, done=best.done, halted=progress.halted("search", subject))
    if best.done:
        st.caption(f"{sentence} · {pace}")
    else:
        progress.bar(best.searched, best.total, f"{sentence} · {pace}")
    mode.tell(measure(subject.model.spec, subject.shape))


def _title(subject: Subject, count: int, channel: int) -> str:
    """The chosen channel: "conv2, channel 8 of 16", or the name of a class."""
    if subject.classes:
        words = _("{layer}: the class “{label}”")
        label = plain_text.markdown(subject.classes[channel])
        return words.format(layer=subject.layer, label=label)
    words = _("{layer}, channel {n} of {count}")
    return words.format(layer=subject.layer, n=channel + 1, count=count)


def _ascent(
    subject: Subject, settings: Settings, best: TopPictures, channel: int
) -> tuple[Ascent | None, bool]:
    """A picture made for the channel, and whether it still grows."""
    st.markdown(_("**Drawn for it**, from noise"))
    key = (subject, channel, settings)
    if not (subject.cheap or st.session_state.get(_STARTED) == key or subjects.begun(*key)):
        progress.hold("ascent", None)
        st.caption(_("A step takes this network a while, so it begins when you say so."))
        st.button(
            _("Begin"), key="begin_ascent", type="primary", icon=":material/play_circle:",
            on_click=st.session_state.__setitem__, args=(_STARTED, key),
        )  # fmt: skip
        return None, False
    halted = progress.halted("ascent", key)
    task = subjects.ascent(*key, go_on=not halted)
    progress.hold("ascent", task)
    drawn = task.latest
    if drawn is None:
        st.caption(_("Waiting for other visitors’ work …"))
        return None, True
    _show_ascent(*key, drawn, float(best.values[0, channel]))
    if not drawn.done:
        progress.bar(drawn.step, settings.steps, _pace(task, done=False, halted=halted))
        progress.switch("ascent", key, task)
    return drawn, not (drawn.done or halted)


def _offer_files(subject: Subject, best: TopPictures, channel: int, drawn: Ascent | None) -> None:
    """The table of all channels, the chosen one's pictures, its curve; each made when asked for."""
    name = f"{subject.file}-channel-{channel + 1}"
    table, board = partial(top.table, subject, best), partial(top.board, subject, best, channel)
    files: list[tuple[str, Content, str]] = [
        (_("All channels (CSV)"), table, f"{subject.file}-excites.csv"),
        (_("The pictures (PNG)"), board, f"{name}-pictures.png"),
    ]
    if drawn:
        files.append((_("The curve (CSV)"), partial(figures.curve, drawn), f"{name}-ascent.csv"))
    save_buttons("excites_files", *files)


# -- gradient ascent --------------------------------------------------------------------------


def _pick_settings(subject: Subject) -> Settings:
    """What is to grow, and how; all of it in the address. To stand in a row."""
    goal = Settings().goal
    if subjects.map_shape(subject)[1:] != (1, 1):  # a lone number is both
        goal = STATE.pick_listed("goal", _("To be drawn for"), width=150)
    with st.popover(_("How"), icon=":material/tune:", help=_("Steps and regularisers")):
        return Settings(
            goal=goal,
            steps=STATE.slider("steps", _("Steps")),
            rate=STATE.slider("rate", _("Learning rate")),
            seed=STATE.number("noise", _("Seed of the noise")),
            variation=STATE.slider("tv", _("Neighbours alike (total variation)")),
            decay=STATE.slider("l2", _("Towards grey (L2)")),
            jitter=STATE.slider("jitter", _("Jitter, pixels")),
            blur=STATE.slider("blur", _("Blur, pixels")),
        )


def _show_ascent(
    subject: Subject, channel: int, settings: Settings, ascent: Ascent, best: float
) -> None:
    """Draw how far it has come. `best` is what the data's best picture gives."""
    PICTURE(
        key="excites_ascent",
        data={
            "of": f"{subject.of} {channel} {settings}",
            "png": pictures.address(pictures.png(figures.opaque(figures.pixels(ascent)))),
            "size": ascent.picture.shape[1:],
            "frame": _frame(subject, settings),
            "values": pictures.numbers(np.array(ascent.values, np.float32)),
            "total": settings.steps,
            "best": best if settings.goal == "unit" and np.isfinite(best) else None,
            "note": _(
                "The gradient is 0: for this picture the channel is silent, and there is no way "
                "up. Try another seed, or the layer before the activation."
            )
            if ascent.flat
            else "",
            "file": f"{subject.file}-{channel}-ascent",
            "labels": {
                "picture": _("The picture that gradient ascent has drawn"),
                "steps": _("steps of gradient ascent"),
                "best": _("the best picture of the data: {value}"),
                "value": _("after {step} steps: {value}"),
            },
        },
    )


def _frame(subject: Subject, settings: Settings) -> Box | None:
    """What the middle unit sees, where that is not the whole picture."""
    fields = subjects.fields(subject)
    if settings.goal != "unit" or fields.sees_all:
        return None
    _channels, height, width = subjects.map_shape(subject)
    return fields.box(height // 2, width // 2)
