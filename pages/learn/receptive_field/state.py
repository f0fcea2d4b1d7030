"""What the address of this page holds."""

from explorer import networks
from explorer.ui.state import Number, OneOf, Open, State, Switch

# Beside the course's own: deeper ones, whose fields outgrow the picture.
NETWORKS = (
    "torchvision/vgg16",
    "torchvision/resnet50",
    "torchvision/densenet121",
    "torchvision/mobilenet_v2",
    "torchvision/inception_v3",
)

STATE = State(
    "receptive-field",
    OneOf("field_view", "stack", ("stack", "effective", "why", "networks")),
    Open("field_stack", "c3 c3 p2 c3 c3"),
    Number("field_side", 28),
    Open("field_at"),
    OneOf("field_weights", "random", ("random", "ones")),
    Switch("field_relu"),
    Number("field_channels", 64),
    OneOf("field_network", "vgg11", (*networks.course(), *NETWORKS)),
    bound=True,
)
