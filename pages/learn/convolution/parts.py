"""The parts of the page on convolution, top to bottom."""

import re
from dataclasses import dataclass, replace

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from explorer.base import inputs, python_source
from explorer.base.inputs import Matrix
from explorer.base.language import N_, _
from explorer.data import photographs
from explorer.networks import ops
from explorer.ui import complaint, lesson
from explorer.ui.boards.window_board import MOST_INPUT, MOST_KERNEL, Axes, Sliding, window_board
from explorer.ui.boards.window_listing import (
    blocks,
    never_read,
    one_or_both,
    output_sizes,
    program,
    take_along,
)
from explorer.ui.lesson import Question, Setting
from explorer.ui.matrix_input import WIDE, both_axes, example, matrix_text
from pages.learn.convolution.state import ARANGE, KERNEL, KERNELS, STATE

BOARD = "conv_board"

EDGES = "; ".join(["1 1 0 0 0 0 1 1"] * 6)
TURNED = "; ".join(["1 1 1 1 1 1"] * 2 + ["0 0 0 0 0 0"] * 4 + ["1 1 1 1 1 1"] * 2)
EIGHT = "; ".join(" ".join(str((r + c) % 3) for c in range(8)) for r in range(8))
SERIES = "12 13 13 15 19 24 23 19 16 14 13 12"


@dataclass(frozen=True)
class Preset:
    """Numbers worth looking at; the name is marked with N_."""

    name: str
    input: str
    kernel: str


def presets() -> dict[str, Preset]:
    """By their name in links; the first is what the page opens with."""
    pictures = photographs.digit(0), photographs.patch("flower", 12)
    digit, flower = (inputs.spell_matrix(each.tolist()) for each in pictures)
    return {
        "course": Preset(N_("3 × 3, by hand"), ARANGE, KERNEL),
        "edges": Preset(N_("bars, edge kernel"), EDGES, "1 -1"),
        "sobel_x": Preset(N_("digit, Sobel x"), digit, KERNELS["sobel_x"]),
        "sobel_y": Preset(N_("digit, Sobel y"), digit, KERNELS["sobel_y"]),
        "blur": Preset(N_("flower, blur"), flower, KERNELS["blur"]),
        "sharpen": Preset(N_("flower, sharpen"), flower, KERNELS["sharpen"]),
        "series": Preset(N_("time series"), SERIES, "-1 1"),
    }


def setting(
    preset: str = "course",
    *,
    stride: Axes = (1, 1),
    padding: Axes = (0, 0),
    dilation: int = 1,
    flip: bool = False,
    **other: str,
) -> Setting:
    """Every widget of the page, for a prompt; `input` and `kernel` override the preset's."""
    numbers = presets()[preset]
    return {
        "conv_input": other.get("input", numbers.input),
        "conv_kernel": other.get("kernel", numbers.kernel),
        "conv_stride_h": stride[0],
        "conv_stride_w": stride[1],
        "conv_pad_h": padding[0],
        "conv_pad_w": padding[1],
        "conv_dilation": dilation,
        "conv_flip": flip,
    }


# -- controls ---------------------------------------------------------------------------------


def controls() -> Sliding:
    """One row of controls; what they say, or the last good of it with a sentence."""
    with st.container(
        horizontal=True, vertical_alignment="bottom", gap="xsmall", key="conv_controls"
    ):
        slot = st.empty()  # filled when the others have read the link
        stride = both_axes(STATE, "conv_stride", (_("stride ↓"), _("stride →")))
        padding = both_axes(
            STATE,
            "conv_pad",
            (_("padding ↕"), _("padding ↔")),
            help_=(
                _("Rows of zeros on each side: above and below."),
                _("Columns of zeros on each side."),
            ),
        )
        dilation = STATE.number("conv_dilation", _("dilation"), width=WIDE)
        flip = STATE.toggle(
            "conv_flip",
            _("flip"),
            _(
                "Turns the kernel by 180° before it slides. That is the convolution of "
                "mathematics; without it, it is the cross-correlation that networks compute."
            ),
        )
        with st.popover(_("Numbers"), icon=":material/edit:"):
            st.markdown(_("Click a cell on the board to change it, or write all of them here."))
            text = matrix_text(STATE, "conv_input", _("Input"), MOST_INPUT)
            kernel = matrix_text(STATE, "conv_kernel", _("Kernel"), MOST_KERNEL)
        _example(slot, text, kernel)
    sliding = lesson.last_good(
        "conv",
        lambda: _sliding(text, kernel, stride, padding, dilation, flip),
        lambda: _sliding(ARANGE, KERNEL, (1, 1), (0, 0), 1, flip=False),
    )
    if sliding.refusal:
        complaint.show(sliding.refusal, "straighten")
    return sliding


