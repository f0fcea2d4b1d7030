"""Networks by name: the course's own in `architectures`, and torchvision's."""

from explorer.networks import architectures  # the order of lists: the course's come first
from explorer.networks.registry import (
    Architecture,
    NetworkSpec,
    Option,
    Paper,
    Reported,
    course,
    get,
    main_answer,
    names,
)
from explorer.networks.torchvision_models import TORCHVISION
