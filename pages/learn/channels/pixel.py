"""Channels: a 1 × 1 convolution is a fully connected layer at every pixel."""

import re
from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from explorer.base import inputs
from explorer.base.language import _
from explorer.base.units import times
from explorer.lessons import channels
from explorer.ui import lesson
from explorer.ui.boards.grids import number_grids
from explorer.ui.tables import show_table
from pages.learn.channels import charts, grids, settings
from pages.learn.channels.state import STATE


@dataclass(frozen=True)
class _Pixels:
    x: Tensor  # (C, 3, 3)
    weights: Tensor  # (O, C)


TYPED = "channels_typed"  # in the link: "3.2.0;w.0.1:0.5", for whom, then the typed cells
Typed = dict[tuple[str, int, int], float]


def _typed(whose: str) -> Typed:
    """The numbers typed over the random ones of `whose` ("inputs.outputs.seed")."""
    owner, *cells = st.query_params.get(TYPED, "").split(";")
    if owner != whose:
        return {}
    found = (re.fullmatch(r"(x[0-3]|w)\.(\d)\.(\d):(.{1,12})", cell) for cell in cells)
    return {
        (each[1], int(each[2]), int(each[3])): inputs.parse_matrix(each[4])[0][0]
        for each in found
        if each
    }


def _edit_pixels(grid: str, row: int, column: int, text: str) -> None:
    """A number was typed into a cell: into the link."""
    whose = st.session_state[TYPED]
    try:
        typed = {**_typed(whose), (grid, row, column): inputs.parse_matrix(text)[0][0]}
    except ValueError as error:
        st.session_state["channels_refused"] = str(error)
        return
    cells = [f"{g}.{i}.{j}:{value:g}" for (g, i, j), value in typed.items()]
    st.query_params[TYPED] = ";".join([whose, *cells])


def _pixels() -> _Pixels:
    c_in = STATE.number("channels_pixel_in", _("Input channels"))
    c_out = STATE.number("channels_pixel_out", _("Output channels"))
    seed = STATE.number("channels_seed", _("Seed"))
    x, weights = map(channels.to_tenths, channels.random_pixels(c_in, c_out, 3, seed))
    st.session_state[TYPED] = whose = f"{c_in}.{c_out}.{seed}"
    try:
        for (grid, row, column), value in _typed(whose).items():
            (weights if grid == "w" else x[int(grid[1:])])[row, column] = value
    except (ValueError, IndexError):  # a link with cells that are not there
        st.query_params.pop(TYPED)
    if st.query_params.get(TYPED, "").split(";")[0] != whose:
        st.query_params.pop(TYPED, None)
    return _Pixels(x, weights)


def one_by_one() -> None:
    """A 1 × 1 convolution is a fully connected layer at every pixel."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="channels_controls"):
        pixels = _pixels()
        found = channels.agreement(pixels.x, pixels.weights)
        content = grids.pixel_grids(pixels.x, pixels.weights, found.outputs)
        settings.download(content[0], "one_by_one.csv")
    if refused := st.session_state.pop("channels_refused", ""):
        st.error(refused, icon=":material/straighten:")
    number_grids(
        content,
        list(grids.pixel_stories(pixels.x, pixels.weights, found.outputs)),
        key="channels_pixel",
        label=_("A 1 × 1 convolution as maps and as a product of matrices"),
        start=("y0", 1, 1),
        on_edit=_edit_pixels,
    )
    text, table = st.columns(2, gap="medium")
    with text:
        lesson.try_this(
            {
                _("Three channels to two"): settings.to("pixel", pixel_in=3, pixel_out=2, seed=0),
                _("Four to one"): settings.to("pixel", pixel_in=4, pixel_out=1, seed=1),
                _("One to four"): settings.to("pixel", pixel_in=1, pixel_out=4, seed=2),
            }
        )
        st.markdown(
            _(
                "A 1 × 1 kernel sees **one pixel** and no neighbour. What it mixes are the "
                "**channels**: the pixel's column of numbers is multiplied by the same matrix W at "
                "every pixel. That is a fully connected layer, used {n} times with one set of "
                "weights. Point at any number; double-click or type to change it."
            ).format(n=pixels.x[0].numel())
        )
    with table:
        _agreements(pixels, found)


def _agreements(pixels: _Pixels, found: channels.Agreement) -> None:
    """Several ways, one result: the largest differences, here and where rounding shows."""
    large = _large_agreement()
    size = times((len(pixels.x), *pixels.x.shape[1:]))
    rows = {
        _("one matrix product W·X"): (found.product, large.product),
        _("a linear layer at every pixel"): (found.linear, large.linear),
        _("channel after channel, added"): (found.one_by_one, large.one_by_one),
    }
    title = _("largest difference from conv2d")
    show_table(
        [
            {title: name, size: charts.tiny(small), "256 × 28 × 28": charts.tiny(big)}
            for name, (small, big) in rows.items()
        ]
    )
    st.caption(
        _(
            "In float32. The large outputs reach {largest}, where neighbouring numbers lie "
            "{spacing} apart: what differs is the order of adding, nothing else."
        ).format(largest=f"{large.largest:.0f}", spacing=charts.tiny(large.spacing))
    )


@st.cache_data(max_entries=1, show_spinner=False)
def _large_agreement() -> channels.Agreement:
    return channels.agreement(*channels.random_pixels(256, 64, 28, 0))
