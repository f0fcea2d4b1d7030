"""The convolution on the page as a line of PyTorch, a program and a table of numbers."""

from collections.abc import Mapping

import streamlit as st

from explorer.inputs import Matrix
from explorer.language import _
from explorer.ui.convolution_view import flipped, output
from explorer.ui.window_board import Axes, Sliding


def _one_or_both(pair: Axes) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(tuple(pair))


def pytorch_line(shown: Sliding) -> str:
    """The call that computes the output from `x` and `kernel`."""
    kernel = "kernel.flip(0, 1)" if shown.flip else "kernel"
    settings = {
        "stride": (shown.stride, (1, 1)),
        "padding": (shown.padding, (0, 0)),
        "dilation": (shown.dilation, (1, 1)),
    }
    given = "".join(
        f", {name}={_one_or_both(pair)}"
        for name, (pair, usual) in settings.items()
        if pair != usual
    )
    return f"y = F.conv2d(x[None, None], {kernel}[None, None]{given})[0, 0]"


def _literal(matrix: Matrix) -> str:
    rows = ", ".join("[" + ", ".join(f"{cell:g}" for cell in row) + "]" for row in matrix)
    return f"torch.tensor([{rows}], dtype=torch.float64)"


def program(shown: Sliding) -> str:
    """A program that runs by itself and prints the output."""
    return "\n".join(
        [
            "import torch",
            "import torch.nn.functional as F",
            "",
            f"x = {_literal(shown.input)}",
            f"kernel = {_literal(shown.kernel)}",
            pytorch_line(shown),
            "print(y)",
            "",
        ]
    )


def csv(shown: Sliding) -> str:
    """Input, kernel and output, one below the other, each under its name."""
    parts: Mapping[str, Matrix] = {
        "input": shown.input,
        "kernel": flipped(shown),
        "output": output(shown),
    }
    blocks = [
        f"{name}\n" + "\n".join(",".join(f"{cell:g}" for cell in row) for row in matrix)
        for name, matrix in parts.items()
    ]
    return "\n\n".join(blocks) + "\n"


def take_along(shown: Sliding) -> None:
    """The PyTorch line to copy, the program and the numbers to save."""
    st.code(pytorch_line(shown), language="python")
    with st.container(horizontal=True, key="conv_downloads"):
        for label, text, file, kind in (
            (_("Program (Python)"), program(shown), "convolution.py", "text/x-python"),
            (_("Numbers (CSV)"), csv(shown), "convolution.csv", "text/csv"),
        ):
            st.download_button(
                label, text, file, kind, icon=":material/download:", on_click="ignore"
            )
