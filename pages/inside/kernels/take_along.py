"""Weights to take along: a layer's as `numpy.load` reads them, a kernel's as a table."""

import csv
import io
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from explorer.base.language import _
from explorer.base.units import size
from pages.inside.kernels import kept
from pages.inside.kernels.figures import Floats, Layer, Summary
from pages.inside.kernels.kept import Subject
from pages.inside.kernels.layer_view import Shown

MOST_ROWS = 300_000  # of a table: what a spreadsheet opens in seconds
MOST_BYTES = 80_000_000  # of a file: it is made in memory


def show(given: Shown, kernel: int, which: int) -> None:
    """Buttons for the layer and the chosen kernel."""
    layer, name = given.layer, given.file
    one = f"{name}-kernel-{kernel + 1}.csv"
    with st.container(horizontal=True, key=f"kernels_files_{which}"):
        if layer.count <= MOST_ROWS:
            _button(_("Layer (CSV)"), partial(layer_table, given), f"{name}.csv", which)
        if 4 * layer.count <= MOST_BYTES:
            _button(_("Layer (NPY)"), partial(layer_array, given), f"{name}.npy", which)
        _button(_("Kernel (CSV)"), partial(kernel_table, given, kernel), one, which)
    if 4 * layer.count > MOST_BYTES:
        words = _("The whole layer, {size}, is too large to be handed out; its kernels can be had.")
        st.caption(words.format(size=size(4 * layer.count)))


def show_table(subject: Subject) -> None:
    """A button for the table of all layers."""
    file = f"{subject.network.replace('/', '-')}-layers.csv"
    _button(_("All layers (CSV)"), partial(layers_table, subject), file, 0)


def _button(label: str, content: partial[str] | partial[bytes], file: str, which: int) -> None:
    kind = "text/csv" if file.endswith(".csv") else "application/octet-stream"
    st.download_button(
        label, content, file, kind, key=f"kernels_file_{which}_{label}",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


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
    return _csv(lines)


def layers_table(subject: Subject) -> str:
    """One line for each layer of the network: its shape and the numbers about its weights."""
    found = kept.overview(subject)
    head = ("layer", "type", "kernels", "channels", "height", "width", "groups")
    numbers = ("count", "mean", "deviation", "norm", "slice_norm", "least", "most", "size")
    lines: list[Sequence[object]] = [(*head, *numbers)]
    for layer, summary in zip(found.layers, found.summaries, strict=True):
        lines.append((layer.name, layer.type, *layer.shape, layer.groups, *_row(summary, numbers)))
    return _csv(lines)


def _row(summary: Summary, names: Sequence[str]) -> list[object]:
    return [getattr(summary, name) for name in names]


def _csv(lines: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
