"""Weights to take along: a layer's as `numpy.load` reads them, a kernel's as a table.

Each file is made when it is asked for, from weights that are loaded then.
"""

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
from pages.inside.kernels.layer_view import side
from pages.inside.kernels.overview import overview

MOST_ROWS = 300_000  # of a table: what a spreadsheet opens in seconds
MOST_BYTES = 80_000_000  # of a file: it is made in memory


def show(model: Model, place: int, name: str, kernel: int, which: int) -> None:
    """Buttons for a layer and its chosen kernel, in files whose names begin with `name`."""
    layer = overview(model).layers[place]
    files: list[tuple[str, Content, str]] = []
    if layer.count <= MOST_ROWS:
        files.append((_("Layer (CSV)"), partial(layer_table, model, place), f"{name}.csv"))
    if 4 * layer.count <= MOST_BYTES:
        files.append((_("Layer (NPY)"), partial(layer_array, model, place), f"{name}.npy"))
    table = partial(layer_table, model, place, kernel)
    files.append((_("Kernel (CSV)"), table, f"{name}-kernel-{kernel + 1}.csv"))
    save_buttons(f"kernels_files_{which}", *files)
    if 4 * layer.count > MOST_BYTES:
        words = _("The whole layer, {size}, is too large to be handed out; its kernels can be had.")
        st.caption(words.format(size=size(4 * layer.count)))


def show_table(model: Model) -> None:
    """A button for the table of all layers."""
    file = f"{model.spec.stem}-layers.csv"
    save_button(_("All layers (CSV)"), partial(layers_table, model), file)


def layer_array(model: Model, place: int) -> bytes:
    """All weights (K, C, h, w) in float32."""
    file = io.BytesIO()
    np.save(file, side(model, place).weights.numpy())
    return file.getvalue()


def layer_table(model: Model, place: int, kernel: int | None = None) -> str:
    """One line for each weight, or those of one kernel; all numbers of places begin with 1."""
    layer, weights = overview(model).layers[place], side(model, place).weights.numpy()
    first = kernel or 0
    values = weights if kernel is None else weights[kernel : kernel + 1]
    lines: list[Sequence[object]] = [("kernel", "channel", "row", "column", "weight")]
    for (n, slice_, row, column), value in np.ndenumerate(values):
        channel = layer.reads(first + n).start + slice_
        weight = np.format_float_positional(value, trim="-")
        lines.append((first + n + 1, channel + 1, row + 1, column + 1, weight))
    return spreadsheet.text(lines)


def layers_table(model: Model) -> str:
    """One line for each layer of the network: its shape and the numbers about its weights."""
    network = overview(model)
    head = ("layer", "type", "kernels", "channels", "height", "width", "groups")
    numbers = ("count", "mean", "deviation", "norm", "slice_norm", "least", "most", "size")
    lines: list[Sequence[object]] = [(*head, *numbers)]
    for layer, statistics in zip(network.layers, network.statistics, strict=True):
        values = (getattr(statistics, name) for name in numbers)
        lines.append((layer.name, layer.type, *layer.shape, layer.groups, *values))
    return spreadsheet.text(lines)
