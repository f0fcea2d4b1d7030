"""Channels mixed: several inputs to one output and to several, and a layer at every pixel."""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from explorer.base import inputs
from explorer.base.language import _
from explorer.base.units import times
from explorer.figures.grids import Grid
from explorer.lessons import channels
from explorer.lessons.channels import Agreement, Mixture
from explorer.ui import lesson, link_warnings
from explorer.ui.boards.grids import number_grids
from explorer.ui.page_address import spell
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.channels import charts, grids
from pages.learn.channels.state import INPUT, KERNELS, STATE, to

MOST_CHANNELS, MOST_SIDE, MOST_KERNEL = 3, 7, 4

# A square: red, green, blue.
RED = "9 9 0; 9 9 0; 0 0 0 | 2 2 0; 2 2 0; 0 0 0 | 1 1 0; 1 1 0; 0 0 0"


def _read(text: str, what: str, most: int) -> Tensor:
    """Matrices parted by "|" or line breaks → (C, rows, columns)."""
    parts = [part for part in text.replace("\n", "|").split("|") if part.strip()]
    if not 1 <= len(parts) <= MOST_CHANNELS:
        message = _(
            "{what} needs 1 to {most} channels, parted by “|”, but {given} came. Write for "
            "example 0 1; 2 3 | 1 2; 3 4"
        )
        raise ValueError(message.format(what=what, most=MOST_CHANNELS, given=len(parts)))
    matrices = [inputs.parse_matrix(part, most) for part in parts]
    sizes = [(len(matrix), len(matrix[0])) for matrix in matrices]
    if len(set(sizes)) > 1:
        message = _("{what}: all channels need the same size, but they have {given}.")
        raise ValueError(message.format(what=what, given=", ".join(map(times, sizes))))
    return torch.tensor(matrices)


def _read_mixture(text: str, kernels: tuple[str, ...]) -> Mixture:
    x = _read(text, _("The input"), MOST_SIDE)
    names = [_("Kernel {o}").format(o=o + 1) for o in range(len(kernels))]
    stacks = [_read(text, name, MOST_KERNEL) for text, name in zip(kernels, names, strict=True)]
    shapes = {tuple(stack.shape[1:]) for stack in stacks}
    if len(shapes) > 1:
        message = _("All kernels of one layer have the same size, but these are {given}.")
        raise ValueError(message.format(given=", ".join(map(times, sorted(shapes)))))
    for o, stack in enumerate(stacks):
        if len(stack) != len(x):
            message = _(
                "The input has {c} channels, but kernel {o} has {given} slices. A kernel needs "
                "one slice for each channel of the input."
            )
            raise ValueError(message.format(c=len(x), o=o + 1, given=len(stack)))
    return channels.mix(x, torch.stack(stacks))


def _edit_mixture(grid: str, row: int, column: int, number: float) -> None:
    """A number was typed into a cell: into the text field that the grid stands for."""
    mixture: Mixture = st.session_state[lesson.good_key("channels_mixture")]
    key = "channels_input" if grid[0] == "x" else f"channels_kernel{grid[1]}"
    with suppress(IndexError):  # typed into larger grids, before the browser had these
        stack = (mixture.x if grid[0] == "x" else mixture.kernels[int(grid[1])]).clone()
        stack[int(grid[-1]), row, column] = number
        st.session_state[key] = " | ".join(map(inputs.spell_matrix, stack.tolist()))


def _fields(outputs: int) -> Mixture:
    """The numbers as texts, one field for the input and one for each kernel."""
    syntax = _("Numbers by spaces, rows by “;”, channels by “|”.")
    text = STATE.text("channels_input", _("Input"), syntax)
    kernels = tuple(
        STATE.text(f"channels_kernel{o}", _("Kernel {o}").format(o=o + 1), syntax)
        for o in range(outputs)
    )
    return lesson.last_good(
        "channels_mixture",
        lambda: _read_mixture(text, kernels),
        lambda: _read_mixture(INPUT, KERNELS[:outputs]),
    )


def many_to_one() -> None:
    """The sum over input channels, for one output channel or several."""
    first, second, third = KERNELS
    twice, cancelling = "0 1 2; 3 4 5; 6 7 8 | 0 1 2; 3 4 5; 6 7 8", "0 1; 2 3 | 0 -1; -2 -3"
    three = to(outputs=3, input=INPUT, kernel0=first, kernel1=second, kernel2=third)
    lesson.try_this(
        {
            _("The course's two channels"): to(outputs=1, input=INPUT, kernel0=first),
            _("Three outputs: K, K + 1, K + 2"): three,
            _("Channels that cancel"): to(outputs=1, input=twice, kernel0=cancelling),
            _("Red to grey"): to(outputs=1, input=RED, kernel0="0.299 | 0.587 | 0.114"),
        }
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="channels_controls"):
        outputs = STATE.one_of("channels_outputs", _("Output channels"))
        with st.popover(_("Numbers as text"), icon=":material/edit:", width="content"):
            mixture = _fields(outputs)
        content = grids.mixture_grids(mixture)
        _download(content[0], "channels.csv")
    board, text = st.columns([3, 1], gap="medium")
    with board:
        number_grids(
            content,
            list(grids.mixture_stories(mixture)),
            key="channels_sum",
            label=_("Input channels, kernels, their maps and the sums"),
            start=("y0", 0, 0),
            on_edit=_edit_mixture,
        )
    with text:
        _mixture_text(mixture)


