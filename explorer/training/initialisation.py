"""The weights that a run starts from."""

from collections.abc import Callable

from torch import nn

WEIGHTED = (nn.Conv2d, nn.Linear)


def _xavier(layer: nn.Conv2d | nn.Linear) -> None:
    """As the course does it: weights by Glorot & Bengio 2010, biases left as they are."""
    nn.init.xavier_uniform_(layer.weight)


def _zeros(layer: nn.Conv2d | nn.Linear) -> None:
    """Every unit of a layer is the same and stays the same: nothing is learned but the bias."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


METHODS: dict[str, Callable[[nn.Conv2d | nn.Linear], None] | None] = {
    "default": None,
    "xavier": _xavier,
    "zeros": _zeros,
}


def initialise(network: nn.Module, method: str) -> nn.Module:
    """Set the weights of every convolution and linear layer; "default" keeps PyTorch's own."""
    change = METHODS[method]
    if change is not None:
        for layer in network.modules():
            if isinstance(layer, WEIGHTED):
                change(layer)
    return network
