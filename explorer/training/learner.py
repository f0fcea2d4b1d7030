"""A network on its device, its first weights and its optimiser: a step of training, and answers."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import get_total_norm
from torch.optim import SGD, Adam, Optimizer

from explorer import networks
from explorer.base.device import torch_device
from explorer.training.checkpoints import NETWORK, under
from explorer.training.recipes import Recipe
from explorer.training.setting import Setting


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

    def __init__(self, setting: Setting, *, capturable: bool = False) -> None:
        network = initialise(setting.spec.build(), setting.recipe.initialisation)
        self.setting, self.device = setting, torch_device(setting.device)
        network = network.to(memory_format=setting.numbers.layout)  # type: ignore[call-overload]
        self.network: nn.Module = network.to(self.device).train()
        # A graph reads the rate of each step from a tensor: a number would be fixed in it.
        self._rate = torch.zeros((), device=self.device) if capturable else None
        self.optimiser = optimizer(setting.recipe, self.network, self._rate)
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
        half = self.setting.numbers.dtype == torch.bfloat16
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

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
        return {f"{NETWORK}{name}": value.detach() for name, value in state.items()}

    def tensors(self) -> dict[str, Tensor]:
        """With them the optimiser's memory under "optimizer.": no copies either."""
        memory = self._memory()
        return self.weights() | {f"optimizer.{name}": value for name, value in memory.items()}

    def live(self) -> dict[str, list[Tensor]]:
        """The same by kind: "weights", "buffers", and each of the optimiser's ("exp_avg" …)."""
        state: dict[str, list[Tensor]] = {
            "weights": list(self.network.parameters()),
            "buffers": list(self.network.buffers()),
        }
        for name, tensor in self._memory().items():
            state.setdefault(name.rpartition(".")[2], []).append(tensor)
        return state

    def _memory(self) -> dict[str, Tensor]:
        """What the optimiser remembers about each weight: "conv1.weight.exp_avg" and the like."""
        return {
            f"{name}.{key}": value
            for name, parameter in self.network.named_parameters()
            for key, value in self.optimiser.state[parameter].items()
            if isinstance(value, Tensor)
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `tensors`.

        What the optimiser remembers gets its weight's own layout in memory: fused optimisers go
        through both side by side, and would else take one element for another.
        """
        self.network.load_state_dict(under(NETWORK, tensors))
        parameters = dict(self.network.named_parameters())
        for name, value in under("optimizer.", tensors).items():
            owner, _dot, entry = name.rpartition(".")
            parameter = parameters[owner]
            like = parameter if value.shape == parameter.shape else value
            own = torch.empty_like(like, dtype=value.dtype, device=parameter.device)
            self.optimiser.state[parameter][entry] = own.copy_(value)


# -- the optimiser, and its rate over the steps ---------------------------------------------------


def optimizer(recipe: Recipe, network: nn.Module, rate: Tensor | None = None) -> Optimizer:
    """The recipe's optimiser over all weights, in its fused form: one pass over the memory.

    With a tensor for the `rate` its steps can be recorded: it reads the rate there each time.
    """
    weights, decay = network.parameters(), recipe.weight_decay
    own = recipe.learning_rate if rate is None else rate
    if recipe.optimizer == "sgd":
        return SGD(weights, own, recipe.momentum, weight_decay=decay, fused=True)
    return Adam(weights, own, weight_decay=decay, fused=True, capturable=rate is not None)


def rate(recipe: Recipe, step: int, steps: int) -> float:
    """The learning rate of `step`, counted from 0, in a run of `steps`."""
    done = step / steps
    if recipe.schedule == "cosine":
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    if recipe.schedule == "step":
        return recipe.learning_rate * (1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01)
    return recipe.learning_rate


# -- the weights that a run starts from -----------------------------------------------------------

# Xavier: Glorot & Bengio 2010, as the course does it. Kaiming: He et al. 2015: after a ReLU the
# signal stays as large as it was, however deep the network; with Xavier's each layer takes a factor
# of √2. Zeros: every unit of a layer is the same and stays so: nothing is learned but the bias.
METHODS: dict[str, Callable[[Tensor], Tensor] | None] = {
    "default": None,
    "xavier": nn.init.xavier_uniform_,
    "kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "zeros": nn.init.zeros_,
}


def initialise(network: nn.Module, method: str) -> nn.Module:
    """Set the weights of every convolution and linear layer; "default" keeps PyTorch's own.

    Biases are left as they are, but for zeros.
    """
    change = METHODS[method]
    for layer in network.modules() if change else ():
        if change and isinstance(layer, nn.Conv2d | nn.Linear):
            change(layer.weight)
            if method == "zeros" and layer.bias is not None:
                change(layer.bias)
    return network