def _mixture_text(mixture: Mixture) -> None:
    outs, ins, h, w = mixture.kernels.shape
    st.markdown(
        _(
            "Each input channel has **its own slice** of the kernel. Every slice slides over its "
            "channel and makes a map; the maps are **added, place by place**. However many "
            "channels go in, **one** map comes out."
        )
    )
    st.markdown(
        _(
            "A second output channel needs a second kernel, with as many slices. An output "
            "channel is one pattern looked for in all input channels at once."
        )
    )
    shape = times((outs, ins, h, w))
    st.markdown(
        _("Kernels **{shape}** (outputs × inputs × height × width): {n} weights.").format(
            shape=shape, n=outs * ins * h * w
        )
    )
    st.caption(_("Point at any number; click it to change it."))


def _download(content: Sequence[Grid], file: str) -> None:
    """Offer every cell of the grids as CSV."""
    rows = [
        {"grid": grid["id"], "row": i, "column": j, "value": f"{value:.9g}"}
        for grid in content
        for i, line in enumerate(grid["values"])
        for j, value in enumerate(line)
    ]
    save_button(_("Numbers (CSV)"), rows, file)


# -- 1 × 1: a layer at every pixel ------------------------------------------------------------

TYPED = "channels_typed"  # in the link: "3.2.0;w.0.1:0.5", for whom, then the typed cells


def _typed(owner: str) -> dict[tuple[str, int, int], float]:
    """The numbers typed over the random ones of `owner` ("inputs.outputs.seed").

    Raises ValueError if the link says anything else.
    """
    query = STATE.query(TYPED)
    whose, *cells = query.split(";")
    matches = [re.fullmatch(r"(x[0-3]|w)\.(\d)\.(\d):(.{1,20})", cell) for cell in cells]
    if query and (whose != owner or not all(matches)):
        raise ValueError(query)
    return {
        (match[1], int(match[2]), int(match[3])): inputs.parse_matrix(match[4])[0][0]
        for match in matches
        if match
    }


def _edit_pixels(owner: str, grid: str, row: int, column: int, number: float) -> None:
    """A number was typed into a cell: into the link."""
    typed: dict[tuple[str, int, int], float] = {}
    with suppress(ValueError):  # typed for others
        typed = _typed(owner)
    typed[grid, row, column] = number
    cells = (f"{name}.{i}.{j}:{spell(value)}" for (name, i, j), value in typed.items())
    STATE.put(TYPED, ";".join([owner, *cells]))


def _pixels() -> tuple[str, Tensor, Tensor]:
    """Whose numbers they are, x (C, 3, 3) and the weights (O, C)."""
    c_in = STATE.number("channels_pixel_in", _("Input channels"))
    c_out = STATE.number("channels_pixel_out", _("Output channels"))
    seed = STATE.number("channels_seed", _("Seed"))
    x, weights = map(channels.to_tenths, channels.random_pixels(c_in, c_out, 3, seed))
    owner = f"{c_in}.{c_out}.{seed}"
    typed_x, typed_weights = x.clone(), weights.clone()
    try:
        for (grid, row, column), value in _typed(owner).items():
            (typed_weights if grid == "w" else typed_x[int(grid[1:])])[row, column] = value
    except (ValueError, IndexError):  # a link with cells that are not there
        link_warnings.refuse(TYPED, STATE.query(TYPED), [f"{owner};x0.1.1:2"], "")
        STATE.put(TYPED, "")
        return owner, x, weights
    return owner, typed_x, typed_weights


def one_by_one() -> None:
    """A 1 × 1 convolution is a fully connected layer at every pixel."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="channels_controls"):
        owner, x, weights = _pixels()
        agreement = channels.agreement(x, weights)
        content = grids.pixel_grids(x, weights, agreement.outputs)
        _download(content[0], "one_by_one.csv")
    number_grids(
        content,
        list(grids.pixel_stories(x, weights, agreement.outputs)),
        key="channels_pixel",
        label=_("A 1 × 1 convolution as maps and as a product of matrices"),
        start=("y0", 1, 1),
        on_edit=partial(_edit_pixels, owner),
    )
    text, table = st.columns(2, gap="medium")
    with text:
        lesson.try_this(
            {
                _("Three channels to two"): to(part="pixel", pixel_in=3, pixel_out=2, seed=0),
                _("Four to one"): to(part="pixel", pixel_in=4, pixel_out=1, seed=1),
                _("One to four"): to(part="pixel", pixel_in=1, pixel_out=4, seed=2),
            }
        )
        st.markdown(
            _(
                "A 1 × 1 kernel sees **one pixel** and no neighbour. What it mixes are the "
                "**channels**: the pixel's column of numbers is multiplied by the same matrix W at "
                "every pixel. That is a fully connected layer, used {n} times with one set of "
                "weights. Point at any number; click it to change it."
            ).format(n=x[0].numel())
        )
    with table:
        _agreements(times(x.shape), agreement)


def _agreements(size: str, small: Agreement) -> None:
    """Several ways, one result: the largest differences, here and where rounding shows."""
    large = channels.large_agreement()
    names = (
        _("one matrix product W·X"),
        _("a linear layer at every pixel"),
        _("channel after channel, added"),
    )
    columns = {
        title: [charts.tiny(each) for each in (four.product, four.linear, four.one_by_one)]
        for title, four in ((size, small), ("256 × 28 × 28", large))
    }
    show_table({_("largest difference from conv2d"): list(names), **columns})
    st.caption(
        _(
            "In float32. The large outputs reach {largest}, where neighbouring numbers lie "
            "{spacing} apart: what differs is the order of adding, nothing else."
        ).format(largest=f"{large.largest:.0f}", spacing=charts.tiny(large.spacing))
    )
