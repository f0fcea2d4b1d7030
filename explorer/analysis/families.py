"""What kind of operation a layer is: its family, which gives it its colour in every picture."""

from typing import Literal

Family = Literal[
    "input",
    "convolution",
    "linear",
    "attention",
    "pooling",
    "normalisation",
    "activation",
    "merge",
    "reshape",
    "dropout",
    "other",
    "block",
]

# What an operation does, the first word that its type holds.
FAMILIES: tuple[tuple[Family, tuple[str, ...]], ...] = (
    ("attention", ("Attention", "scaled_dot_product", "softmax")),
    ("convolution", ("Conv", "conv")),
    ("linear", ("Linear", "linear", "matmul", "einsum", "bmm")),
    ("pooling", ("Pool", "pool", "mean")),
    ("normalisation", ("Norm", "norm")),
    ("dropout", ("Drop", "drop", "StochasticDepth")),
    ("activation", ("LU", "lu", "igmoid", "anh", "wish", "clamp")),
    ("reshape", ("latten", "view", "reshape", "ermute", "transpose", "chunk", "split", "getitem",
                 "expand", "contiguous", "roll", "pad", "squeeze", "Swap", "swap", "Partition")),
)  # fmt: skip
SYMBOLS = {"add": "+", "cat": "cat", "mul": "×", "sub": "−", "div": "÷"}  # of merges


def family(kind: str) -> Family:
    """The family of an operation of type `kind`."""
    if kind in SYMBOLS:
        return "merge"
    return next((name for name, words in FAMILIES if any(w in kind for w in words)), "other")
