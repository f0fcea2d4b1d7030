"""Channels: several inputs to one output, and to several."""

import streamlit as st
import torch
from torch import Tensor

from explorer.base import inputs
from explorer.base.language import _
from explorer.base.units import times
from explorer.lessons import channels
from explorer.lessons.channels import Mixture
from explorer.ui import lesson
from explorer.ui.boards.grids import number_grids
from pages.learn.channels import grids, settings
from pages.learn.channels.state import INPUT, KERNELS, STATE

MOST_CHANNELS, MOST_SIDE, MOST_KERNEL = 3, 7, 4

GOOD = "last good channels_mixture"  # where `learn.last_good` keeps what the board shows

RED = (
    "9 9 0; 9 9 0; 0 0 0 | 2 2 0; 2 2 0; 0 0 0 | 1 1 0; 1 1 0; 0 0 0"  # a square: red, green, blue
)


def _read(text: str, what: str, most: int) -> Tensor:
    """Matrices parted by "|" or line breaks → (C, rows, columns)."""
    parts = [part for part in text.replace("\n", "|").split("|") if part.strip()]
    if not 1 <= len(parts) <= MOST_CHANNELS:
        message = _(
            "{what} needs 1 to {most} channels, parted by “|”, but {given} came. Write for "
            "example 0 1; 2 3 | 1 2; 3 4"
        )
        raise ValueError(message.format(what=what, most=MOST_CHANNELS, given=len(parts)))
    return channels.stack_of([inputs.parse_matrix(part, most) for part in parts], what)


def _read_mixture(text: str, kernels: tuple[str, ...]) -> Mixture:
    x = _read(text, _("The input"), MOST_SIDE)
    made = [
        _read(kernel, _("Kernel {o}").format(o=o + 1), MOST_KERNEL)
        for o, kernel in enumerate(kernels)
    ]
    shapes = {tuple(kernel.shape[1:]) for kernel in made}
    if len(shapes) > 1:
        given = ", ".join(times(shape) for shape in sorted(shapes))
        message = _("All kernels of one layer have the same size, but these are {given}.")
        raise ValueError(message.format(given=given))
    for o, kernel in enumerate(made):
        if len(kernel) != len(x):
            message = _(
                "The input has {c} channels, but kernel {o} has {given} slices. A kernel needs "
                "one slice for each channel of the input."
            )
            raise ValueError(message.format(c=len(x), o=o + 1, given=len(kernel)))
    return channels.mix(x, torch.stack(made))


def _spelled(stack: Tensor) -> str:
    return " | ".join(inputs.spell_matrix(tuple(map(tuple, each.tolist()))) for each in stack)


def _edit_mixture(grid: str, row: int, column: int, text: str) -> None:
    """A number was typed into a cell: into the text field that the grid stands for."""
    shown: Mixture = st.session_state[GOOD]
    key = "channels_input" if grid[0] == "x" else f"channels_kernel{grid[1]}"
    try:
        stack = (shown.x if grid[0] == "x" else shown.kernels[int(grid[1])]).clone()
        stack[int(grid[-1]), row, column] = inputs.parse_matrix(text)[0][0]
    except ValueError as error:
        st.session_state["channels_refused"] = str(error)
        return
    except IndexError:
        return  # typed into larger grids, before the browser had these
    st.session_state[key] = _spelled(stack)


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
    prompts = {
        _("The course's two channels"): settings.to(
            "sum", outputs=1, input=INPUT, kernel0=KERNELS[0]
        ),
        _("Three outputs: K, K + 1, K + 2"): settings.to(
            "sum", outputs=3, input=INPUT, kernel0=KERNELS[0], kernel1=KERNELS[1],
            kernel2=KERNELS[2],
        ),
        _("Channels that cancel"): settings.to(
            "sum", outputs=1, input="0 1 2; 3 4 5; 6 7 8 | 0 1 2; 3 4 5; 6 7 8",
            kernel0="0 1; 2 3 | 0 -1; -2 -3",
        ),
        _("Red to grey"): settings.to(
            "sum", outputs=1, input=RED, kernel0="0.299 | 0.587 | 0.114",
        ),
    }  # fmt: skip
    lesson.try_this(prompts)
    with st.container(horizontal=True, vertical_alignment="bottom", key="channels_controls"):
        outputs = STATE.one_of("channels_outputs", _("Output channels"))
        with st.popover(_("Numbers as text"), icon=":material/edit:", width="content"):
            mixture = _fields(outputs)
        _mixture_download(mixture)
    if refused := st.session_state.pop("channels_refused", ""):
        st.error(refused, icon=":material/straighten:")
    board, text = st.columns([3, 1], gap="medium")
    with board:
        number_grids(
            grids.mixture_grids(mixture),
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
    st.caption(_("Point at any number, or use the arrow keys. Double-click or type to change it."))


def _mixture_download(mixture: Mixture) -> None:
    settings.download(grids.mixture_grids(mixture)[0], "channels.csv")
