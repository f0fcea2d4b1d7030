"""LeNet-5: two convolutions, two poolings, three fully connected layers.

Shapes at the default input, N pictures of 1 × 28 × 28, stand at the end of each line.
"""

from collections import OrderedDict

from torch import nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Option, Paper, Reported

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}
POOLINGS = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}


def lenet(
    activation: str = "sigmoid",
    pooling: str = "avg",
    first_padding: int = 2,
    in_channels: int = 1,
    num_classes: int = 10,
) -> nn.Sequential:
    """The course's LeNet-5 (LeCun et al. 1998, section II.B): (N, C, 28, 28) → (N, K).

    With maximum pooling and a `first_padding` of 0 it is `bn_lenet` without batch norm. The shapes
    are those of a padding of 2.
    """
    side = 5 if first_padding else 4  # of the maps that reach the fully connected layers
    act, pool = ACTIVATIONS[activation], POOLINGS[pooling]
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, 6, kernel_size=5, padding=first_padding),  # (N, 6, 28, 28)
            act1=act(),
            pool1=pool(kernel_size=2, stride=2),  # (N, 6, 14, 14)
            conv2=nn.Conv2d(6, 16, kernel_size=5),  # (N, 16, 10, 10)
            act2=act(),
            pool2=pool(kernel_size=2, stride=2),  # (N, 16, 5, 5)
            flatten=nn.Flatten(),  # (N, 400)
            fc1=nn.Linear(16 * side * side, 120),  # (N, 120)
            act3=act(),
            fc2=nn.Linear(120, 84),  # (N, 84)
            act4=act(),
            fc3=nn.Linear(84, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="lenet",
        title="LeNet-5",
        build=lenet,
        input_size=InputSize(1, 28, 28),
        options=(
            Option(
                "activation",
                N_("activation"),
                "sigmoid",
                tuple(ACTIVATIONS),
                N_("function after each layer"),
            ),
            Option(
                "pooling", N_("pooling"), "avg", tuple(POOLINGS), N_("average or maximum pooling")
            ),
            Option(
                "first_padding",
                N_("first padding"),
                2,
                (2, 0),
                N_("padding per side of the first convolution"),
            ),
        ),
        paper=Paper(
            title="Gradient-Based Learning Applied to Document Recognition",
            authors="LeCun, Bottou, Bengio, Haffner",
            year=1998,
            url="https://doi.org/10.1109/5.726791",
        ),
        introduced=N_(
            "Convolution and pooling in turn, then fully connected layers: "
            "the plan that most later networks follow."
        ),
        parameters=61_706,
        reported=(Reported("Adam", 0.001, 256, 10, 28, 0.811, train_accuracy=0.821),),
        deviations=(
            N_("28 × 28 pictures with a padding of 2 instead of 32 × 32 ones."),
            N_("Plain average pooling; the paper's pooling has a trained gain and bias."),
            N_("Sigmoid or ReLU instead of a scaled hyperbolic tangent."),
            N_("The second convolution reads all six maps; the paper leaves connections out."),
            N_("A linear last layer instead of Gaussian (RBF) units."),
        ),
    ),
)
