"""Experiments with batch normalisation: what its users trip over, as computed.

Every function runs real layers: `explorer.networks.ops` and the formula beside torch's own.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.lessons.normalisation import EPS, MOMENTUM, steps
from explorer.networks.ops import BatchNorm, batch_norm

# -- from scratch, beside torch ---------------------------------------------------------------

_LEAST_SHARE = 1e-4  # of a moving variance near 1: below, float32 keeps too few of its digits


@dataclass(frozen=True)
class Beside:
    """What the written-out layer and torch's make of the same batch, one training step each.

    `training`, `mean` and `prediction` are largest absolute differences; `equalised` is the one in
    prediction once torch's moving variance is put into our layer. `ratio` is how many times larger
    torch's share of the moving variance is, (C,); NaN where rounding hides it.
    """

    count: int
    training: float
    mean: float
    our_var: Tensor
    torch_var: Tensor
    ratio: Tensor
    prediction: float
    equalised: float


def _torchs(x: Tensor, eps: float = EPS) -> nn.BatchNorm1d | nn.BatchNorm2d:
    kind = nn.BatchNorm1d if x.dim() == 2 else nn.BatchNorm2d
    return kind(x.shape[1], eps=eps, momentum=1 - MOMENTUM)


@torch.no_grad()
def beside_torch(x: Tensor) -> Beside:
    """Train `ops.BatchNorm` and torch's layer on `x` once, then predict `x` with both.

    Raises:
        ValueError: one value per channel.
    """
    ours, theirs = BatchNorm(x.shape[1], x.dim()), _torchs(x)
    training = _apart(ours(x), theirs(x))
    ours.eval(), theirs.eval()
    assert theirs.running_mean is not None
    assert theirs.running_var is not None
    our_var, torch_var = ours.moving_var.flatten().clone(), theirs.running_var
    prediction = _apart(ours(x), theirs(x))
    ours.moving_var.copy_(torch_var.view_as(ours.moving_var))
    our_share, torch_share = our_var - MOMENTUM, torch_var - MOMENTUM
    return Beside(
        count=x.numel() // x.shape[1],
        training=training,
        mean=_apart(ours.moving_mean.flatten(), theirs.running_mean),
        our_var=our_var,
        torch_var=torch_var,
        ratio=torch.where(our_share > _LEAST_SHARE, torch_share / our_share, torch.nan),
        prediction=prediction,
        equalised=_apart(ours(x), theirs(x)),
    )


def _apart(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


# -- a batch of one ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Alone:
    """What training on a batch of one gives: the formula's output, and what torch says.

    `inputs` and `outputs` are (inputs tried, C) or (…, C, H, W). `refusal` is torch's own message,
    empty if it computes; `torch_outputs` is then what it gives.
    """

    inputs: Tensor
    outputs: Tensor
    refusal: str
    torch_outputs: Tensor | None


@torch.no_grad()
def alone(inputs: Tensor, gamma: Tensor, beta: Tensor) -> Alone:
    """Put each of `inputs`, (n, C) or (n, C, H, W), through training by itself."""
    outputs = torch.cat([steps(each[None], gamma, beta).out for each in inputs])
    layer = _torchs(inputs)
    layer.weight.copy_(gamma), layer.bias.copy_(beta)
    try:
        theirs = torch.cat([layer(each[None]) for each in inputs])
    except ValueError as refusal:
        return Alone(inputs, outputs, str(refusal), None)
    return Alone(inputs, outputs, "", theirs)


# -- a bias before it -------------------------------------------------------------------------


@dataclass(frozen=True)
class Biased:
    """A layer's outputs on one batch, without and with its bias, before and after batch norm."""

    plain: Tensor
    biased: Tensor
    plain_out: Tensor
    biased_out: Tensor

    @property
    def before(self) -> float:
        """By how much the bias moved what enters batch norm, at most."""
        return _apart(self.plain, self.biased)

    @property
    def after(self) -> float:
        """By how much the bias moved what leaves it: rounding."""
        return _apart(self.plain_out, self.biased_out)


@torch.no_grad()
def bias_before(x: Tensor, bias: float) -> Biased:
    """A seeded linear layer (or 1 × 1 convolution) on `x` with no bias and with `bias`."""
    generator = torch.Generator().manual_seed(0)
    channels = x.shape[1]
    weight = torch.randn((channels, channels), generator=generator)
    plain = torch.einsum("oc,nc...->no...", weight, x)
    biased = plain + bias
    one, zero = torch.ones(channels), torch.zeros(channels)
    return Biased(plain, biased, steps(plain, one, zero).out, steps(biased, one, zero).out)


# -- the mode switch, and what is saved -------------------------------------------------------


class GradAsking(nn.Module):
    """Batch norm as the course first wrote it, with its two traps, to be shown and not used.

    It asks whether gradients are on instead of `self.training`, and holds its moving averages as
    plain tensors instead of buffers.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, num_features))
        self.beta = nn.Parameter(torch.zeros(1, num_features))
        self.moving_mean = torch.zeros(1, num_features)
        self.moving_var = torch.ones(1, num_features)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) → (N, C)."""
        moving, training = (self.moving_mean, self.moving_var), torch.is_grad_enabled()
        return batch_norm(x, self.gamma, self.beta, *moving, training=training)


@dataclass(frozen=True)
class Switch:
    """One way to call the layer: which statistics it used, and whether it updated the moving."""

    training: bool  # .train() or .eval()
    grad: bool  # gradients on, or under no_grad()
    uses_batch: bool
    updates: bool


def switches(layer: type[nn.Module], x: Tensor) -> tuple[Switch, ...]:
    """Call `layer` in both modes, with gradients on and off, on a batch x (N, C), and watch it."""
    rows = []
    for training, grad in itertools.product((True, False), repeat=2):
        module = layer(x.shape[1]).train(training)
        before = _moving_mean(module).clone()
        with torch.set_grad_enabled(grad):
            out = module(x).detach()
        uses_batch = bool(out.mean(dim=0).abs().max() < 1e-4)
        updates = not torch.equal(before, _moving_mean(module))
        rows.append(Switch(training, grad, uses_batch, updates))
    return tuple(rows)


def _moving_mean(module: nn.Module) -> Tensor:
    mean = module.running_mean if hasattr(module, "running_mean") else module.moving_mean
    assert isinstance(mean, Tensor)
    return mean


@dataclass(frozen=True)
class Reloaded:
    """What `state_dict` holds of a layer, and how far a reloaded copy's prediction is off."""

    names: tuple[str, ...]
    apart: float


def reload(layer: type[nn.Module], batches: Sequence[Tensor]) -> Reloaded:
    """Train `layer` on `batches` (N, C), save its state into a new one, predict with both."""
    channels = batches[0].shape[1]
    trained, fresh = layer(channels), layer(channels)
    for each in batches:
        trained(each)
    fresh.load_state_dict(trained.state_dict())
    trained.eval(), fresh.eval()
    with torch.no_grad():
        apart = _apart(trained(batches[0]), fresh(batches[0]))
    return Reloaded(tuple(trained.state_dict()), apart)
