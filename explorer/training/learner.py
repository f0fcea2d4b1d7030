"""A network on its device with its optimiser: one step of training, and answers without any."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import get_total_norm

from explorer import networks
from explorer.base.device import Device, torch_device
from explorer.networks import NetworkSpec
from explorer.training import optimisation
from explorer.training.initialisation import initialise
from explorer.training.machine import Numbers
from explorer.training.recipes import Recipe


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
        self,
        recipe: Recipe,
        spec: NetworkSpec,
        device: Device,
        numbers: Numbers,
        *,
        capturable: bool = False,
    ) -> None:
        network = initialise(spec.build(), recipe.initialisation)
        self.device = torch_device(device)
        self.numbers = numbers
        network = network.to(memory_format=numbers.layout)  # type: ignore[call-overload]
        self.network: nn.Module = network.to(self.device).train()
        # A graph reads the rate of each step from a tensor: a number would be fixed in it.
        self._rate = torch.zeros((), device=self.device) if capturable else None
        self.optimiser = optimisation.optimizer(recipe, self.network, self._rate)
        self._weights = [p for p in self.network.parameters() if p.requires_grad]

    @property
    def parameters(self) -> int:
        """How many weights there are."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def set_rate(self, rate: float) -> None:
        """The learning rate of the steps from here on."""
        if self._rate is not None:
            self._rate.fill_(rate)
            return
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def forget_gradients(self) -> None:
        """The next backward pass makes new ones, and need not add to what is there."""
        self.optimiser.zero_grad(set_to_none=True)

    def update(self, pictures: Tensor, labels: Tensor) -> Step:
        """One step on a batch (B, C, H, W) in training mode."""
        self.forget_gradients()
        with self._products():
            logits = networks.main_answer(self.network(pictures))
        logits = logits.float()
        loss = cross_entropy(logits, labels)
        loss.backward()
        norm = get_total_norm([p.grad for p in self._weights if p.grad is not None])
        self.optimiser.step()
        return Step(loss.detach(), logits.detach(), labels, norm)

    def answers(self, pictures: Tensor) -> Tensor:
        """Logits (B, K) in evaluation mode, float32; the mode is put back, also after an error."""
        training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad(), self._products():
                return networks.main_answer(self.network(pictures)).float()
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

    def weights(self) -> dict[str, Tensor]:
        """The network's own tensors under "network.", as they lie on the device: no copies."""
        state = self.network.state_dict()
        return {f"network.{name}": value.detach() for name, value in state.items()}

    def tensors(self) -> dict[str, Tensor]:
        """With them the optimiser's memory under "optimizer.": no copies either."""
        memory = optimisation.state_tensors(self.network, self.optimiser)
        return self.weights() | {f"optimizer.{name}": value for name, value in memory.items()}

    def live(self) -> dict[str, list[Tensor]]:
        """The same by kind: "weights", "buffers", and each of the optimiser's ("exp_avg" …)."""
        state: dict[str, list[Tensor]] = {
            "weights": list(self.network.parameters()),
            "buffers": list(self.network.buffers()),
        }
        for name, tensor in optimisation.state_tensors(self.network, self.optimiser).items():
            state.setdefault(name.rpartition(".")[2], []).append(tensor)
        return state

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
