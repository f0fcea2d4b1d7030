"""The weights that a run starts from."""

from collections.abc import Callable

from torch import nn

WEIGHTED = (nn.Conv2d, nn.Linear)


def _xavier(layer: nn.Conv2d | nn.Linear) -> None:
    """As the course does it: weights by Glorot & Bengio 2010, biases left as they are."""
    nn.init.xavier_uniform_(layer.weight)


def _kaiming(layer: nn.Conv2d | nn.Linear) -> None:
    """Weights by He et al. 2015: after a ReLU the signal stays as large as it was, however deep
    the network; with Xavier's each layer takes a factor of √2. Biases left as they are."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


def _zeros(layer: nn.Conv2d | nn.Linear) -> None:
    """Every unit of a layer is the same and stays the same: nothing is learned but the bias."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


METHODS: dict[str, Callable[[nn.Conv2d | nn.Linear], None] | None] = {
    "default": None,
    "xavier": _xavier,
    "kaiming": _kaiming,
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
