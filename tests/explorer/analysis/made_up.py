"""Small networks written in one line."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


class Net(nn.Module):
    """Runs `steps(net, x)` over its `parts`: layers, or weights of its own."""

    def __init__(self, steps: Callable[[Any, Tensor], Any], **parts: Any) -> None:
        super().__init__()
        self.steps = steps
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Any:
        return self.steps(self, x)