def _example(slot: DeltaGenerator, text: str, kernel: str) -> None:
    """The preset whose numbers these are, to be changed for another."""
    examples = presets()
    same = [name for name, each in examples.items() if (each.input, each.kernel) == (text, kernel)]
    names = {name: _(each.name) for name, each in examples.items()}
    with slot:
        example("conv_preset", names, next(iter(same), None), setting)


def _sliding(
    text: str, weights: str, stride: Axes, padding: Axes, dilation: int, flip: bool
) -> Sliding:
    """What the widgets say, checked.

    Raises:
        ValueError: what is wrong with it, for the visitor.
    """
    cells = inputs.parse_matrix(text, MOST_INPUT)
    kernel = inputs.parse_matrix(weights, MOST_KERNEL)
    sliding = Sliding(
        name=f"{len(cells)}x{len(cells[0])}-{len(kernel)}x{len(kernel[0])}",
        input=cells,
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=(dilation, dilation),
        flip=flip,
    )
    try:
        output(sliding)  # refuses what is impossible
    except ops.WindowMisfit as error:
        return replace(sliding, refusal=str(error))
    return sliding


# -- what is computed -------------------------------------------------------------------------


def _tensors(sliding: Sliding) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.tensor(sliding.input, dtype=torch.float64)
    kernel = torch.tensor(sliding.kernel, dtype=torch.float64)
    return x, ops.flip(kernel) if sliding.flip else kernel


def output(sliding: Sliding) -> Matrix:
    """The output by the definition.

    Raises:
        ValueError: an impossible setting.
    """
    x, kernel = _tensors(sliding)
    y = ops.corr2d(
        x, kernel, stride=sliding.stride, padding=sliding.padding, dilation=sliding.dilation
    )
    return tuple(map(tuple, y.tolist()))


# -- the board --------------------------------------------------------------------------------


def _edited(cells: Matrix, kernel: Matrix) -> None:
    st.session_state["conv_input"] = inputs.spell_matrix(cells)
    st.session_state["conv_kernel"] = inputs.spell_matrix(kernel)


def _linked_place() -> Axes | None:
    """The output cell in the link, if it is one."""
    match = re.fullmatch(r"(\d{1,3}),(\d{1,3})", STATE.query("conv_at"))
    return (int(match[1]), int(match[2])) if match else None


def board(sliding: Sliding) -> None:
    """Input ⋆ kernel = output."""
    STATE.forget_if_new("conv_at", sliding)
    window_board(
        sliding, key=BOARD, at=_linked_place(), on_edit=_edited,
        on_point=lambda at: STATE.put("conv_at", f"{at[0]},{at[1]}"),
    )  # fmt: skip


def explanation(sliding: Sliding) -> None:
    """What to see, in the time that the picture leaves; the output size with its numbers."""
    st.markdown(
        _(
            "**One output cell** is every weight times the input cell under it, all added up. "
            "Then the window moves on, with the *same* weights."
        )
    )
    st.markdown(output_sizes(sliding))
    st.markdown(never_read(sliding))
    up, left = sliding.padding
    words = _(
        "That is ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1 for n cells, a kernel of k, stride s and "
        "dilation d. Padding p counts **per side**: {up} above and {up} below, {both_h} in total; "
        "{left} left and {left} right, {both_w} in total."
    )
    st.caption(words.format(up=up, both_h=2 * up, left=left, both_w=2 * left))
    if sliding.flip:
        st.caption(_("Flipped: the convolution of mathematics."))
    else:
        st.caption(_("Not flipped: strictly a cross-correlation, which networks call convolution."))


