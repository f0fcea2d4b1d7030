"""The optimiser, its learning rate over the steps, and its state as named tensors."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from explorer.training.recipes import Recipe


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


def state_tensors(network: nn.Module, optimiser: Optimizer) -> dict[str, Tensor]:
    """What the optimiser remembers about each weight: "conv1.weight.exp_avg" and the like."""
    return {
        f"{name}.{key}": value
        for name, parameter in network.named_parameters()
        for key, value in optimiser.state[parameter].items()
        if isinstance(value, Tensor)
    }


def restore(network: nn.Module, optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give the optimiser back what `state_tensors` took.

    Each tensor gets its weight's own layout in memory: fused optimisers go through both side by
    side, and would else take one element for another.
    """
    parameters = dict(network.named_parameters())
    for name, value in tensors.items():
        owner, _dot, entry = name.rpartition(".")
        parameter = parameters[owner]
        like = parameter if value.shape == parameter.shape else value
        own = torch.empty_like(like, dtype=value.dtype, device=parameter.device)
        optimiser.state[parameter][entry] = own.copy_(value)
