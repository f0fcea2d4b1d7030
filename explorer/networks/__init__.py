"""Networks by name: the course's own in `architectures`, and torchvision's."""

from explorer.networks.registry import (
    Architecture,
    Option,
    Paper,
    Reported,
    build_on_meta,
    course,
    get,
    main_answer,
    names,
)

__all__ = [
    "Architecture",
    "Option",
    "Paper",
    "Reported",
    "build_on_meta",
    "course",
    "get",
    "main_answer",
    "names",
]
