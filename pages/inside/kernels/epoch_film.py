"""One kernel from before its training to the end of it, moment beside moment."""

import time
from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.base.cache import SizedCache
from explorer.base.language import _
from explorer.ui.model_picker import weight_sources
from pages.inside.kernels import figures, kept, kernel_sheet
from pages.inside.kernels.figures import Floats, Sheet
from pages.inside.kernels.kernel_sheet import Drawn
from pages.inside.kernels.layer_view import Shown

MOST_MOMENTS = 16
SLICES = 16  # of a kernel, at each moment
PATIENCE = 0.6  # seconds after which a bar says how far it is

_STOPPED = "kernels film stopped"
_frames: SizedCache[Floats] = SizedCache(30_000_000, lambda each: each.nbytes)


def show(given: Shown, kernel: int) -> None:
    """The kernel at each moment that was kept, in one range of colours."""
    sources = epochs(given.model.source)
    if len(sources) < 2:
        st.info(
            _("There is one moment only. Choose trained weights, or train this network: every "
              "epoch is kept, and stands here beside the others."),
            icon=":material/timeline:",
        )  # fmt: skip
        return
    frames = _watched(given, sources, kernel)
    if not frames:
        return
    values = np.stack(frames)
    told = (
        _("{layer}, output {n} through training")
        if given.layer.linear
        else _("{layer}, kernel {n} through training")
    ).format(layer=given.layer.name, n=kernel + 1)
    drawn = Drawn(
        of=f"{given.of} film {kernel}",
        file=f"{given.file}-kernel-{kernel + 1}-through-training",
        sheet=Sheet("kernels", values),
        most=[float(np.abs(values).max())],
        range=_("one range for all moments"),
        title=told,
        note=_note(given, len(frames[0])),
        captions=[weight_sources.epoch_title(source) for source in sources],
    )
    kernel_sheet.show(given.layer, drawn, key="kernels_film", first=kernel)


def _note(given: Shown, shown: int) -> str:
    if shown < given.layer.shape[1]:
        words = _("The first {shown} of its {all} slices.")
        return words.format(shown=shown, all=given.layer.shape[1])
    return ""


def epochs(source: str) -> list[str]:
    """Sources from before training to the end; of many, some evenly between, and both ends."""
    found = weight_sources.epochs(weight_sources.base(source))
    if len(found) <= MOST_MOMENTS:
        return found
    places = np.linspace(0, len(found) - 1, MOST_MOMENTS).round().astype(int)
    return [found[place] for place in places]


def frame(given: Shown, source: str, kernel: int) -> Floats:
    """The first slices (c, h, w) of the kernel at another moment, kept."""
    model = given.model.with_weights(source)

    def make() -> Floats:
        found = figures.weights(kept.network(model), given.layer)
        slices: Floats = found[kernel, :SLICES].numpy().copy()  # a view would keep the network
        return slices

    return _frames.get((model, given.layer.name, kernel), make)


def _watched(given: Shown, sources: Sequence[str], kernel: int) -> list[Floats]:
    """The kernel at all moments; how far that is, if it takes a while. Empty if it was stopped."""
    asked = (given.of, kernel)
    if st.session_state.get(_STOPPED) == asked:
        st.info(_("Stopped before all moments were read."), icon=":material/block:")
        st.button(_("Go on"), key="kernels_film_on", on_click=_stop, args=(None,))
        return []
    place, began = st.empty(), time.monotonic()
    found: list[Floats] = []
    for source in sources:
        spent = time.monotonic() - began
        if found and spent > PATIENCE:
            _tell(place, len(found), len(sources), spent, asked)
        found.append(frame(given, source, kernel))
    place.empty()
    return found


def _tell(
    place: DeltaGenerator, done: int, count: int, spent: float, asked: tuple[str, int]
) -> None:
    words = _("{done} of {count} moments read · {seconds} s left")
    seconds = round(spent / done * (count - done))
    with place.container():
        st.progress(done / count, words.format(done=done, count=count, seconds=seconds))
        st.button(
            _("Stop"), key=f"kernels_film_stop_{done}", icon=":material/stop_circle:",
            on_click=_stop, args=(asked,),
        )  # fmt: skip


def _stop(asked: tuple[str, int] | None) -> None:
    st.session_state[_STOPPED] = asked
