"""The page on kernels: what is picked, then the strip, a layer, a kernel, numbers about them."""

from collections.abc import Sequence

import streamlit as st

from explorer import weights
from explorer.base.language import _
from explorer.base.units import exact
from explorer.ui import model_picker, page_address, selection
from explorer.ui.inside import range_words
from explorer.ui.model_picker import weight_sources
from explorer.ui.size_mismatch import complaints
from explorer.weights import UNTRAINED, Model
from pages.inside.kernels import epoch_film, kernel_sheet, layer_view, overview, spread, verdict
from pages.inside.kernels.figures import Kind, Layer
from pages.inside.kernels.kernel_sheet import Drawn
from pages.inside.kernels.layer_view import Side
from pages.inside.kernels.state import STATE


def pick() -> tuple[Model, ...]:
    """A network with its weights, and the same with others before it, if it is to stand beside.

    Empty if there is nothing to look into yet; then the page says what to do.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="inside_controls"):
        model = model_picker.pick(STATE)
        if model is None:
            return ()
        if not model.trained:
            untrained = _(
                "Random weights: this network has learned nothing yet. Choose trained ones beside "
                "it, or train it on the page New run."
            )
            early = _("Weights before training: they look for nothing yet.")
            st.caption(early if model.card else untrained, width=330)
        others = _others(model)
        if not others:
            STATE.heed("beside", ["alone"])
            return (model,)
        if STATE.pick_one("beside", _("Side by side")) == "alone":
            return (model,)
        before = model_picker.at_epoch(
            model, weight_sources.pick_before(STATE, model.source, others)
        )
        return (before, model) if before else (model,)


def _others(model: Model) -> list[str]:
    """What trained weights can be held against: what they were before, or any random ones."""
    if model.source == weights.PUBLISHED:  # nobody published where its training began
        return [UNTRAINED]
    epochs = weight_sources.epochs(weight_sources.base(model.source))
    return epochs if len(epochs) > 1 else []


def pick_drawing(layer: Layer, kernel: int) -> tuple[Kind, str, str]:
    """What is drawn of a layer's kernels, over what one range of colours spans, their order."""
    kinds: dict[Kind, str] = {
        "rgb": _("in colour"),
        "kernels": _("every weight"),
        "norms": _("norms of slices"),
        "matrix": _("every weight"),
    }
    kind = layer.kinds[0]
    with st.container(horizontal=True, vertical_alignment="bottom", key="kernels_controls"):
        if len(layer.kinds) > 1:
            words = {each: kinds[each] for each in layer.kinds}
            kind = STATE.pick_listed("show", _("Kernels shown by"), words, width=150)
        else:
            STATE.heed("show", layer.kinds)
        scale = STATE.pick_listed("scale", _("One range of colours for"), width=178)
        sort = STATE.pick_listed("sort", _("Kernels sorted"), width=132)
        _pick_kernel(layer, kernel)
    return kind, scale, sort


def _pick_kernel(layer: Layer, kernel: int) -> None:
    """A kernel by its number, which follows what is chosen with a click."""
    key = "kernel_number"
    page_address.hold(key, kernel + 1, layer.shape[0])
    words = _("Output, of {count}") if layer.linear else _("Kernel, of {count}")
    st.number_input(
        words.format(count=exact(layer.shape[0])), 1, layer.shape[0], step=1, key=key, width=140,
        on_change=lambda: selection.go(STATE, channel=str(int(st.session_state[key]) - 1)),
    )  # fmt: skip


# -- what is drawn ----------------------------------------------------------------------------


@st.fragment
def look(models: Sequence[Model]) -> None:
    """All of it, led by the last network; a click runs this again, and nothing else of the page."""
    with complaints():
        selection.arrive(STATE, "layer", "channel")
        with st.spinner(_("Looking …")):  # shown only after half a second
            layers = [overview.overview(model).layers for model in models][-1]
        verdict.show(models[-1])
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
        kind, scale, sort = pick_drawing(layer, kernel)
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
        range=_range(scale, _("each kernel has its own range"), cut=_is_cut(sides, kind, scale)),
        title=_title(sides, which) + layer_view.headline(side.layer),
        note=layer_view.note(side.layer, sheet),
        kernel=kernel,
        picks=True,
        order=sides[-1].order(sheet, sort),
    )
    kernel_sheet.show(side.layer, drawn, key=f"kernels_sheet_{which}")


def _is_cut(sides: Sequence[Side], kind: Kind, scale: str) -> bool:
    return any(each.is_cut(kind, scale) for each in sides)


def _range(scale: str, own: str, *, cut: bool) -> str:
    """Over what the colours span, and whether some numbers lie beyond their end."""
    words = range_words(scale, own)
    return _("{range}; larger ones as the ends").format(range=words) if cut else words


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
        range=_range(scale, _("this kernel's range"), cut=_is_cut(sides, "kernels", scale)),
        title=_title(sides, which) + layer_view.kernel_title(side, kernel),
    )
    kernel_sheet.show(side.layer, drawn, key=f"kernels_one_{which}", first=kernel)
