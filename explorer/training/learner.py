"""A network on its device with its optimiser: one step of training, and answers without any."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import get_total_norm

from explorer import architectures
from explorer.architectures.registry import Value
from explorer.device import Device, torch_device
from explorer.recipes import Recipe
from explorer.training import optimisation
from explorer.training.initialisation import initialise
from explorer.training.machine import Numbers


@dataclass(frozen=True, eq=False)
class Step:
    """What a step of training leaves, still on the device: nothing waits for it.

    Mean loss over the batch, the logits (B, K), the labels (B,), the norm of the whole gradient.
    """

    loss: Tensor
    logits: Tensor
    labels: Tensor
    gradient_norm: Tensor


class Learner:
    """The network of a recipe, its weights and their optimiser."""

    def __init__(
        self, recipe: Recipe, options: Mapping[str, Value], device: Device, numbers: Numbers
    ) -> None:
        network = initialise(
            architectures.get(recipe.network).build(**options), recipe.initialisation
        )
        self.device = torch_device(device)
        self.numbers = numbers
        network = network.to(memory_format=numbers.layout)  # type: ignore[call-overload]
        self.network: nn.Module = network.to(self.device).train()
        self.optimiser = optimisation.optimizer(recipe, self.network)
        self._weights = [p for p in self.network.parameters() if p.requires_grad]

    @property
    def parameters(self) -> int:
        """How many weights there are."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def step(self, pictures: Tensor, labels: Tensor, rate: float) -> Step:
        """One step at this learning rate, on a batch (B, C, H, W) in training mode."""
        self.optimiser.zero_grad(set_to_none=True)
        with self._products():
            logits = architectures.main_answer(self.network(pictures))
        logits = logits.float()
        loss = cross_entropy(logits, labels)
        loss.backward()
        norm = get_total_norm([p.grad for p in self._weights if p.grad is not None])
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        return Step(loss.detach(), logits.detach(), labels, norm)

    def answers(self, pictures: Tensor) -> Tensor:
        """Logits (B, K) in evaluation mode, float32; the mode is put back, also after an error."""
        training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad(), self._products():
                return architectures.main_answer(self.network(pictures)).float()
        finally:
            self.network.train(training)

    def _products(self) -> AbstractContextManager[None]:
        """Where products are computed in bfloat16, if they are."""
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.numbers.dtype == torch.bfloat16
        )

    def first_kernels(self) -> tuple[str, Tensor] | None:
        """Name and weights (K, C, h, w) of the first convolution, copied to the CPU."""
        for name, layer in self.network.named_modules():
            if isinstance(layer, nn.Conv2d):
                return name, layer.weight.detach().float().cpu().clone().contiguous()
        return None

    # -- everything it has learned ------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Weights under "network.", the optimiser's memory under "optimizer.": copies, CPU."""
        weights = self.network.state_dict()
        memory = optimisation.state_tensors(self.network, self.optimiser)
        found = {f"network.{name}": value for name, value in weights.items()}
        found |= {f"optimizer.{name}": value for name, value in memory.items()}
        return {name: value.detach().cpu().clone() for name, value in found.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `tensors`."""
        self.network.load_state_dict(under("network.", tensors))
        optimisation.restore(self.network, self.optimiser, under("optimizer.", tensors))


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
