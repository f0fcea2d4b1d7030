"""The pooling on the page as a line of PyTorch, a program and a table of numbers."""

import streamlit as st

from explorer.language import _
from explorer.ui.pooling_view import output, window_of
from explorer.ui.window_board import Axes, Sliding


def _spell(pair: Axes) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def pytorch_line(shown: Sliding) -> str:
    """The layer that computes the output from `x`."""
    window = window_of(shown)
    given = [_spell(window)]
    if shown.stride != window:
        given.append(f"stride={_spell(shown.stride)}")
    if shown.padding != (0, 0):
        given.append(f"padding={_spell(shown.padding)}")
    layer = {"max": "MaxPool2d", "avg": "AvgPool2d"}[shown.operation]
    return f"y = nn.{layer}({', '.join(given)})(x[None, None])[0, 0]"


def program(shown: Sliding) -> str:
    """A program that runs by itself and prints the output."""
    rows = ", ".join("[" + ", ".join(f"{cell:g}" for cell in row) + "]" for row in shown.input)
    given = f"x = torch.tensor([{rows}], dtype=torch.float64)"
    parts = ["import torch", "from torch import nn", "", given, pytorch_line(shown), "print(y)", ""]
    return "\n".join(parts)


def csv(shown: Sliding) -> str:
    """Input and output, one below the other, each under its name."""
    blocks = [
        f"{name}\n" + "\n".join(",".join(f"{cell:g}" for cell in row) for row in matrix)
        for name, matrix in (("input", shown.input), ("output", output(shown)))
    ]
    return "\n\n".join(blocks) + "\n"


def take_along(shown: Sliding) -> None:
    """The PyTorch line to copy, the program and the numbers to save."""
    st.code(pytorch_line(shown), language="python")
    with st.container(horizontal=True, key="pool_downloads"):
        for label, text, file, kind in (
            (_("Program (Python)"), program(shown), "pooling.py", "text/x-python"),
            (_("Numbers (CSV)"), csv(shown), "pooling.csv", "text/csv"),
        ):
            st.download_button(
                label, text, file, kind, icon=":material/download:", on_click="ignore"
            )
