"""Recordings to look numbers up in."""

from functools import cache

import torch
from torch import Tensor, nn

from explorer.inside.activations import Recording, record
from explorer.inside.unit_arithmetic import Sum
from explorer.networks import get

# float32 carries seven digits; what is added up is as exact as its largest parts.
ROUNDING = 1e-6
# Between them they have every kind of layer that the course and its relatives use.
NETWORKS = {
    "lenet": 28,
    "bn_lenet": 28,
    "alexnet": 195,
    "nin": 67,
    "googlenet": 40,
    "resnet18": 64,
    "densenet": 40,
    "torchvision/squeezenet1_1": 64,
    "torchvision/densenet121": 64,
    "torchvision/mobilenet_v3_small": 64,
    "torchvision/shufflenet_v2_x0_5": 64,
    "torchvision/efficientnet_b0": 64,
    "torchvision/convnext_tiny": 64,
}


@cache
def recorded(name: str) -> Recording:
    architecture = get(name)
    torch.manual_seed(0)
    network = architecture.build(**architecture.resolve({})).eval()
    for module in network.modules():  # averages that training would have left behind
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    side = NETWORKS[name]
    return record(network, torch.randn(1, architecture.input_size[0], side, side))


def run(*layers: nn.Module, picture: Tensor | None = None, training: bool = False) -> Recording:
    torch.manual_seed(1)
    picture = torch.randn(2, 4, 9, 8) if picture is None else picture
    return record(nn.Sequential(*layers), picture, training=training)


def holds(found: Sum) -> bool:
    return abs(found.total - found.value) <= ROUNDING * found.scale + 1e-30
