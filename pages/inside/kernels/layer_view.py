"""One layer's kernels on one side or on two, in one range of colours, in words, and as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from torch import Tensor

from explorer.base import spreadsheet
from explorer.base.cache import SizedCache
from explorer.base.language import _, ngettext
from explorer.base.units import exact, size, times
from explorer.ui.inside import npy
from explorer.ui.inside.sum_words import number
from explorer.ui.save_buttons import Content, save_button, save_buttons
from explorer.weights import Model
from pages.inside.kernels import figures
from pages.inside.kernels.figures import Floats, Kind, Layer, Sheet, Statistics
from pages.inside.kernels.overview import Overview, overview

SPREADS = 3  # of a normal distribution all but one in 370 lie within
_sheets: SizedCache[Sheet] = SizedCache(20_000_000, lambda each: each.values.nbytes)


@dataclass(frozen=True, eq=False)
class Side:
    """A layer of one network with its weights, in hand during one run of the page.

    Nothing that outlives the run may hold it, neither a fragment's arguments nor a file to keep:
    it keeps numbers alive that the cache of all networks has let go.
    """

    model: Model
    place: int  # of the layer, in the strip
    network: Overview
    weights: Tensor  # (K, C, h, w), only to be read
    bias: Tensor | None  # (K,), if it has any

    @property
    def layer(self) -> Layer:
        """Whose kernels these are."""
        return self.network.layers[self.place]

    @property
    def of(self) -> str:
        """A name for exactly these weights."""
        return f"{self.model.spelled} {self.layer.name}"

    @property
    def file(self) -> str:
        """Beginning of the names of files to keep."""
        parts = (self.model.spec.name, self.layer.name)
        return "-".join(part.replace("/", "-") for part in parts)

    def most(self, kind: Kind, scale: str) -> float:
        """Where the colours end: at the number farthest from zero in the whole "network"; of a
        layer at most at `SPREADS` times the root mean square, or few large weights leave all the
        others white."""
        if scale == "network":
            return max(_farthest(each, kind) for each in self.network.statistics)
        own = self.network.statistics[self.place]
        return min(_farthest(own, kind), SPREADS * _size(own, kind, self.layer))

    def is_cut(self, kind: Kind, scale: str) -> bool:
        """Whether there are numbers beyond the end of the colours."""
        own = self.network.statistics[self.place]
        return scale == "layer" and self.most(kind, scale) < _farthest(own, kind)

    def sheet(self, kind: Kind) -> Sheet:
        """All kernels; what takes computing is kept, so that a click need not.

        What shows the weights themselves is made anew: kept, it would keep their network.
        """
        if figures.computed(self.weights, kind):
            key = (self.model, self.layer.name, kind)
            return _sheets.get(key, lambda: figures.sheet(self.weights, kind))
        return figures.sheet(self.weights, kind)

    def one(self, kernel: int, kind: Kind) -> Sheet:
        """A single kernel, each of its slices by itself, or in colour."""
        return Sheet("rgb" if kind == "rgb" else "kernels", self.weights[kernel][None].numpy())

    def order(self, sheet: Sheet, sort: str) -> list[int]:
        """The order of kernels on a sheet: by number, or the largest norm first."""
        if sort == "index" or sheet.rows * sheet.columns > 1:
            return list(range(len(sheet.values)))
        norms: Floats = self.weights.flatten(1).norm(dim=1).numpy()
        order: list[int] = np.argsort(-norms, kind="stable").tolist()
        return order


def _farthest(statistics: Statistics, kind: Kind) -> float:
    return statistics.slice_norm if kind == "norms" else statistics.farthest


def _size(statistics: Statistics, kind: Kind, layer: Layer) -> float:
    """Root mean square of the weights, or of the norms of slices."""
    cells = layer.shape[2] * layer.shape[3] if kind == "norms" else 1
    return float(statistics.size * cells**0.5)


def side(model: Model, place: int) -> Side:
    """The layer at a place of the strip.

    Raises:
        ValueError: the weights cannot be had, or are others by now.
    """
    layers, network = overview(model), model.load()
    layer = layers.layers[place]
    weights, bias = figures.weights(network, layer), figures.bias(network, layer)
    return Side(model, place, layers, weights, bias)


# -- words ------------------------------------------------------------------------------------


def headline(layer: Layer) -> str:
    """What kernels the layer has."""
    count, channels, height, width = layer.shape
    if layer.on_map:
        words = _("{layer}: {count} rows of weights, each as {channels} maps of {size}, as it "
                  "receives them")  # fmt: skip
    elif height * width == 1:
        words = _("{layer}: each of {count} outputs mixes {channels} inputs")
    else:
        words = ngettext(
            "{layer}: {count} kernels of one slice, {size}",
            "{layer}: {count} kernels, each of {channels} slices of {size}",
            channels,
        )
    return words.format(
        layer=layer.name, count=exact(count), channels=exact(channels), size=times((height, width))
    )


def kernel_title(side: Side, kernel: int) -> str:
    """Which kernel this is, and its norm and bias."""
    layer = side.layer
    head = (
        _("{layer}, output {n} of {count}") if layer.linear else _("{layer}, kernel {n} of {count}")
    )
    words = [head.format(layer=layer.name, n=exact(kernel + 1), count=exact(layer.shape[0]))]
    if layer.groups > 1:
        words.append(_reads(layer.reads(kernel)))
    words.append(_("norm {norm}").format(norm=number(float(side.weights[kernel].norm()))))
    if side.bias is not None:
        words.append(_("bias {bias}").format(bias=number(float(side.bias[kernel]))))
    return " · ".join(words)


def _reads(channels: range) -> str:
    first, last = exact(channels.start + 1), exact(channels.stop)
    if len(channels) == 1:
        return _("reads channel {n} alone").format(n=first)
    return _("reads channels {first} to {last}").format(first=first, last=last)


def note(layer: Layer, sheet: Sheet) -> str:
    """What has to be known to read a sheet."""
    if sheet.rows * sheet.columns > 1:
        words = _("Too large for a screen: each point stands for {rows} kernels × {columns} "
                  "channels, by its number farthest from zero.")  # fmt: skip
        return words.format(rows=sheet.rows, columns=sheet.columns)
    if sheet.kind == "norms":
        rows = _(
            "Rows: kernels. Columns: the channels they read. A point is the norm of one slice."
        )
        if "kernels" in layer.kinds:
            return rows
        many = _("{n} weights are too many to show one by one: choose a row.")
        return f"{rows} {many.format(n=exact(layer.count))}"
    if sheet.kind == "matrix":
        return _("Rows: outputs. Columns: the inputs that they mix.")
    if sheet.kind == "rgb":
        return _("A kernel in the colours that it answers to; grey is 0.")
    return ""


# -- files: each is made when it is asked for, from weights that are loaded then --------------

MOST_ROWS = 300_000  # of a table: what a spreadsheet opens in seconds
MOST_BYTES = 80_000_000  # of a file: it is made in memory


def save_layer(model: Model, place: int, name: str, kernel: int, which: int) -> None:
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


def save_table(model: Model) -> None:
    """A button for the table of all layers."""
    file = f"{model.spec.stem}-layers.csv"
    save_button(_("All layers (CSV)"), partial(layers_table, model), file)


def layer_array(model: Model, place: int) -> bytes:
    """All weights (K, C, h, w) in float32."""
    return npy(side(model, place).weights.numpy())


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
