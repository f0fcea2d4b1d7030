"""Networks with random weights, pictures that fit them, and recordings to look numbers up in."""

from functools import cache

import torch
from torch import Tensor, nn

from explorer.inside.activations import Recording, record
from explorer.inside.unit_arithmetic import Sum
from explorer.networks import NetworkSpec

# Side of a small picture that the network accepts; and options that keep the large ones small.
SIDES = {"lenet": 28, "bn_lenet": 28, "alexnet": 195, "nin": 67, "googlenet": 40, "densenet": 40}
NARROW = {name: {"conv_ratio": 8, "fc_ratio": 8} for name in ("vgg11", "vgg13", "vgg16", "vgg19")}
# float32 carries seven digits; what is added up is as exact as its largest parts.
ROUNDING = 1e-6


def built(name: str, seed: int = 0) -> tuple[nn.Module, Tensor]:
    """A network with random weights, and a random picture that fits it."""
    spec = NetworkSpec.parse(name, NARROW.get(name, {}))
    torch.manual_seed(seed)
    network = spec.build().eval()
    for module in network.modules():  # averages that training would have left behind
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    side = SIDES.get(name, 224 if name in NARROW else 64)
    return network, torch.rand(1, spec.input_size.channels, side, side)


@cache
def recorded(name: str) -> Recording:
    return record(*built(name))


def run(*layers: nn.Module, picture: Tensor | None = None, training: bool = False) -> Recording:
    torch.manual_seed(1)
    picture = torch.randn(2, 4, 9, 8) if picture is None else picture
    return record(nn.Sequential(*layers), picture, training=training)


def holds(arithmetic: Sum) -> bool:
    return abs(arithmetic.total - arithmetic.value) <= ROUNDING * arithmetic.scale + 1e-30


def untouched(network: nn.Module) -> bool:
    return not any(
        "forward" in vars(module) or module._forward_hooks or module._forward_pre_hooks
        for module in network.modules()
    )


def plain_output(network: nn.Module, picture: Tensor) -> Tensor:
    with torch.no_grad():
        return network(picture)
