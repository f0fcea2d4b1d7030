"""ResNet-18: eight residual blocks, each adding what it computes to what it was given.

Shapes at the default input, N pictures of 1 × 224 × 224, stand at the end of each line.
"""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn.functional import relu

from explorer.architectures.registry import Architecture, Paper, Reported
from explorer.language import N_


class Residual(nn.Module):
    """Two 3 × 3 convolutions and a shortcut: (N, in, H, W) → (N, out, H/strides, W/strides).

    The shortcut is the input itself, or a 1 × 1 convolution of it with `use_1x1conv`, which a
    change of channels or of size needs.
    """

    def __init__(
        self, in_channels: int, out_channels: int, use_1x1conv: bool = False, strides: int = 1
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=strides, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = (
            nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=strides)
            if use_1x1conv
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """ReLU comes after the sum: with all weights at zero the block is relu(x)."""
        learned = relu(self.bn1(self.conv1(x)))
        learned = self.bn2(self.conv2(learned))
        kept = x if self.shortcut is None else self.shortcut(x)
        return relu(learned + kept)


def resnet_stage(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two residual blocks; where the channels change, the first one halves the maps."""
    grows = in_channels != out_channels
    return nn.Sequential(
        OrderedDict(
            block1=Residual(in_channels, out_channels, grows, strides=2 if grows else 1),
            block2=Residual(out_channels, out_channels),
        )
    )


def resnet18(in_channels: int = 1, num_classes: int = 10) -> nn.Sequential:
    """ResNet-18 (He et al. 2015, table 1): (N, C, H, W) → (N, K), of any height and width."""
    stage1 = OrderedDict(
        conv=nn.Conv2d(in_channels, 64, kernel_size=7, stride=2, padding=3),  # (N, 64, 112, 112)
        bn=nn.BatchNorm2d(64),
        relu=nn.ReLU(),
        pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  # (N, 64, 56, 56)
    )
    return nn.Sequential(
        OrderedDict(
            stage1=nn.Sequential(stage1),
            stage2=resnet_stage(64, 64),  # (N, 64, 56, 56)
            stage3=resnet_stage(64, 128),  # (N, 128, 28, 28)
            stage4=resnet_stage(128, 256),  # (N, 256, 14, 14)
            stage5=resnet_stage(256, 512),  # (N, 512, 7, 7)
            pool=nn.AdaptiveAvgPool2d((1, 1)),  # (N, 512, 1, 1)
            flatten=nn.Flatten(),  # (N, 512)
            fc=nn.Linear(512, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="resnet18",
        title="ResNet-18",
        build=resnet18,
        input_shape=(1, 224, 224),
        paper=Paper(
            title="Deep Residual Learning for Image Recognition",
            authors="He, Zhang, Ren, Sun",
            year=2015,
            url="https://arxiv.org/abs/1512.03385",
        ),
        introduced=N_(
            "Blocks that learn what to add to their input, "
            "so that networks of a hundred layers and more can be trained."
        ),
        parameters=11_178_378,
        reported=(
            Reported(
                optimizer="Adam",
                learning_rate=0.001,
                weight_decay=0.0005,
                batch_size=32,
                epochs=5,
                size=224,
                train_accuracy=0.914,
                test_accuracy=0.897,
            ),
            Reported(
                optimizer="SGD",
                learning_rate=0.03,
                batch_size=128,
                epochs=10,
                size=224,
                test_accuracy=0.888,
                remark=N_("The accuracy is a mean over batches, of which the last is smaller."),
            ),
        ),
        deviations=(
            N_("One grey channel and ten classes by default instead of colour and 1,000 classes."),
            N_("The 1 × 1 convolutions of the shortcuts have no batch norm."),
            N_("Convolutions keep their bias; a batch norm right after one cancels it."),
        ),
    ),
)
