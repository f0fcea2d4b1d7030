"""torchvision's classification networks in the course's terms: facts and a builder for each.

Nothing is downloaded: sizes and counts come from what torchvision states about its weights, and
networks are built with random ones.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks import pytorch_code
from explorer.networks.registry import (
    IN_CHANNELS,
    NUM_CLASSES,
    Architecture,
    Paper,
    Source,
    Value,
    course,
    register,
)

TORCHVISION = "torchvision"

# Where a constructor's defaults need another word: no slow initialisation that would need scipy,
# and the heads that the published parameter counts include.
KEYWORDS: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"init_weights": False},
}

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "googlenet": (
        N_("No side classifiers in the middle of the network."),
        N_("Batch norm after every convolution."),
        N_("The paths with 5 × 5 kernels have 3 × 3 ones."),
    ),
    "inception_v3": (
        N_("In training mode the network answers twice: its side classifier is kept."),
    ),
}


# How the names of a family begin → its paper (arXiv's number, which begins with the year;
# authors; title), and what was new in it. The first that fits counts.
FAMILIES: dict[str, tuple[str, str, str, str]] = {
    "alexnet": (
        "1404.5997",
        "Krizhevsky",
        "One weird trick for parallelizing convolutional neural networks",
        N_("AlexNet in one stream, with fewer channels."),
    ),
    "inception": (
        "1512.00567",
        "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        "Rethinking the Inception Architecture for Computer Vision",
        N_("Large kernels taken apart into chains of small and of one-sided ones."),
    ),
    "wide_resnet": (
        "1605.07146",
        "Zagoruyko, Komodakis",
        "Wide Residual Networks",
        N_("Residual blocks with more channels instead of more blocks."),
    ),
    "resnext": (
        "1611.05431",
        "Xie, Girshick, Dollár, Tu, He",
        "Aggregated Residual Transformations for Deep Neural Networks",
        N_("Residual blocks whose 3 × 3 convolution works in many separate groups of channels."),
    ),
    "squeezenet": (
        "1602.07360",
        "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
        "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
        N_("Few parameters: 1 × 1 convolutions narrow what each 3 × 3 convolution reads."),
    ),
    "mobilenet_v2": (
        "1801.04381",
        "Sandler, Howard, Zhu, Zhmoginov, Chen",
        "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        N_("Blocks that are wide inside and narrow where they are added, with one kernel per map."),
    ),
    "mobilenet_v3": (
        "1905.02244",
        "Howard et al.",
        "Searching for MobileNetV3",
        N_("MobileNetV2's blocks with gates on the channels, arranged by automatic search."),
    ),
    "mnasnet": (
        "1807.11626",
        "Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le",
        "MnasNet: Platform-Aware Neural Architecture Search for Mobile",
        N_("Blocks found by an automatic search that measures time on a phone."),
    ),
    "shufflenet_v2": (
        "1807.11164",
        "Ma, Zhang, Zheng, Sun",
        "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
        N_("Channels are split, half of them worked on, and all shuffled again."),
    ),
    "efficientnet_v2": (
        "2104.00298",
        "Tan, Le",
        "EfficientNetV2: Smaller Models and Faster Training",
        N_("EfficientNet with plain convolutions in its early blocks, to train faster."),
    ),
    "efficientnet": (
        "1905.11946",
        "Tan, Le",
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        N_("Depth, width and picture size grow together, by one rule."),
    ),
    "regnet": (
        "2003.13678",
        "Radosavovic, Kosaraju, Girshick, He, Dollár",
        "Designing Network Design Spaces",
        N_("Widths of the blocks follow a straight line in depth, found by comparing many nets."),
    ),
    "convnext": (
        "2201.03545",
        "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie",
        "A ConvNet for the 2020s",
        N_("A ResNet brought step by step to the habits of transformers, with 7 × 7 kernels."),
    ),
    "vit": (
        "2010.11929",
        "Dosovitskiy et al.",
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
        N_("A transformer that reads a picture as a row of square patches."),
    ),
    "swin_v2": (
        "2111.09883",
        "Liu et al.",
        "Swin Transformer V2: Scaling Up Capacity and Resolution",
        N_("Swin with attention by cosine and positions that carry over to larger pictures."),
    ),
    "swin": (
        "2103.14030",
        "Liu et al.",
        "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
        N_("Attention inside windows, which shift from layer to layer."),
    ),
    "maxvit": (
        "2204.01697",
        "Tu, Talebi, Zhang, Yang, Milanfar, Bovik, Li",
        "MaxViT: Multi-Axis Vision Transformer",
        N_("Convolution, attention in windows and attention on a wide grid in every block."),
    ),
}
# The families whose papers the course has too, under these names.
OF_COURSE = {"vgg": "vgg11", "googlenet": "googlenet", "resnet": "resnet18", "densenet": "densenet"}


def _published(model: str) -> tuple[Paper | None, str]:
    """The paper of the family that `model` belongs to, and what was new in it."""
    for family, (number, authors, title, introduced) in FAMILIES.items():
        if model.startswith(family):
            year = 2000 + int(number[:2])
            return Paper(title, authors, year, f"https://arxiv.org/abs/{number}"), introduced
    relative = next(
        (course()[name] for family, name in OF_COURSE.items() if model.startswith(family)), None
    )
    return (relative.paper, relative.introduced) if relative else (None, "")


def _read_channels(network: nn.Module, in_channels: int) -> None:
    """Let the first convolution of `network` read `in_channels` instead of three."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == 3 and layer.groups == 1:
            shape = (layer.out_channels, in_channels, *layer.kernel_size)
            layer.weight = nn.Parameter(layer.weight.new_empty(shape))
            layer.in_channels = in_channels
            layer.reset_parameters()
            return
    raise AssertionError(f"{type(network).__name__} has no convolution over three channels")


