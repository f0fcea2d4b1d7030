"""The pooling on the page as a line of PyTorch, a program and a table of numbers."""

import streamlit as st

from explorer.base.language import _
from explorer.ui.boards.window_board import Sliding
from explorer.ui.boards.window_code import blocks, literal, one_or_both
from explorer.ui.save_buttons import save_button
from pages.learn.pooling.parts import output, window_of


def pytorch_line(shown: Sliding) -> str:
    """The layer that computes the output from `x`."""
    window = window_of(shown)
    given = [one_or_both(window)]
    if shown.stride != window:
        given.append(f"stride={one_or_both(shown.stride)}")
    if shown.padding != (0, 0):
        given.append(f"padding={one_or_both(shown.padding)}")
    layer = {"max": "MaxPool2d", "avg": "AvgPool2d"}[shown.operation]
    return f"y = nn.{layer}({', '.join(given)})(x[None, None])[0, 0]"


def program(shown: Sliding) -> str:
    """A program that runs by itself and prints the output."""
    given = f"x = {literal(shown.input)}"
    parts = ["import torch", "from torch import nn", "", given, pytorch_line(shown), "print(y)", ""]
    return "\n".join(parts)


def csv(shown: Sliding) -> str:
    """Input and output, one below the other, each under its name."""
    return blocks({"input": shown.input, "output": output(shown)})


def take_along(shown: Sliding) -> None:
    """The PyTorch line to copy, the program and the numbers to save."""
    st.code(pytorch_line(shown), language="python")
    with st.container(horizontal=True, key="pool_downloads"):
        save_button(_("Program (Python)"), program(shown), "pooling.py")
        save_button(_("Numbers (CSV)"), csv(shown), "pooling.csv")
