"""The parts of the page on pooling, top to bottom."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator
from torch import nn

from explorer.base import inputs, python_source
from explorer.base.inputs import Matrix
from explorer.base.language import N_, _
from explorer.data import photographs
from explorer.networks import ops
from explorer.ui import complaint, lesson
from explorer.ui.boards.window_board import MOST_INPUT, Axes, Sliding, window_board
from explorer.ui.boards.window_listing import (
    blocks,
    never_read,
    one_or_both,
    output_sizes,
    program,
    take_along,
)
from explorer.ui.lesson import Setting
from explorer.ui.matrix_input import both_axes, example, matrix_text
from pages.learn.pooling.state import NINE, STATE

BOARD = "pool_board"
LAYERS = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}
Mode = Literal["max", "avg"]  # as PyTorch calls them
EDGE_MAP = "; ".join(["0 1 0 0 0 -1 0"] * 6)  # of the bars under [1, −1]
SIXTEEN = "0 1 2 3; 4 5 6 7; 8 9 10 11; 12 13 14 15"


@dataclass(frozen=True)
class Preset:
    """An input and the layer that it is pooled by; the name is marked with N_."""

    name: str
    input: str
    window: Axes
    stride: Axes
    padding: Axes = (0, 0)


def presets() -> dict[str, Preset]:
    """By their name; the first is what the page opens with."""
    digit = inputs.spell_matrix(photographs.digit(0).tolist())
    return {
        "nine": Preset(N_("3 × 3, window 2"), NINE, (2, 2), (1, 1)),
        "three": Preset(N_("4 × 4, window 3"), SIXTEEN, (3, 3), (3, 3)),
        "padded": Preset(N_("4 × 4, padded"), SIXTEEN, (3, 3), (2, 2), (1, 1)),
        "oblong": Preset(N_("4 × 4, window (2, 4)"), SIXTEEN, (2, 4), (2, 3), (1, 2)),
        "edges": Preset(N_("edges of the bars"), EDGE_MAP, (2, 2), (1, 1)),
        "digit": Preset(N_("digit, window 2"), digit, (2, 2), (2, 2)),
    }


def setting(
    preset: str = "nine",
    mode: str = "max",
    *,
    cells: str | None = None,
    window: Axes | None = None,
    stride: Axes | None = None,
) -> Setting:
    """Every widget of the board, for a prompt; what is given overrides the preset's."""
    each = presets()[preset]
    high, wide = window or each.window
    down, right = stride or each.stride
    return {
        "pool_input": cells or each.input,
        "pool_mode": mode,
        "pool_window_h": high,
        "pool_window_w": wide,
        "pool_stride_h": down,
        "pool_stride_w": right,
        "pool_pad_h": each.padding[0],
        "pool_pad_w": each.padding[1],
    }


# -- controls ---------------------------------------------------------------------------------


def controls(numbers: DeltaGenerator) -> Sliding:
    """One row of controls; what they say, or the last good of it with a sentence.

    `numbers` is where on the page the grid can be written as text.
    """
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="xsmall", key="pool_controls"
    ):
        slot = st.empty()  # filled when the others have read the link
        mode = STATE.pick_one("pool_mode", _("pooling"))
        window = both_axes(
            STATE, "pool_window", (_("window ↕"), _("window ↔")), on_change=_stride_follows
        )
        stride = both_axes(STATE, "pool_stride", (_("stride ↓"), _("stride →")))
        padding = both_axes(STATE, "pool_pad", (_("padding ↕"), _("padding ↔")))
        with numbers.popover(_("Numbers"), icon=":material/edit:"):
            st.markdown(_("Click a cell on the board to change it, or write all of them here."))
            text = matrix_text(STATE, "pool_input", _("Input"), MOST_INPUT)
        _example(slot, mode)
    sliding = lesson.last_good(
        "pool",
        lambda: _sliding(text, mode, window, stride, padding),
        lambda: _sliding(NINE, "max", (2, 2), (1, 1), (0, 0)),
    )
    if sliding.refusal:
        complaint.show(sliding.refusal, "straighten")
    return sliding


def _stride_follows() -> None:
    """PyTorch's default: a new window brings its own stride."""
    for axis in "hw":
        st.session_state[f"pool_stride_{axis}"] = st.session_state[f"pool_window_{axis}"]


