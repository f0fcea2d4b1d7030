"""One file per network. Copy `lenet.py` to add one: it is found by itself."""

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
