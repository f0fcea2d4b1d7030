"""The parts of the page on kernels: the strip, one layer, one kernel, and numbers about them."""

from collections.abc import Sequence

import streamlit as st

from explorer.base.language import _
from explorer.ui import selection
from explorer.ui.inside import range_words
from explorer.ui.model_picker import weight_sources
from explorer.ui.size_mismatch import complaints
from explorer.weights import Model
from pages.inside.kernels import (
    controls,
    epoch_film,
    kernel_sheet,
    layer_view,
    overview,
    spread,
)
from pages.inside.kernels.figures import Kind
from pages.inside.kernels.kernel_sheet import Drawn
from pages.inside.kernels.layer_view import Side
from pages.inside.kernels.state import STATE


@st.fragment
def look(models: Sequence[Model]) -> None:
    """All of it, led by the last network; a click runs this again, and nothing else of the page."""
    with complaints():
        selection.arrive(STATE, "layer", "channel")
        with st.spinner(_("Looking …")):  # shown only after half a second
            layers = [overview.overview(model).layers for model in models][-1]
        names = [layer.name for layer in layers]
        name = selection.layer(STATE, names, names[0], of_block=0)
        overview.show_strip(models[-1], name)
        _layer(models, names.index(name))
        spread.show(models, names.index(name))


@st.fragment
def _layer(models: Sequence[Model], place: int) -> None:
    """One layer, led by the last network; a click on a kernel runs this again, and nothing else."""
    with complaints():
        layer = overview.overview(models[-1]).layers[place]
        kernel = selection.index(STATE, "channel", layer.shape[0])
        kind, scale, sort = controls.pick_drawing(layer, kernel)
        sheets, ones = (
            (st.columns(len(models), gap="medium") for _row in range(2))
            if len(models) > 1
            else ([column] for column in st.columns([1.2, 1], gap="medium"))
        )
        sides = [layer_view.side(model, place) for model in models]
        for which in range(len(sides)):
            with sheets[which]:
                _sheet(sides, which, kernel, kind, scale, sort)
            with ones[which]:
                _one(sides, which, kernel, kind, scale)
                layer_view.save_layer(models[which], place, sides[which].file, kernel, which)
        if STATE.toggle("through", _("This kernel through training")):
            epoch_film.show(models[-1], layer, sides[-1].file, kernel)


def _title(sides: Sequence[Side], which: int) -> str:
    """What tells one side from the other."""
    return f"{weight_sources.epoch_title(sides[which].model.source)} · " if len(sides) > 1 else ""


def _sheet(
    sides: Sequence[Side], which: int, kernel: int, kind: Kind, scale: str, sort: str
) -> None:
    side = sides[which]
    sheet = side.sheet(kind)
    most = max(each.most(kind, scale) for each in sides)
    drawn = Drawn(
        of=f"{side.of} {kind}",
        file=side.file,
        sheet=sheet,
        most=sheet.farthest if scale == "kernel" else [most],
        range=range_words(scale, _("each kernel has its own range")),
        title=_title(sides, which) + layer_view.headline(side.layer),
        note=layer_view.note(side.layer, sheet),
        chosen=kernel,
        picks=True,
        order=sides[-1].order(sheet, sort),
    )
    kernel_sheet.show(side.layer, drawn, key=f"kernels_sheet_{which}")


def _one(sides: Sequence[Side], which: int, kernel: int, kind: Kind, scale: str) -> None:
    side = sides[which]
    ones = [each.one(kernel, kind) for each in sides]
    most = max(
        max(one.farthest) if scale == "kernel" else each.most("kernels", scale)
        for each, one in zip(sides, ones, strict=True)
    )
    drawn = Drawn(
        of=f"{side.of} one {kernel}",
        file=f"{side.file}-kernel-{kernel + 1}",
        sheet=ones[which],
        most=[most],
        range=range_words(scale, _("this kernel's range")),
        title=_title(sides, which) + layer_view.kernel_title(side, kernel),
    )
    kernel_sheet.show(side.layer, drawn, key=f"kernels_one_{which}", first=kernel)
