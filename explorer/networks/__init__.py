"""Networks by name: the course's own in `architectures`, and torchvision's."""

from explorer.networks.architectures import course
from explorer.networks.registry import (
    Architecture,
    Option,
    Paper,
    Reported,
    get,
    main_answer,
    names,
)
from explorer.networks.spec import NetworkSpec
from explorer.networks.torchvision_models import TORCHVISION  # the order of lists