def _example(slot: DeltaGenerator, mode: str) -> None:
    """The preset whose numbers these are, to be changed for another."""
    names = {name: _(each.name) for name, each in presets().items()}
    now = {key: st.session_state[key] for key in setting()}
    same = [name for name in names if setting(name, mode) == now]
    with slot:
        example("pool_preset", names, next(iter(same), None), lambda name: setting(name, mode))


def _sliding(text: str, mode: Mode, window: Axes, stride: Axes, padding: Axes) -> Sliding:
    """What the widgets say, checked.

    Raises:
        ValueError: what is wrong with it, for the visitor.
    """
    cells = inputs.parse_matrix(text, MOST_INPUT)
    refusal = ""
    try:
        _pooled(cells, mode, window, stride, padding)  # refuses what is impossible
    except ops.WindowMisfit as error:
        refusal = str(error)
    return Sliding(
        name=f"{mode}-{len(cells)}x{len(cells[0])}-{window[0]}x{window[1]}",
        input=cells,
        kernel=((1.0,) * window[1],) * window[0],
        operation=mode,
        stride=stride,
        padding=padding,
        refusal=refusal,
    )


# -- what is computed -------------------------------------------------------------------------


def window_of(sliding: Sliding) -> Axes:
    """(height, width) of the window."""
    return len(sliding.kernel), len(sliding.kernel[0])


def _pooled(cells: Matrix, mode: str, window: Axes, stride: Axes, padding: Axes) -> Matrix:
    x = torch.tensor(cells, dtype=torch.float64)
    y = ops.pool2d(x, window, mode, stride=stride, padding=padding)
    return tuple(map(tuple, y.tolist()))


def output(sliding: Sliding) -> Matrix:
    """The pooled input by the definition."""
    return _pooled(
        sliding.input, sliding.operation, window_of(sliding), sliding.stride, sliding.padding
    )


# -- the board --------------------------------------------------------------------------------


def _edited(cells: Matrix, _kernel: Matrix) -> None:
    st.session_state["pool_input"] = inputs.spell_matrix(cells)


def board(sliding: Sliding) -> None:
    """The input, the window, and what it takes from each place."""
    window_board(sliding, key=BOARD, on_edit=_edited)


def layer_of(sliding: Sliding, mode: str) -> nn.Module:
    """The board's window as torch's own layer."""
    return LAYERS[mode](window_of(sliding), stride=sliding.stride, padding=sliding.padding)


def gradient(x: torch.Tensor, sliding: Sliding, mode: str) -> torch.Tensor:
    """∂(sum of the outputs)/∂x by torch's own backward pass, (H, W)."""
    leaf = x.detach().clone().requires_grad_()
    layer_of(sliding, mode)(leaf[None, None]).sum().backward()
    assert leaf.grad is not None
    return leaf.grad


def explanation(sliding: Sliding) -> None:
    """What pooling does here, in numbers."""
    most = sliding.operation == "max"
    st.markdown(
        _("**One output cell** is the largest number in its window. There is nothing to learn.")
        if most
        else _("**One output cell** is the mean of its window. There is nothing to learn.")
    )
    st.markdown(output_sizes(sliding))
    st.markdown(never_read(sliding))
    if sliding.stride == window_of(sliding):
        st.caption(_("The stride is the window, PyTorch’s default: no cell is read twice."))
    st.caption(
        _(
            "Padding is per side and at most half the window (2p ≤ k), so that no window lies in "
            "padding alone. Max pads with −∞, which never wins; the mean pads with 0, which counts."
        )
    )


# -- to take along ----------------------------------------------------------------------------


def downloads(sliding: Sliding) -> None:
    """The layer that computes the output, a program around it, and all numbers."""
    line = pytorch_line(sliding)
    source = program("from torch import nn", {"x": sliding.input}, line)
    table = blocks({"input": sliding.input, "output": output(sliding)})
    take_along(line, source, table, key="pool_downloads", file="pooling")


def pytorch_line(sliding: Sliding) -> str:
    """The layer that computes the output from `x`."""
    window = one_or_both(window_of(sliding))
    layer = python_source.call(
        f"nn.{LAYERS[sliding.operation].__name__}", window,
        stride=(one_or_both(sliding.stride), window), padding=(one_or_both(sliding.padding), "0"),
    )  # fmt: skip
    return f"y = {layer}(x[None, None])[0, 0]"
