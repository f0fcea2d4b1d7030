"""The network's own answer, and whether a heat map means anything to it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.activations import own_copy
from explorer.attribution.running import BATCH, answers, checked, known


@dataclass(frozen=True)
class Guess:
    """A class's number, its probability and its logit."""

    label: int
    probability: float
    logit: float


def top(network: nn.Module, picture: Tensor, most: int = 5) -> tuple[Guess, ...]:
    """The most probable classes, the best first.

    Raises:
        ValueError: the network cannot take this picture.
    """
    logits = answers(own_copy(network), checked(picture))[0]
    probabilities = logits.double().softmax(0)
    best = probabilities.topk(min(most, len(logits))).indices.tolist()
    return tuple(Guess(k, float(probabilities[k]), float(logits[k])) for k in best)


@dataclass(frozen=True, eq=False)
class Deletion:
    """The class's probability while pixels are taken away, the most important first."""

    fraction: Tensor  # (n + 1,) of the pixels that are gone
    probability: Tensor  # (n + 1,)

    @property
    def area(self) -> float:
        """Under the curve: the lower, the better the map knows what matters."""
        return float(torch.trapezoid(self.probability, self.fraction))


def deletion(
    network: nn.Module,
    picture: Tensor,
    target: int,
    heat: Tensor,
    *,
    steps: int = 20,
    baseline: Tensor | float = 0.0,
) -> Deletion:
    """Set pixels to the `baseline` by falling `heat` (H, W), in `steps` (Petsiuk et al. 2018)."""
    own, x = own_copy(network), checked(picture)
    order = heat.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    gone = torch.linspace(0, len(order), steps + 1).round().long()
    empty = torch.zeros_like(x) + baseline
    found = []
    for part in gone.split(BATCH):
        removed = (rank < part[:, None]).reshape(-1, 1, *heat.shape)
        logits = answers(own, torch.where(removed, empty, x))
        found.append(logits.softmax(1)[:, known(logits, target)])
    return Deletion(gone / len(order), torch.cat(found))
