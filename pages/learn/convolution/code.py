"""The convolution on the page as a line of PyTorch, a program and a table of numbers."""

import streamlit as st

from explorer.base.language import _
from explorer.ui.boards.window_board import Sliding
from explorer.ui.boards.window_code import blocks, literal, one_or_both
from explorer.ui.save_buttons import save_button
from pages.learn.convolution.parts import flipped, output


def pytorch_line(shown: Sliding) -> str:
    """The call that computes the output from `x` and `kernel`."""
    kernel = "kernel.flip(0, 1)" if shown.flip else "kernel"
    settings = {
        "stride": (shown.stride, (1, 1)),
        "padding": (shown.padding, (0, 0)),
        "dilation": (shown.dilation, (1, 1)),
    }
    given = "".join(
        f", {name}={one_or_both(pair)}" for name, (pair, usual) in settings.items() if pair != usual
    )
    return f"y = F.conv2d(x[None, None], {kernel}[None, None]{given})[0, 0]"


def program(shown: Sliding) -> str:
    """A program that runs by itself and prints the output."""
    return "\n".join(
        [
            "import torch",
            "import torch.nn.functional as F",
            "",
            f"x = {literal(shown.input)}",
            f"kernel = {literal(shown.kernel)}",
            pytorch_line(shown),
            "print(y)",
            "",
        ]
    )


def csv(shown: Sliding) -> str:
    """Input, kernel and output, one below the other, each under its name."""
    return blocks({"input": shown.input, "kernel": flipped(shown), "output": output(shown)})


def take_along(shown: Sliding) -> None:
    """The PyTorch line to copy, the program and the numbers to save."""
    st.code(pytorch_line(shown), language="python")
    with st.container(horizontal=True, key="conv_downloads"):
        save_button(_("Program (Python)"), program(shown), "convolution.py")
        save_button(_("Numbers (CSV)"), csv(shown), "convolution.csv")
