"""The parts of the page on kernels: the strip, one layer, one kernel, and numbers about them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.base.language import _
from explorer.base.units import exact
from explorer.ui import link_warnings
from pages.inside.kernels import (
    epoch_film,
    kept,
    kernel_sheet,
    layer_view,
    numbers,
    selection,
    strip,
    take_along,
)
from pages.inside.kernels.controls import Side
from pages.inside.kernels.figures import Kind, Layer
from pages.inside.kernels.kernel_sheet import Drawn
from pages.inside.kernels.layer_view import Loaded, Shown
from pages.inside.kernels.state import STATE


@dataclass(frozen=True)
class _Colours:
    kind: Kind
    scale: str
    sort: str

    @property
    def range(self) -> str:
        """Over what one range of colours spans."""
        return {
            "layer": _("one range for this layer"),
            "kernel": _("each kernel has its own range"),
            "network": _("one range for the whole network"),
        }[self.scale]


@st.fragment
def look(sides: Sequence[Side]) -> None:
    """All of it, led by the last side; a click runs this again, and nothing else of the page."""
    with _said():
        _look(sides)


@contextmanager
def _said() -> Iterator[None]:
    """What is wrong, in place of the rest: weights of a moment ago have been deleted."""
    try:
        yield
    except ValueError as error:
        st.error(str(error), icon=":material/broken_image:")
    link_warnings.settle_part()


def _look(sides: Sequence[Side]) -> None:
    selection.arrive()
    model = sides[-1].model
    overview = kept.overview(model)
    place = selection.layer([each.name for each in overview.layers])
    strip.show(overview, overview.layers[place].name, f"{model.spelled}")
    layers = [layer_view.shown(side.model, place) for side in sides]
    titles = [side.title for side in sides]
    _kernels(layers, titles)
    numbers.show(layers, titles, place)


@st.fragment
def _kernels(layers: Sequence[Shown], titles: Sequence[str]) -> None:
    """One layer, led by the last side; a click on a kernel runs this again, and nothing else."""
    with _said():
        _one_layer(layers, titles)


def _one_layer(layers: Sequence[Shown], titles: Sequence[str]) -> None:
    layer = layers[-1].layer
    kernel = selection.kernel(layer.shape[0])
    colours = _controls(layer, kernel)
    sheets, ones = _places(len(layers))
    loaded = [given.load() for given in layers]
    for which, given in enumerate(layers):
        title = f"{titles[which]} · " if len(layers) > 1 else ""
        with sheets[which]:
            _sheet(loaded, which, colours, kernel, title)
        with ones[which]:
            _one(loaded, which, colours, kernel, title)
            take_along.show(given, kernel, which)
    if STATE.toggle("through", _("This kernel through training")):
        epoch_film.show(layers[-1], kernel)


def _places(sides: int) -> tuple[list[DeltaGenerator], list[DeltaGenerator]]:
    """Where sheets and single kernels stand."""
    if sides == 1:
        left, right = st.columns([1.2, 1], gap="medium")
        return [left], [right]
    return list(st.columns(sides, gap="medium")), list(st.columns(sides, gap="medium"))


def _controls(layer: Layer, kernel: int) -> _Colours:
    """What is drawn of the kernels, in which colours and order."""
    kinds: dict[Kind, str] = {
        "rgb": _("in colour"),
        "kernels": _("every weight"),
        "norms": _("norms of slices"),
        "matrix": _("every weight"),
    }
    scales = {
        "layer": _("this layer"),
        "kernel": _("each kernel"),
        "network": _("the whole network"),
    }
    sorts = {"index": _("by number"), "norm": _("by norm")}
    kind = layer.kinds[0]
    with st.container(horizontal=True, vertical_alignment="bottom", key="kernels_controls"):
        if len(layer.kinds) > 1:
            shown = {each: kinds[each] for each in layer.kinds}
            kind = STATE.pick_listed("show", _("Kernels shown by"), shown, width=150)
        else:
            STATE.heed("show", layer.kinds)
        scale = STATE.pick_listed("scale", _("One range of colours for"), scales, width=178)
        sort = STATE.pick_listed("sort", _("Kernels sorted"), sorts, width=132)
        _pick_kernel(layer, kernel)
    return _Colours(kind, scale, sort)


def _pick_kernel(layer: Layer, kernel: int) -> None:
    """A kernel by its number, which follows what is chosen with a click."""
    key = "kernel_number"
    st.session_state[key] = kernel + 1
    words = _("Output, of {count}") if layer.linear else _("Kernel, of {count}")
    st.number_input(
        words.format(count=exact(layer.shape[0])),
        1,
        layer.shape[0],
        step=1,
        key=key,
        on_change=lambda: selection.go(kernel=int(st.session_state[key]) - 1),
        width=140,
    )


def _sheet(
    loaded: Sequence[Loaded], which: int, colours: _Colours, kernel: int, title: str
) -> None:
    layers = [each.shown for each in loaded]
    given = layers[which]
    weights = loaded[which].weights
    sheet = kept.sheet(given.model, given.layer, weights, colours.kind)
    most = layer_view.most(layers, colours.kind, colours.scale)
    drawn = Drawn(
        of=f"{given.of} {colours.kind}",
        file=given.file,
        sheet=sheet,
        most=kernel_sheet.ends(sheet, each=colours.scale == "kernel", most=most),
        range=colours.range,
        title=title + layer_view.headline(given),
        note=layer_view.note(given, sheet),
        chosen=kernel,
        picks=True,
        order=layer_view.order(loaded[-1], sheet, colours.sort),
    )
    kernel_sheet.show(given.layer, drawn, key=f"kernels_sheet_{which}")


def _one(loaded: Sequence[Loaded], which: int, colours: _Colours, kernel: int, title: str) -> None:
    layers = [each.shown for each in loaded]
    given = layers[which]
    both = [layer_view.one(each, kernel, colours.kind) for each in loaded]
    own = max(kernel_sheet.ends(each, each=True, most=0)[0] for each in both)
    most = own if colours.scale == "kernel" else layer_view.most(layers, "kernels", colours.scale)
    drawn = Drawn(
        of=f"{given.of} one {kernel}",
        file=f"{given.file}-kernel-{kernel + 1}",
        sheet=both[which],
        most=[own if colours.scale == "kernel" else most],
        range=colours.range if colours.scale != "kernel" else _("this kernel's range"),
        title=title + layer_view.kernel_title(loaded[which], kernel),
    )
    kernel_sheet.show(given.layer, drawn, key=f"kernels_one_{which}", first=kernel)
