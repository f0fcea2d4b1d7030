"""DenseNet: every layer of a block reads the outputs of all layers before it.

Shapes at the default input, N pictures of 1 × 224 × 224, stand at the end of each line.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Option, Paper, Reported

HEADS = {"max": nn.AdaptiveMaxPool2d, "avg": nn.AdaptiveAvgPool2d}


def conv_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Batch norm, ReLU, 3 × 3 convolution, in this order: (N, in, H, W) → (N, out, H, W)."""
    return nn.Sequential(
        OrderedDict(
            bn=nn.BatchNorm2d(in_channels),
            relu=nn.ReLU(),
            conv=nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
        )
    )


class DenseBlock(nn.Module):
    """`num_convs` layers that each add `growth_rate` channels to what they read.

    (N, C, H, W) → (N, C + num_convs · growth_rate, H, W); the first C are the input, unchanged.
    """

    def __init__(self, num_convs: int, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        for number in range(num_convs):
            layer = conv_block(in_channels + number * growth_rate, growth_rate)
            self.add_module(f"layer{number + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        """Height and width stay as they are."""
        for layer in self.children():
            x = torch.cat((x, layer(x)), dim=1)
        return x


def transition_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Narrows and halves the maps between two blocks: (N, in, H, W) → (N, out, H/2, W/2)."""
    return nn.Sequential(
        OrderedDict(
            bn=nn.BatchNorm2d(in_channels),
            relu=nn.ReLU(),
            conv=nn.Conv2d(in_channels, out_channels, kernel_size=1),
            pool=nn.AvgPool2d(kernel_size=2, stride=2),
        )
    )


def densenet(
    head: str = "max", growth_rate: int = 32, in_channels: int = 1, num_classes: int = 10
) -> nn.Sequential:
    """Four dense blocks of four layers (after Huang et al. 2016): (N, C, H, W) → (N, K).

    `head` is the last pooling; height and width are 29 or more. Shapes below: growth rate 32.
    """
    added = 4 * growth_rate  # channels that one block adds
    a = 64
    b = (a + added) // 2
    c = (b + added) // 2
    d = (c + added) // 2
    stem = OrderedDict(
        conv=nn.Conv2d(in_channels, a, kernel_size=7, stride=2, padding=3),  # (N, 64, 112, 112)
        bn=nn.BatchNorm2d(a),
        relu=nn.ReLU(),
        pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  # (N, 64, 56, 56)
    )
    return nn.Sequential(
        OrderedDict(
            stem=nn.Sequential(stem),
            block1=DenseBlock(4, a, growth_rate),  # (N, 192, 56, 56)
            transition1=transition_block(a + added, b),  # (N, 96, 28, 28)
            block2=DenseBlock(4, b, growth_rate),  # (N, 224, 28, 28)
            transition2=transition_block(b + added, c),  # (N, 112, 14, 14)
            block3=DenseBlock(4, c, growth_rate),  # (N, 240, 14, 14)
            transition3=transition_block(c + added, d),  # (N, 120, 7, 7)
            block4=DenseBlock(4, d, growth_rate),  # (N, 248, 7, 7)
            bn=nn.BatchNorm2d(d + added),
            relu=nn.ReLU(),
            pool=HEADS[head]((1, 1)),  # (N, 248, 1, 1)
            flatten=nn.Flatten(),  # (N, 248)
            fc=nn.Linear(d + added, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="densenet",
        title="DenseNet",
        build=densenet,
        input_size=InputSize(1, 224, 224),
        options=(
            Option(
                "head",
                N_("last pooling"),
                "max",
                tuple(HEADS),
                N_("last pooling: maximum or average"),
            ),
            Option(
                "growth_rate",
                N_("growth rate"),
                32,
                range(1, 129),
                N_("channels that each layer adds"),
            ),
        ),
        paper=Paper(
            title="Densely Connected Convolutional Networks",
            authors="Huang, Liu, van der Maaten, Weinberger",
            year=2016,
            url="https://arxiv.org/abs/1608.06993",
        ),
        introduced=N_(
            "Layers join their output to their input instead of adding it, "
            "so every layer reads all maps made before it in its block."
        ),
        parameters=758_226,
        reported=(
            Reported("Adam", 0.001, 42, 5, 96, 0.897, train_accuracy=0.917, weight_decay=0.0005),
        ),
        deviations=(
            N_("One grey channel and ten classes by default instead of colour and 1,000 classes."),
            N_("Blocks of 4, 4, 4 and 4 layers; the paper's smallest for ImageNet, 6, 12, 24, 16."),
            N_(
                "Layers have no 1 × 1 convolution before their 3 × 3 one; "
                "those of the paper's ImageNet networks do."
            ),
            N_("Maximum pooling at the end; the paper's is average pooling (head “avg”)."),
            N_("Convolutions keep their bias."),
        ),
    ),
)
