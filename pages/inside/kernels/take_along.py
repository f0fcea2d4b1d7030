"""Weights to take along: a layer's as `numpy.load` reads them, a kernel's as a table."""

import io
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from explorer.base import spreadsheet
from explorer.base.language import _
from explorer.base.units import size
from explorer.ui.save_buttons import Content, save_button, save_buttons
from explorer.weights import Model
from pages.inside.kernels import kept
from pages.inside.kernels.figures import Floats, Layer, Statistics
from pages.inside.kernels.layer_view import Shown

MOST_ROWS = 300_000  # of a table: what a spreadsheet opens in seconds
MOST_BYTES = 80_000_000  # of a file: it is made in memory


def show(given: Shown, kernel: int, which: int) -> None:
    """Buttons for the layer and the chosen kernel."""
    layer, name = given.layer, given.file
    files: list[tuple[str, Content, str]] = []
    if layer.count <= MOST_ROWS:
        files.append((_("Layer (CSV)"), partial(layer_table, given), f"{name}.csv"))
    if 4 * layer.count <= MOST_BYTES:
        files.append((_("Layer (NPY)"), partial(layer_array, given), f"{name}.npy"))
    one = f"{name}-kernel-{kernel + 1}.csv"
    files.append((_("Kernel (CSV)"), partial(kernel_table, given, kernel), one))
    save_buttons(f"kernels_files_{which}", *files)
    if 4 * layer.count > MOST_BYTES:
        words = _("The whole layer, {size}, is too large to be handed out; its kernels can be had.")
        st.caption(words.format(size=size(4 * layer.count)))


def show_table(model: Model) -> None:
    """A button for the table of all layers."""
    file = f"{model.spec.stem}-layers.csv"
    save_button(_("All layers (CSV)"), partial(layers_table, model), file)


def layer_array(given: Shown) -> bytes:
    """All weights (K, C, h, w) in float32."""
    file = io.BytesIO()
    np.save(file, given.load().weights.numpy())
    return file.getvalue()


def layer_table(given: Shown) -> str:
    """One line for each weight; all numbers of places begin with 1."""
    return _table(given.layer, given.load().weights.numpy(), 0)


def kernel_table(given: Shown, kernel: int) -> str:
    """As `layer_table`, one kernel of it."""
    return _table(given.layer, given.load().weights[kernel : kernel + 1].numpy(), kernel)


def _table(layer: Layer, values: Floats, first: int) -> str:
    lines: list[Sequence[object]] = [("kernel", "channel", "row", "column", "weight")]
    for (kernel, slice_, row, column), value in np.ndenumerate(values):
        channel = layer.reads(first + kernel).start + slice_
        weight = np.format_float_positional(value, trim="-")
        lines.append((first + kernel + 1, channel + 1, row + 1, column + 1, weight))
    return spreadsheet.text(lines)


def layers_table(model: Model) -> str:
    """One line for each layer of the network: its shape and the numbers about its weights."""
    found = kept.overview(model)
    head = ("layer", "type", "kernels", "channels", "height", "width", "groups")
    numbers = ("count", "mean", "deviation", "norm", "slice_norm", "least", "most", "size")
    lines: list[Sequence[object]] = [(*head, *numbers)]
    for layer, statistics in zip(found.layers, found.statistics, strict=True):
        lines.append(
            (layer.name, layer.type, *layer.shape, layer.groups, *_row(statistics, numbers))
        )
    return spreadsheet.text(lines)


def _row(statistics: Statistics, names: Sequence[str]) -> list[object]:
    return [getattr(statistics, name) for name in names]
