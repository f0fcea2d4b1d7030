"""VGG: blocks of 3 × 3 convolutions, each block halving the side of the maps.

Shapes at the default input, N pictures of 1 × 224 × 224, stand at the end of each line.
"""

from collections import OrderedDict

from torch import nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Option, Paper, Reported


def vgg_block(num_convs: int, in_channels: int, out_channels: int) -> nn.Sequential:
    """`num_convs` times convolution and ReLU, then pooling: (N, C, H, W) → (N, out, H/2, W/2)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number in range(1, num_convs + 1):
        layers[f"conv{number}"] = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        layers[f"relu{number}"] = nn.ReLU()
        in_channels = out_channels
    layers["pool"] = nn.MaxPool2d(kernel_size=2, stride=2)
    return nn.Sequential(layers)


def vgg(
    num_convs: tuple[int, int, int, int, int],
    conv_ratio: int = 1,
    fc_ratio: int = 1,
    in_channels: int = 1,
    num_classes: int = 10,
) -> nn.Sequential:
    """VGG with `num_convs` in its five blocks (table 1): (N, C, 224, 224) → (N, K).

    `conv_ratio` divides the channels of every convolution, `fc_ratio` the width of the two hidden
    fully connected layers. The shapes below are those of ratio 1.
    """
    a, b, c, d = (channels // conv_ratio for channels in (64, 128, 256, 512))
    width = 4096 // fc_ratio
    return nn.Sequential(
        OrderedDict(
            block1=vgg_block(num_convs[0], in_channels, a),  # (N, 64, 112, 112)
            block2=vgg_block(num_convs[1], a, b),  # (N, 128, 56, 56)
            block3=vgg_block(num_convs[2], b, c),  # (N, 256, 28, 28)
            block4=vgg_block(num_convs[3], c, d),  # (N, 512, 14, 14)
            block5=vgg_block(num_convs[4], d, d),  # (N, 512, 7, 7)
            flatten=nn.Flatten(),  # (N, 25088)
            fc1=nn.Linear(d * 7 * 7, width),  # (N, 4096)
            relu1=nn.ReLU(),
            dropout1=nn.Dropout(0.5),
            fc2=nn.Linear(width, width),  # (N, 4096)
            relu2=nn.ReLU(),
            dropout2=nn.Dropout(0.5),
            fc3=nn.Linear(width, num_classes),  # (N, 10)
        )
    )


def vgg11(**options: int) -> nn.Sequential:
    """Configuration A: 8 convolutions and 3 fully connected layers."""
    return vgg((1, 1, 2, 2, 2), **options)


def vgg13(**options: int) -> nn.Sequential:
    """Configuration B: 10 convolutions and 3 fully connected layers."""
    return vgg((2, 2, 2, 2, 2), **options)


def vgg16(**options: int) -> nn.Sequential:
    """Configuration D: 13 convolutions and 3 fully connected layers."""
    return vgg((2, 2, 3, 3, 3), **options)


def vgg19(**options: int) -> nn.Sequential:
    """Configuration E: 16 convolutions and 3 fully connected layers."""
    return vgg((2, 2, 4, 4, 4), **options)


ARCHITECTURES = tuple(
    Architecture(
        name=build.__name__,
        title=build.__name__.replace("vgg", "VGG-"),
        build=build,
        input_size=InputSize(1, 224, 224),
        options=(
            Option(
                "conv_ratio",
                N_("width of the convolutions ÷"),
                1,
                (1, 4, 8),
                N_("divides the channels of every convolution"),
            ),
            Option(
                "fc_ratio",
                N_("width of the hidden layers ÷"),
                1,
                (1, 4, 8),
                N_("divides the width of the hidden fully connected layers"),
            ),
        ),
        paper=Paper(
            title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
            authors="Simonyan, Zisserman",
            year=2014,
            url="https://arxiv.org/abs/1409.1556",
        ),
        introduced=N_("One kind of block, repeated: small 3 × 3 kernels and much depth."),
        parameters=parameters,
        reported=reported,
        deviations=(
            N_("One grey channel and ten classes by default instead of colour and 1,000 classes."),
            N_(
                "All weights start at random; the paper starts deeper networks from its shallowest."
            ),
        ),
    )
    for build, parameters, reported in (
        (
            vgg11,
            128_806_154,
            (
                Reported(
                    "Adam",
                    0.0001,
                    32,
                    5,
                    224,
                    0.923,
                    train_accuracy=0.932,
                    weight_decay=0.0005,
                    options={"conv_ratio": 4},
                ),
                Reported(
                    "Adam",
                    0.001,
                    256,
                    5,
                    224,
                    0.900,
                    train_accuracy=0.911,
                    options={"conv_ratio": 8, "fc_ratio": 8},
                    remark=N_("Dropout was left on while testing."),
                ),
            ),
        ),
        (vgg13, 128_990_666, ()),
        (vgg16, 134_300_362, ()),
        (vgg19, 139_610_058, ()),
    )
)
