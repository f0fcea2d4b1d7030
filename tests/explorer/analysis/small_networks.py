"""Small networks written in one line, the registry's without memory, and the course's figures."""

import json
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from explorer.networks import NetworkSpec
from tests.serving import ROOT

FACTS = json.loads((ROOT / "tests" / "facts" / "course_facts.json").read_text())


def on_meta(name: str, **options: Any) -> nn.Module:
    return NetworkSpec.parse(name, options).build_on_meta()


class Net(nn.Module):
    """Runs `steps(net, x)` over its `parts`: layers, or weights of its own."""

    def __init__(self, steps: Callable[[Any, Tensor], Any], **parts: Any) -> None:
        super().__init__()
        self.steps = steps
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Any:
        return self.steps(self, x)
