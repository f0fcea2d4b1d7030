"""The network's own answer, and whether a heat map means anything to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.base.language import N_
from explorer.base.reasons import CodedError
from explorer.base.tasks import Progress, unheard
from explorer.base.units import times
from explorer.inside.activations import own_copy
from explorer.inside.attribution.running import answers, checked, existing, together

STEPS = 20  # of a deletion curve


@dataclass(frozen=True)
class Guess:
    """A class's number, its probability and its logit."""

    label: int
    probability: float
    logit: float


def top(network: nn.Module, picture: Tensor, most: int = 5) -> tuple[Guess, ...]:
    """The most probable classes, the best first.

    Raises:
        ValueError: the network cannot take this picture, or what it answers is no number.
    """
    logits = answers(own_copy(network), checked(picture))[0]
    if not logits.isfinite().all():
        words = N_(
            "The network's answer is no number: its weights have grown beyond all bounds. Look at "
            "it as it was at an earlier epoch."
        )
        raise CodedError(words)
    probabilities = logits.double().softmax(0)
    best = probabilities.topk(min(most, len(logits))).indices.tolist()
    return tuple(Guess(k, float(probabilities[k]), float(logits[k])) for k in best)


# -- deletion ---------------------------------------------------------------------------------


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
    baseline: Tensor | float = 0.0,
    progress: Progress = unheard,
) -> Deletion:
    """Set pixels to the `baseline` by falling `heat` (H, W), in `STEPS` (Petsiuk et al. 2018).

    Pixels of equal heat go from the top left on. `progress` may raise to stop.

    Raises:
        ValueError: the heat map is not of the picture's size, or there is no such class.
    """
    own, x = own_copy(network), checked(picture)
    if heat.shape != x.shape[2:]:
        words = N_("A heat map of {heat} does not fit a picture of {picture}.")
        raise CodedError(words, heat=times(tuple(heat.shape)), picture=times(tuple(x.shape[2:])))
    order = heat.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    counts = torch.linspace(0, len(order), STEPS + 1).round().long()  # of pixels that are gone
    empty = torch.zeros_like(x) + baseline
    shares: list[Tensor] = []
    for part in counts.split(together(x)):
        removed = (rank < part[:, None]).reshape(-1, 1, *heat.shape)
        logits = answers(own, torch.where(removed, empty, x))
        shares.append(logits.softmax(1)[:, existing(logits, target)])
        progress(sum(map(len, shares)), len(counts))
    return Deletion(counts / len(order), torch.cat(shares))


def by_chance(
    network: nn.Module,
    picture: Tensor,
    target: int,
    *,
    orders: int,
    baseline: Tensor | float = 0.0,
    progress: Progress = unheard,
) -> tuple[Deletion, ...]:
    """Curves of pixels taken away in random `orders`: what a map without any sense would give."""
    generator = torch.Generator().manual_seed(0)
    curves: list[Deletion] = []

    def tell(done: int, total: int) -> None:
        progress(len(curves) * total + done, orders * total)

    for _order in range(orders):
        heat = torch.rand(picture.shape[2:], generator=generator)
        curves.append(deletion(network, picture, target, heat, baseline=baseline, progress=tell))
    return tuple(curves)


def mean(curves: Sequence[Deletion]) -> Deletion:
    """The curve in the middle of several of the same steps."""
    return Deletion(curves[0].fraction, torch.stack([each.probability for each in curves]).mean(0))


# -- two maps beside each other ---------------------------------------------------------------


def agreement(one: Tensor, other: Tensor) -> float | None:
    """Spearman's rank correlation of two heat maps, −1 to 1, as Adebayo et al. (2018) use it.

    1: they put all pixels in the same order. None if one of them is the same everywhere.
    """
    ranks = torch.stack([_ranks(each.flatten()) for each in (one, other)])
    if bool((ranks == ranks[:, :1]).all(1).any()):
        return None
    return float(torch.corrcoef(ranks)[0, 1])


def _ranks(values: Tensor) -> Tensor:
    """Places in ascending order; equal values share the mean of theirs."""
    _unique, place, counts = values.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    ranks: Tensor = (last - (counts - 1) / 2)[place]
    return ranks
