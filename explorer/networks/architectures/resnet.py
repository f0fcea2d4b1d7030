"""ResNet-18: eight residual blocks, each adding what it computes to what it was given.

The paper's plain networks, the same layers without a shortcut, are an option, as are fewer or more
layers: the two are to be compared.

Shapes at the default input, N pictures of 1 × 224 × 224, stand at the end of each line.
"""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn.functional import relu

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Option, Paper, Reported

# Layers with weights, those of shortcuts not counted → blocks in each of the four stages.
BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}


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
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return relu(learned + shortcut)


class Plain(nn.Module):
    """The same two convolutions without a shortcut: (N, in, H, W) → (N, out, H/strides, W/strides).

    What the paper compares with (section 4.1): the block has to learn all of its output.
    """

    def __init__(self, in_channels: int, out_channels: int, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=strides, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """With all weights at zero nothing of x is left."""
        learned = relu(self.bn1(self.conv1(x)))
        return relu(self.bn2(self.conv2(learned)))


def resnet_stage(
    in_channels: int, out_channels: int, blocks: int, shortcut: str = "yes"
) -> nn.Sequential:
    """`blocks` blocks; where the channels change, the first one halves the maps."""
    stage: OrderedDict[str, nn.Module] = OrderedDict()
    for number in range(1, blocks + 1):
        grows = in_channels != out_channels
        strides = 2 if grows else 1
        stage[f"block{number}"] = (
            Residual(in_channels, out_channels, grows, strides)
            if shortcut == "yes"
            else Plain(in_channels, out_channels, strides)
        )
        in_channels = out_channels
    return nn.Sequential(stage)


def resnet18(
    layers: int = 18,
    width: int = 64,
    shortcut: str = "yes",
    in_channels: int = 1,
    num_classes: int = 10,
) -> nn.Sequential:
    """ResNet-18 (He et al. 2015, table 1): (N, C, H, W) → (N, K), of any height and width.

    `layers` and `shortcut` make the paper's other columns of two-convolution blocks; `width` is
    the first stage's channels, which the later ones double. The shapes are those of width 64.
    """
    a, b, c, d = (width * times for times in (1, 2, 4, 8))
    first, second, third, fourth = BLOCKS[layers]
    stage1 = OrderedDict(
        conv=nn.Conv2d(in_channels, a, kernel_size=7, stride=2, padding=3),  # (N, 64, 112, 112)
        bn=nn.BatchNorm2d(a),
        relu=nn.ReLU(),
        pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  # (N, 64, 56, 56)
    )
    return nn.Sequential(
        OrderedDict(
            stage1=nn.Sequential(stage1),
            stage2=resnet_stage(a, a, first, shortcut),  # (N, 64, 56, 56)
            stage3=resnet_stage(a, b, second, shortcut),  # (N, 128, 28, 28)
            stage4=resnet_stage(b, c, third, shortcut),  # (N, 256, 14, 14)
            stage5=resnet_stage(c, d, fourth, shortcut),  # (N, 512, 7, 7)
            pool=nn.AdaptiveAvgPool2d((1, 1)),  # (N, 512, 1, 1)
            flatten=nn.Flatten(),  # (N, 512)
            fc=nn.Linear(d, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="resnet18",
        title="ResNet-18",
        build=resnet18,
        input_size=InputSize(1, 224, 224),
        options=(
            Option(
                "layers",
                N_("layers"),
                18,
                tuple(BLOCKS),
                N_("layers with weights, not counting those of shortcuts; the paper has no 10"),
            ),
            Option(
                "width",
                N_("width of the first stage"),
                64,
                (64, 32, 16, 8),
                N_("channels of the first stage, doubled by the next"),
            ),
            Option(
                "shortcut",
                N_("shortcuts"),
                "yes",
                ("yes", "no"),
                N_("whether each block adds its input; without it is the paper's plain network"),
            ),
        ),
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
            Reported("Adam", 0.001, 32, 5, 224, 0.897, train_accuracy=0.914, weight_decay=0.0005),
            Reported(
                "SGD",
                0.03,
                128,
                10,
                224,
                0.888,
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
