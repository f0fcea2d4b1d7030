"""AlexNet: five convolutions and three fully connected layers, with ReLU and dropout.

Shapes at the default input, N pictures of 1 × 224 × 224, stand at the end of each line.
"""

from collections import OrderedDict

from torch import nn

from explorer.base.inputs import InputSize
from explorer.base.language import N_
from explorer.networks.registry import Architecture, Option, Paper, Reported


def alexnet(first_padding: int = 1, in_channels: int = 1, num_classes: int = 10) -> nn.Sequential:
    """AlexNet in one stream (Krizhevsky et al. 2012, section 3.5): (N, C, 224, 224) → (N, K).

    `first_padding` 1 and 0 give the same shapes at 224; the first samples one pixel further out.
    """
    first = nn.Conv2d(in_channels, 96, kernel_size=11, stride=4, padding=first_padding)
    return nn.Sequential(
        OrderedDict(
            conv1=first,  # (N, 96, 54, 54)
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),  # (N, 96, 26, 26)
            conv2=nn.Conv2d(96, 256, kernel_size=5, padding=2),  # (N, 256, 26, 26)
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),  # (N, 256, 12, 12)
            conv3=nn.Conv2d(256, 384, kernel_size=3, padding=1),  # (N, 384, 12, 12)
            relu3=nn.ReLU(),
            conv4=nn.Conv2d(384, 384, kernel_size=3, padding=1),  # (N, 384, 12, 12)
            relu4=nn.ReLU(),
            conv5=nn.Conv2d(384, 256, kernel_size=3, padding=1),  # (N, 256, 12, 12)
            relu5=nn.ReLU(),
            pool3=nn.MaxPool2d(kernel_size=3, stride=2),  # (N, 256, 5, 5)
            flatten=nn.Flatten(),  # (N, 6400)
            fc1=nn.Linear(256 * 5 * 5, 4096),  # (N, 4096)
            relu6=nn.ReLU(),
            dropout1=nn.Dropout(0.5),
            fc2=nn.Linear(4096, 4096),  # (N, 4096)
            relu7=nn.ReLU(),
            dropout2=nn.Dropout(0.5),
            fc3=nn.Linear(4096, num_classes),  # (N, 10)
        )
    )


ARCHITECTURES = (
    Architecture(
        name="alexnet",
        title="AlexNet",
        build=alexnet,
        input_size=InputSize(1, 224, 224),
        options=(
            Option(
                "first_padding",
                N_("first padding"),
                1,
                (1, 0),
                N_("padding per side of the first convolution"),
            ),
        ),
        paper=Paper(
            title="ImageNet Classification with Deep Convolutional Neural Networks",
            authors="Krizhevsky, Sutskever, Hinton",
            year=2012,
            url="https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-"
            "convolutional-neural-networks",
        ),
        introduced=N_(
            "LeNet's plan made deep and wide, with ReLU, dropout and training on graphics "
            "processors: it won the ImageNet contest of 2012."
        ),
        parameters=46_764_746,
        reported=(
            Reported("Adam", 0.001, 32, 5, 224, 0.893, train_accuracy=0.891, weight_decay=0.0005),
        ),
        deviations=(
            N_("One grey channel and ten classes by default instead of colour and 1,000 classes."),
            N_(
                "One stream; the paper splits the network over two processors, and convolutions "
                "2, 4 and 5 read only the maps of their own half."
            ),
            N_("No local response normalisation after the first two convolutions."),
            N_(
                "The first convolution gives 54 × 54 maps where the paper has 55 × 55, "
                "so 5 × 5 instead of 6 × 6 maps reach the fully connected layers."
            ),
        ),
    ),
)
