"""What the first kernels look for, in a sentence, beside what chance would give."""

from math import comb

import streamlit as st

from explorer.base.language import _, ngettext
from explorer.base.units import exact, percent
from explorer.inside import kernel_shapes
from explorer.inside.kernel_shapes import LEAST, Kind
from explorer.weights import Model
from pages.inside.kernels import figures
from pages.inside.kernels.figures import Layer
from pages.inside.kernels.overview import overview

BY_CHANCE = 0.05  # rarer than this, so many edges are no chance


def show(model: Model) -> None:
    """The sentence, if the network begins with a convolution whose kernels have a shape."""
    first = next((each for each in overview(model).layers if each.first), None)
    if first is None or min(first.shape[2:]) < LEAST:
        return
    st.markdown(_sentence(model, first))


def _sentence(model: Model, first: Layer) -> str:
    kinds = kernel_shapes.kinds(figures.weights(model.load(), first))
    chance = kernel_shapes.by_chance(*first.shape[1:])
    edges, count = kinds.count("edge"), len(kinds)
    words = _("Of the {count} first kernels ({layer}) **{listed}**. {judged}")
    return words.format(
        count=exact(count),
        layer=first.name,
        listed=_listed({kind: kinds.count(kind) for kind in kernel_shapes.KINDS}),
        judged=judged(edges, count, chance["edge"]),
    )


def _listed(counts: dict[Kind, int]) -> str:
    edges = counts["edge"]
    words: dict[Kind, str] = {
        "edge": ngettext(
            "{n} looks for edges or stripes in one direction",
            "{n} look for edges or stripes in one direction",
            edges,
        ),
        "colour": _("{n} for a colour"),
        "level": _("{n} for light or dark areas"),
        "spot": _("{n} for spots or corners"),
    }
    return ", ".join(
        words[kind].format(n=exact(n)) for kind, n in counts.items() if n or kind == "edge"
    )


def judged(edges: int, count: int, chance: float) -> str:
    """Whether there are more edges than random weights would give: an exact binomial tail."""
    tail = sum(
        comb(count, n) * chance**n * (1 - chance) ** (count - n) for n in range(edges, count + 1)
    )
    words = _("Of random kernels {share} do: no more than chance gives.")
    if tail < BY_CHANCE:
        words = _("Of random kernels {share} do: more than chance gives.")
    return words.format(share=percent(chance, ".0f"))
