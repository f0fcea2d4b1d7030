"""One layer's kernels on one side or on two, in one range of colours, and in words."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from explorer.base.cache import SizedCache
from explorer.base.language import _, ngettext
from explorer.base.units import exact, times
from explorer.ui.inside.sum_words import number
from explorer.weights import Model
from pages.inside.kernels import figures
from pages.inside.kernels.figures import Floats, Kind, Layer, Sheet
from pages.inside.kernels.overview import Overview, overview

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
        """The number farthest from zero in this layer, or in the whole "network"."""
        statistics = self.network.statistics
        among = statistics if scale == "network" else statistics[self.place : self.place + 1]
        return max(each.slice_norm if kind == "norms" else each.farthest for each in among)

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
