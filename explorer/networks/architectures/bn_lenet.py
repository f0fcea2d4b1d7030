"""LeNet with batch normalisation before every activation.

Shapes at the default input, N pictures of 1 × 28 × 28, stand at the end of each line.
"""

from collections import OrderedDict

from torch import nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.ops import BatchNorm
from explorer.networks.registry import Architecture, Option, Paper, Reported


def normalization(norm: str, num_features: int, num_dims: int) -> nn.Module:
    """The layer written out in this project ("scratch") or torch's own ("nn")."""
    if norm == "scratch":
        return BatchNorm(num_features, num_dims)
    return nn.BatchNorm2d(num_features) if num_dims == 4 else nn.BatchNorm1d(num_features)


def bn_lenet(norm: str = "scratch", in_channels: int = 1, num_classes: int = 10) -> nn.Sequential:
    """The course's LeNet with batch norm (Ioffe & Szegedy 2015): (N, C, 28, 28) → (N, K)."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, 6, kernel_size=5),  # (N, 6, 24, 24)
            bn1=normalization(norm, 6, num_dims=4),
            act1=nn.Sigmoid(),
            pool1=nn.MaxPool2d(kernel_size=2, stride=2),  # (N, 6, 12, 12)
            conv2=nn.Conv2d(6, 16, kernel_size=5),  # (N, 16, 8, 8)
            bn2=normalization(norm, 16, num_dims=4),
            act2=nn.Sigmoid(),
            pool2=nn.MaxPool2d(kernel_size=2, stride=2),  # (N, 16, 4, 4)
            flatten=nn.Flatten(),  # (N, 256)
            fc1=nn.Linear(16 * 4 * 4, 120),  # (N, 120)
            bn3=normalization(norm, 120, num_dims=2),
            act3=nn.Sigmoid(),
            fc2=nn.Linear(120, 84),  # (N, 84)
            bn4=normalization(norm, 84, num_dims=2),
            act4=nn.Sigmoid(),
            fc3=nn.Linear(84, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="bn_lenet",
        title="LeNet with batch norm",
        build=bn_lenet,
        input_size=InputSize(1, 28, 28),
        options=(
            Option(
                "norm",
                N_("batch norm"),
                "scratch",
                ("scratch", "nn"),
                N_("batch norm written out here, or torch's own layer"),
            ),
        ),
        paper=Paper(
            title=(
                "Batch Normalization: Accelerating Deep Network Training by Reducing Internal "
                "Covariate Shift"
            ),
            authors="Ioffe, Szegedy",
            year=2015,
            url="https://arxiv.org/abs/1502.03167",
        ),
        introduced=N_(
            "Every channel is brought to mean 0 and variance 1 over the batch, "
            "then scaled and shifted by two trained numbers."
        ),
        parameters=44_878,
        reported=(
            Reported("Adam", 0.001, 32, 5, 28, 0.870, train_accuracy=0.884, weight_decay=0.0005),
        ),
        deviations=(
            N_("A LeNet; the paper's own networks are a fully connected one and an Inception."),
            N_(
                "Against the course's LeNet three things change, not one: batch norm, maximum "
                "instead of average pooling, and no padding in the first convolution. LeNet's own "
                "options undo the other two."
            ),
            N_(
                "Convolutions and fully connected layers keep their bias, "
                "which the batch norm after them cancels."
            ),
            N_(
                "The layer written out here averages the biased variances of the batches; "
                "the paper and torch's layer average the unbiased ones."
            ),
        ),
    ),
)
