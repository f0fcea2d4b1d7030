"""What the address of this page holds."""

from explorer import networks
from explorer.base.language import N_
from explorer.ui.state import Number, OneOf, Open, State, Switch

# Beside the course's own: deeper ones, whose fields outgrow the picture.
NETWORKS = (
    "torchvision/vgg16",
    "torchvision/resnet50",
    "torchvision/densenet121",
    "torchvision/mobilenet_v2",
    "torchvision/inception_v3",
)

VIEWS = {
    "stack": N_("A stack of layers"),
    "effective": N_("What counts in the field"),
    "why": N_("Two 3 × 3 or one 5 × 5?"),
    "networks": N_("In a real network"),
}
WEIGHTS = {"random": N_("Random weights"), "ones": N_("Equal weights")}
STATE = State(
    "receptive-field",
    OneOf("field_view", "stack", VIEWS),
    Open("field_stack", "c3 c3 m2 c3 c3"),
    Number("field_side", 28),
    Open("field_at"),
    OneOf("field_weights", "random", WEIGHTS),
    Switch("field_relu"),
    Number("field_channels", 64),
    OneOf("field_network", "vgg11", (*networks.course(), *NETWORKS)),
    bound=True,
)
