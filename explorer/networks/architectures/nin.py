"""Network in Network: 1 × 1 convolutions after every convolution, and no fully connected layer.

Shapes at the default input, N pictures of 1 × 224 × 224, stand at the end of each line.
"""

from collections import OrderedDict

from torch import nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Paper, Reported


def nin_block(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0
) -> nn.Sequential:
    """A convolution and two 1 × 1 ones, which mix the channels of each pixel on its own."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(out_channels, out_channels, kernel_size=1),
            relu2=nn.ReLU(),
            conv3=nn.Conv2d(out_channels, out_channels, kernel_size=1),
            relu3=nn.ReLU(),
        )
    )


def nin(in_channels: int = 1, num_classes: int = 10) -> nn.Sequential:
    """NiN with AlexNet's kernels (Lin et al. 2013): (N, C, 224, 224) → (N, K).

    The last block ends with ReLU like the others, so no logit is negative.
    """
    return nn.Sequential(
        OrderedDict(
            block1=nin_block(in_channels, 96, kernel_size=11, stride=4),  # (N, 96, 54, 54)
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),  # (N, 96, 26, 26)
            block2=nin_block(96, 256, kernel_size=5, padding=2),  # (N, 256, 26, 26)
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),  # (N, 256, 12, 12)
            block3=nin_block(256, 384, kernel_size=3, padding=1),  # (N, 384, 12, 12)
            pool3=nn.MaxPool2d(kernel_size=3, stride=2),  # (N, 384, 5, 5)
            dropout=nn.Dropout(0.5),
            block4=nin_block(384, num_classes, kernel_size=3, padding=1),  # (N, 10, 5, 5)
            pool4=nn.AdaptiveAvgPool2d((1, 1)),  # (N, 10, 1, 1)
            flatten=nn.Flatten(),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="nin",
        title="NiN",
        build=nin,
        input_size=InputSize(1, 224, 224),
        paper=Paper(
            title="Network In Network",
            authors="Lin, Chen, Yan",
            year=2013,
            url="https://arxiv.org/abs/1312.4400",
        ),
        introduced=N_(
            "1 × 1 convolutions as a small network at every pixel, and the mean of one map "
            "per class in place of fully connected layers."
        ),
        parameters=1_992_166,
        reported=(
            Reported("Adam", 0.0001, 32, 10, 224, 0.885, train_accuracy=0.887, weight_decay=0.0005),
            Reported(
                "Adam",
                0.002,
                256,
                5,
                224,
                0.729,
                train_accuracy=0.761,
                remark=N_("Dropout was left on while testing."),
            ),
        ),
        deviations=(
            N_(
                "Four blocks with AlexNet's kernels and channels for 224 × 224 pictures; the "
                "paper's experiments use three blocks on pictures of at most 32 × 32."
            ),
            N_("One dropout, before the last block; the paper has one after each earlier block."),
        ),
    ),
)
