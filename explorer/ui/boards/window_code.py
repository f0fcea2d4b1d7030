"""What slides over a window board, as PyTorch writes it: settings, tensors, sizes, tables."""

from collections.abc import Mapping

from explorer.base.inputs import Matrix
from explorer.networks import ops
from explorer.ui.boards.window_board import Axes


def one_or_both(pair: Axes) -> str:
    """As torch takes it: one number for both axes, or (down, across)."""
    return str(pair[0]) if pair[0] == pair[1] else str(tuple(pair))


def literal(matrix: Matrix) -> str:
    """The tensor as a program writes it."""
    rows = ", ".join("[" + ", ".join(f"{cell:.12g}" for cell in row) + "]" for row in matrix)
    return f"torch.tensor([{rows}], dtype=torch.float64)"


def blocks(grids: Mapping[str, Matrix]) -> str:
    """Grids as CSV (name → numbers), one below the other."""
    spelled = [
        f"{name}\n" + "\n".join(",".join(f"{cell:.12g}" for cell in row) for row in matrix)
        for name, matrix in grids.items()
    ]
    return "\n\n".join(spelled) + "\n"


def size_formula(size: int, window: int, stride: int, padding: int, dilation: int) -> str:
    """The output size of one axis with its numbers: 6 = ⌊(6 + 2·0 − 1·(1−1) − 1) / 1⌋ + 1."""
    places = ops.output_size(size, window, stride, padding, dilation)
    return f"**{places}** = ⌊({size} + 2·{padding} − {dilation}·({window}−1) − 1) / {stride}⌋ + 1"
