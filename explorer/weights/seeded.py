"""Random weights that follow from a seed alone, whatever other threads draw meanwhile."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_DRAWING = frozenset(
    {
        Tensor.normal_,
        Tensor.uniform_,
        Tensor.bernoulli_,
        nn.init.normal_,
        nn.init.uniform_,
        nn.init.kaiming_uniform_,
        torch.rand,
        torch.randn,
        torch.randint,
        torch.randperm,
        torch.normal,
        torch.bernoulli,
    }
)


class Seeded(TorchFunctionMode):
    """Inside it, random numbers are those that `torch.manual_seed(seed)` would have given.

    torch's own generator is one for the whole process: two visitors would mix up each other's.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in _DRAWING and kwargs.get("generator") is None:
            kwargs["generator"] = self.generator
        return func(*args, **kwargs)