# -- to take along ----------------------------------------------------------------------------


def downloads(sliding: Sliding) -> None:
    """The call that computes the output, a program around it, and all numbers."""
    line = pytorch_line(sliding)
    take_along(line, source(sliding), csv(sliding), key="conv_downloads", file="convolution")


def pytorch_line(sliding: Sliding) -> str:
    """The call that computes the output from `x` and `kernel`."""
    kernel = "kernel.flip(0, 1)" if sliding.flip else "kernel"
    call = python_source.call(
        "F.conv2d", "x[None, None]", f"{kernel}[None, None]",
        stride=(one_or_both(sliding.stride), "1"), padding=(one_or_both(sliding.padding), "0"),
        dilation=(one_or_both(sliding.dilation), "1"),
    )  # fmt: skip
    return f"y = {call}[0, 0]"


def source(sliding: Sliding) -> str:
    """A program that runs by itself and prints the output."""
    tensors = {"x": sliding.input, "kernel": sliding.kernel}
    return program("import torch.nn.functional as F", tensors, pytorch_line(sliding))


def csv(sliding: Sliding) -> str:
    """Input, kernel (as it slides: turned if the visitor asked for it) and output."""
    kernel = tuple(map(tuple, _tensors(sliding)[1].tolist()))
    return blocks({"input": sliding.input, "kernel": kernel, "output": output(sliding)})


# -- what to try, and what learners ask ---------------------------------------------------------


def try_this() -> None:
    """Settings worth a look, each one click away."""
    lesson.try_this(
        {
            _("Find both edges"): setting("edges"),
            _("Turn the image, not the kernel"): setting("edges", input=TURNED),
            _("Flip the kernel"): setting("course", flip=True),
            _("Keep the size: pad by 1"): setting("sobel_x", padding=(1, 1)),
            _("Make it too large"): setting("course", kernel="1 1 1 1; 1 1 1 1; 1 1 1 1; 1 1 1 1"),
        }
    )


def questions() -> list[Question]:
    """What learners ask, with the experiment that answers."""
    return [
        Question(
            N_("Is this really a convolution?"),
            N_(
                "Strictly it is a cross-correlation. The convolution of mathematics turns the "
                "kernel by 180° first (upside down *and* left to right; that is not transposing). "
                "A network learns its kernel, so it would learn the turned one: nothing is lost. "
                "The example then gives 5, 11, 23, 29 instead of 19, 25, 37, 43, and the edge "
                "kernel [1, −1] only swaps the signs of its two edges."
            ),
            setting("course", flip=True),
        ),
        Question(
            N_("Can convolution be used on time series?"),
            N_(
                "Yes: one axis instead of two. A series is an input of one row, and the kernel "
                "slides along time. Here [−1, 1] gives the change from each hour to the next."
            ),
            setting("series"),
        ),
        Question(
            N_("The formula gives me 7, but PyTorch 8. Who is wrong?"),
            N_(
                "Two meanings of p. In PyTorch `padding=1` is one cell *on each side*, 2 in total. "
                "For 8 cells, a kernel of 3 and padding 1 the formula with the total, "
                "8 − 3 + 2 + 1, gives 8; with p = 1 put in for the total it gives 7. Here padding "
                "is always per side, and the formula says 2p."
            ),
            setting("course", input=EIGHT, kernel="1 0 -1; 1 0 -1; 1 0 -1", padding=(1, 1)),
        ),
        Question(
            N_("With a stride of 3 down and 2 across, does the window move both ways at once?"),
            N_(
                "No. It walks along a row first, 2 columns at a time; at the end of the row it "
                "starts again at the left, 3 rows further down. Press Play and watch the frame."
            ),
            setting("course", stride=(3, 2), padding=(1, 1)),
        ),
        Question(
            N_("Why does the edge kernel see nothing once the image is turned?"),
            N_(
                "[1, −1] compares a cell with its neighbour on the right. In the turned image "
                "these two are always equal, so every output is 0. Edges that lie across need the "
                "kernel turned too: 1 above −1."
            ),
            setting("edges", input=TURNED, kernel="1; -1"),
        ),
    ]