def _models() -> Any:
    from explorer.base.torchvision_import import models  # noqa: PLC0415 (slow to import)

    return models


def build(model: str, in_channels: int = 3, num_classes: int = 1000) -> nn.Module:
    """The network that torchvision calls `model`, with random weights: (N, C, S, S) → (N, K)."""
    keywords = KEYWORDS.get(model, {})
    network: nn.Module = _models().get_model(
        model, weights=None, num_classes=num_classes, **keywords
    )
    if in_channels != 3:
        _read_channels(network, in_channels)
    return network


def networks() -> dict[str, Architecture]:
    """The classification networks of the installed torchvision, in the alphabet's order."""
    return {model: architecture(model) for model in _models().list_models(module=_models())}


def architecture(model: str) -> Architecture:
    """The facts that torchvision states of the network that it calls `model`.

    Of several published sets of weights the first with the smallest pictures counts: its size is
    the one that the constructor is made for.
    """
    weights = min(_models().get_model_weights(model), key=_side)
    paper, introduced = _published(model)
    return Architecture(
        name=f"{TORCHVISION}/{model}",
        title=f"{_title(model)} (torchvision)",
        build=partial(build, model),
        input_size=InputSize(3, _side(weights), _side(weights)),
        paper=paper,
        introduced=introduced,
        parameters=weights.meta["num_params"],
        deviations=DEVIATIONS.get(model, ()),
        in_channels=replace(IN_CHANNELS, default=3),
        num_classes=replace(NUM_CLASSES, default=1000),
    )


# How people write the names of families; what follows is a depth or a variant.
_NAMES = {
    "alexnet": "AlexNet", "convnext": "ConvNeXt", "densenet": "DenseNet",
    "efficientnet": "EfficientNet", "googlenet": "GoogLeNet", "inception": "Inception",
    "maxvit": "MaxViT", "mnasnet": "MNASNet", "mobilenet": "MobileNet", "regnet": "RegNet",
    "resnet": "ResNet", "resnext": "ResNeXt", "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet", "swin": "Swin", "vgg": "VGG", "vit": "ViT",
    "wide_resnet": "Wide ResNet",
}  # fmt: skip


def _title(model: str) -> str:
    """wide_resnet50_2 → "Wide ResNet-50-2", vit_b_16 → "ViT-B-16"."""
    family = max((each for each in _NAMES if model.startswith(each)), key=len, default="")
    variant = re.findall(r"[^_-]+", model.removeprefix(family))
    short = (each.upper() if len(each) < 3 and each[0] in "bhlstvy" else each for each in variant)
    return "-".join(filter(None, [_NAMES.get(family, ""), *short]))


def _side(weights: Any) -> int:
    """Side in pixels of the pictures that the weights were tested on."""
    return int(weights.transforms.keywords["crop_size"])


def _code(model: str, options: Mapping[str, Value]) -> str:
    """The call that builds it, and another first convolution where the channels need one."""
    call = {"weights": None, "num_classes": options["num_classes"], **KEYWORDS.get(model, {})}
    lines = [
        "import torch",
        "from torchvision import models",
        "",
        f"net = models.{model}({pytorch_code.arguments(call)}).eval()",
    ]
    if options["in_channels"] != 3:
        lines += ["", _CHANNELS_CODE.format(n=options["in_channels"])]
    return "\n".join(lines)


_CHANNELS_CODE = """\
# A first convolution for another number of input channels.
modules = net.named_modules()
path, first = next((p, m) for p, m in modules if isinstance(m, torch.nn.Conv2d))
parent, _, child = path.rpartition(".")
setattr(
    net.get_submodule(parent),
    child,
    torch.nn.Conv2d(
        {n},
        first.out_channels,
        first.kernel_size,
        first.stride,
        first.padding,
        bias=first.bias is not None,
    ),
)"""

register(Source(TORCHVISION, networks, _code))
