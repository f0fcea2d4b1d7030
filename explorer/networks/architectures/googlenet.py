"""GoogLeNet: nine Inception blocks, each with four paths side by side.

Shapes at the default input, N pictures of 1 × 96 × 96, stand at the end of each line.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Paper, Reported


class Inception(nn.Module):
    """Four paths over the same input, joined along the channels.

    `c1` … `c4` are the channels that each path gives; paths 2 and 3 take a pair, of which the
    first is the width after the 1 × 1 convolution that saves them work.
    (N, C, H, W) → (N, c1 + c2[1] + c3[1] + c4, H, W).
    """

    def __init__(
        self, in_channels: int, c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int
    ) -> None:
        super().__init__()
        self.path1 = nn.Conv2d(in_channels, c1, kernel_size=1)
        self.path2_reduce = nn.Conv2d(in_channels, c2[0], kernel_size=1)
        self.path2 = nn.Conv2d(c2[0], c2[1], kernel_size=3, padding=1)
        self.path3_reduce = nn.Conv2d(in_channels, c3[0], kernel_size=1)
        self.path3 = nn.Conv2d(c3[0], c3[1], kernel_size=5, padding=2)
        self.path4_pool = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
        self.path4 = nn.Conv2d(in_channels, c4, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Height and width stay as they are."""
        one = relu(self.path1(x))
        two = relu(self.path2(relu(self.path2_reduce(x))))
        three = relu(self.path3(relu(self.path3_reduce(x))))
        four = relu(self.path4(self.path4_pool(x)))
        return torch.cat((one, two, three, four), dim=1)


def halving_pool() -> nn.MaxPool2d:
    """Maximum pooling that halves height and width."""
    return nn.MaxPool2d(kernel_size=3, stride=2, padding=1)


def googlenet(in_channels: int = 1, num_classes: int = 10) -> nn.Sequential:
    """GoogLeNet without its side classifiers (Szegedy et al. 2014, table 1): → (N, K).

    Any height and width will do.
    """
    stage1 = OrderedDict(
        conv=nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3),  # (N, 64, 48, 48)
        relu=nn.ReLU(),
        pool=halving_pool(),  # (N, 64, 24, 24)
    )
    stage2 = OrderedDict(
        conv1=nn.Conv2d(64, 64, kernel_size=1),  # (N, 64, 24, 24)
        relu=nn.ReLU(),
        conv2=nn.Conv2d(64, 192, kernel_size=3, padding=1),  # (N, 192, 24, 24)
        pool=halving_pool(),  # (N, 192, 12, 12)
    )
    stage3 = OrderedDict(
        inception3a=Inception(192, 64, (96, 128), (16, 32), 32),  # (N, 256, 12, 12)
        inception3b=Inception(256, 128, (128, 192), (32, 96), 64),  # (N, 480, 12, 12)
        pool=halving_pool(),  # (N, 480, 6, 6)
    )
    stage4 = OrderedDict(
        inception4a=Inception(480, 192, (96, 208), (16, 48), 64),  # (N, 512, 6, 6)
        inception4b=Inception(512, 160, (112, 224), (24, 64), 64),  # (N, 512, 6, 6)
        inception4c=Inception(512, 128, (128, 256), (24, 64), 64),  # (N, 512, 6, 6)
        inception4d=Inception(512, 112, (144, 288), (32, 64), 64),  # (N, 528, 6, 6)
        inception4e=Inception(528, 256, (160, 320), (32, 128), 128),  # (N, 832, 6, 6)
        pool=halving_pool(),  # (N, 832, 3, 3)
    )
    stage5 = OrderedDict(
        inception5a=Inception(832, 256, (160, 320), (32, 128), 128),  # (N, 832, 3, 3)
        inception5b=Inception(832, 384, (192, 384), (48, 128), 128),  # (N, 1024, 3, 3)
        pool=nn.AdaptiveAvgPool2d((1, 1)),  # (N, 1024, 1, 1)
        flatten=nn.Flatten(),  # (N, 1024)
    )
    return nn.Sequential(
        OrderedDict(
            stage1=nn.Sequential(stage1),
            stage2=nn.Sequential(stage2),
            stage3=nn.Sequential(stage3),
            stage4=nn.Sequential(stage4),
            stage5=nn.Sequential(stage5),
            fc=nn.Linear(1024, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="googlenet",
        title="GoogLeNet",
        build=googlenet,
        input_size=InputSize(1, 96, 96),
        paper=Paper(
            title="Going Deeper with Convolutions",
            authors=("Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich"),
            year=2014,
            url="https://arxiv.org/abs/1409.4842",
        ),
        introduced=N_(
            "Kernels of several sizes side by side in one block, with 1 × 1 convolutions "
            "before the large ones to save work."
        ),
        parameters=5_977_530,
        reported=(
            Reported("Adam", 0.0001, 21, 5, 96, 0.896, train_accuracy=0.899, weight_decay=0.0005),
        ),
        deviations=(
            N_("Pictures of 1 × 96 × 96 and ten classes instead of 3 × 224 × 224 and 1,000."),
            N_("No side classifiers in the middle of the network."),
            N_("No local response normalisation in the first two stages."),
            N_("No dropout before the last layer."),
            N_("No ReLU after the 3 × 3 convolution of stage 2: the course leaves it out."),
        ),
    ),
)
