"""What a network takes in memory to be trained."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from explorer.analysis.operations import FLOAT32
from explorer.base.cache import shared
from explorer.base.inputs import InputSize
from explorer.networks import NetworkSpec

# Numbers that an optimiser keeps for each weight, besides the weight and its gradient.
OPTIMIZER_STATE = {"sgd": 0, "momentum": 1, "adam": 2}


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that one training step holds at once, in float32; `problem` says why it cannot run."""

    weights: int
    gradients: int
    optimizer: int
    activations: int  # tensors saved for the backward pass, and the input
    problem: str = ""

    @property
    def total(self) -> int:
        """All four together; temporary buffers of the kernels come on top."""
        return self.weights + self.gradients + self.optimizer + self.activations


@shared(most=256)
def training_memory(
    spec: NetworkSpec, size: InputSize, batch: int, optimizer: str
) -> TrainingMemory:
    """What one training step needs: a forward pass on the meta device, in training mode.

    Autograd itself says which tensors it saves for the backward pass; each memory is counted once.
    """
    network = spec.build_on_meta().train()
    weights = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if id(tensor) not in weights and (tensor._base is None or id(tensor._base) not in weights):
            memory = tensor.untyped_storage()
            saved[memory._cdata] = memory.nbytes()
            alive.append(tensor)  # storages stay distinct while they live
        return tensor

    alive: list[Tensor] = []
    problem = ""
    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        try:
            network(note(torch.empty((batch, *size), device="meta")))
        except Exception as error:  # noqa: BLE001 (e.g. batch norm refuses a single value)
            problem = str(error)
    numbers = [p.numel() * FLOAT32 for p in network.parameters() if p.requires_grad]
    return TrainingMemory(
        weights=sum(p.numel() for p in network.parameters()) * FLOAT32,
        gradients=sum(numbers),
        optimizer=sum(numbers) * OPTIMIZER_STATE[optimizer],
        activations=sum(saved.values()),
        problem=problem,
    )
