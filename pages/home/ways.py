"""Where the home page leads: a path of pages, a way into every section, and questions."""

from explorer.base.language import N_

# Pages from a number to a network, in the order in which one needs the other.
PATH = ("convolution", "padding-stride", "channels", "pooling", "layers", "check")
# The page that each leads to, its state, its words, and what is seen there.
WAYS: tuple[tuple[str, dict[str, str], str, str], ...] = (
    (
        "convolution",
        {},
        N_("Touch and see"),
        N_("Point at a number above. Then change picture and kernel yourself."),
    ),
    (
        "new-run",
        {"network": "bn_lenet", "epochs": "3", "batch_size": "32", "train_subset": "6000"},
        N_("Train something now"),
        N_("A small network on a few pictures: its curves grow as you watch."),
    ),
    (
        "feature-maps",
        {},
        N_("Look inside"),
        N_("A picture on its way through a trained network, and the sum behind every number."),
    ),
)
# Question, what is seen there, and the state of the Layers page that answers it.
QUESTIONS = (
    (
        N_("AlexNet at 28 × 28: which layer breaks, and why?"),
        N_("A network has a smallest picture. See where the sizes run out."),
        {"network": "alexnet", "input": "1x28x28"},
    ),
    (
        N_("ResNet-18 at 96 × 96: how much does one unit of a map see?"),
        N_("Follow the receptive field as it grows from layer to layer."),
        {"network": "resnet18", "input": "1x96x96", "open": "all", "layer": "stage3.block2.conv2"},
    ),
    (
        N_("GoogLeNet: why four branches side by side?"),
        N_("Each sees at another scale; their channels are joined again."),
        {
            "network": "googlenet",
            "input": "1x96x96",
            "open": "stage3,stage3.inception3a",
            "layer": "stage3.inception3a.cat",
        },
    ),
    (
        N_("DenseNet: why do the channels keep growing?"),
        N_("Every layer adds to all that came before; transitions cut it back."),
        {"network": "densenet", "input": "1x224x224", "open": "block1", "layer": "block1.cat_4"},
    ),
)
