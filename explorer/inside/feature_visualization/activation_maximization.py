"""Gradient ascent: changing a picture so that one channel, or one class, answers more strongly.

Erhan, Bengio, Courville & Vincent, "Visualizing Higher-Layer Features of a Deep Network" (2009);
the regularisers are among those that Olah, Mordvintsev & Schubert, "Feature Visualization"
(Distill 2017) compare.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.data.pictures import normalised
from explorer.inside.feature_visualization.probe import Probe

GOALS = ("unit", "mean")  # the channel's middle unit, or the mean of all its units
MOST_STEPS = 1024
NOISE = 0.1  # standard deviation of the first picture around grey


@dataclass(frozen=True)
class Settings:
    """How the picture is changed. Pixels go from 0 to 1.

    One step moves the pixels that matter by `rate` in the root mean square; the rate falls to
    nothing towards the last step. The regularisers are weighed against that move: `decay` pulls
    every pixel towards grey (L2), `variation` pulls neighbours towards each other (total
    variation). `jitter` is by how many pixels the picture is moved to and fro, `blur` the standard
    deviation in pixels of the blur after each step.
    """

    goal: str = "unit"
    steps: int = 128
    rate: float = 0.05
    seed: int = 0
    jitter: int = 1
    blur: float = 0.0
    decay: float = 0.0
    variation: float = 0.2

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            ValueError: a sentence for the visitor.
        """
        if self.goal not in GOALS:
            words = _("“{given}” is no goal. There are {known}.")
            raise ValueError(words.format(given=self.goal[:40], known=", ".join(GOALS)))
        if not 1 <= self.steps <= MOST_STEPS:
            words = _("{given} steps cannot be taken: from 1 to {most}.")
            raise ValueError(words.format(given=self.steps, most=MOST_STEPS))
        if self.rate <= 0 or min(self.jitter, self.blur, self.decay, self.variation) < 0:
            words = _("The learning rate is above 0, and no regulariser is below: choose others.")
            raise ValueError(words)


@dataclass(frozen=True, eq=False)
class Ascent:
    """A picture on its way. `values` are the channel's answers from the noise to this picture."""

    picture: Tensor  # (C, H, W), from 0 to 1
    values: tuple[float, ...]
    total: int  # steps to be taken
    flat: bool = False  # the gradient is 0: there is no way up from here

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return len(self.values) - 1

    @property
    def done(self) -> bool:
        """Whether it goes no further."""
        return self.flat or self.step >= self.total


def ascend(
    network: nn.Module,
    name: str,
    channel: int,
    shape: InputSize,
    settings: Settings,
    *,
    normalisation: str = "none",
    since: Ascent | None = None,
) -> Iterator[Ascent]:
    """From noise of `shape` (C, H, W), tell of every step; the class logits are the last layer's.

    The same seed gives the same pictures. Whoever has seen enough closes the iterator, and may go
    on later (`since`). `network` is only read.

    Raises:
        ValueError: settings that make no sense, no such operation or channel, a wrong shape.
    """
    settings.check()
    climb = _Climb(Probe(network, name), channel, settings, normalisation)
    ascent = since
    if ascent is None:
        noise = torch.randn(shape, generator=_generator(settings.seed, -1))
        start = (0.5 + NOISE * noise).clamp(0, 1)
        ascent = Ascent(start, (climb.value(start),), settings.steps)
        yield ascent
    while not ascent.done:
        ascent = climb.step(ascent)
        yield ascent


def _generator(seed: int, step: int) -> torch.Generator:
    """Each step has its own, so that a climb can be interrupted anywhere."""
    return torch.Generator().manual_seed((seed + 1) * (MOST_STEPS + 1) + step)


class _Climb:
    """Which number is to grow, and how it does."""

    def __init__(self, probe: Probe, channel: int, settings: Settings, normalisation: str) -> None:
        self._probe, self._channel, self._settings = probe, channel, settings
        self._normalisation = normalisation

    def value(self, picture: Tensor) -> float:
        return float(self._answer(picture, gradients=False))

    def step(self, before: Ascent) -> Ascent:
        settings = self._settings
        direction = self._direction(before)
        if direction is None:
            return replace(before, flat=True)
        x = before.picture
        direction = direction - settings.decay * 2 * (x - 0.5) - settings.variation * roughness(x)
        rate = settings.rate * (1 - before.step / settings.steps)
        moved = blurred((x + rate * direction).clamp(0, 1), settings.blur)
        return replace(before, picture=moved, values=(*before.values, self.value(moved)))

    def _answer(self, picture: Tensor, *, gradients: bool) -> Tensor:
        x = normalised(picture[None], self._normalisation)
        maps = self._probe.maps(x, gradients=gradients)[0]
        count, height, width = maps.shape
        if not 0 <= self._channel < count:
            words = _("{layer} has no channel {given}: it has {count}, from 0.")
            name = self._probe.name
            raise ValueError(words.format(layer=name, given=self._channel, count=count))
        own = maps[self._channel]
        return own.mean() if self._settings.goal == "mean" else own[height // 2, width // 2]

    def _direction(self, before: Ascent) -> Tensor | None:
        """The gradient, of length 1 per pixel that it depends on; None if it is 0."""
        jitter = self._settings.jitter
        source = _generator(self._settings.seed, before.step)
        down, right = torch.randint(-jitter, jitter + 1, (2,), generator=source).tolist()
        x = before.picture.roll((down, right), (1, 2)).requires_grad_()
        with torch.enable_grad():
            answer = self._answer(x, gradients=True)
            ascent = torch.autograd.grad(answer, x)[0] if answer.requires_grad else torch.zeros(1)
        length = float(ascent.double().norm())
        if not 0 < length < torch.inf:
            return None
        scaled: Tensor = ascent.double() * (float(ascent.count_nonzero()) ** 0.5 / length)
        return scaled.float().roll((-down, -right), (1, 2))


def roughness(picture: Tensor) -> Tensor:
    """The gradient of Σ |difference of neighbours| (total variation), the shape of `picture`."""
    ascent = torch.zeros_like(picture)
    for axis in (1, 2):
        signs = picture.diff(dim=axis).sign()
        length = signs.shape[axis]
        ascent.narrow(axis, 1, length).add_(signs)
        ascent.narrow(axis, 0, length).sub_(signs)
    return ascent


def blurred(picture: Tensor, deviation: float) -> Tensor:
    """A Gaussian blur of (C, H, W) by so many pixels; 0 leaves it as it is."""
    reach = min(round(3 * deviation), *(side - 1 for side in picture.shape[1:]))
    if reach < 1:
        return picture
    places = torch.arange(-reach, reach + 1, dtype=picture.dtype)
    weights = torch.exp(-(places**2) / (2 * deviation**2))
    weights /= weights.sum()
    x = pad(picture[:, None], (reach,) * 4, mode="reflect")  # each channel by itself
    return conv2d(conv2d(x, weights.view(1, 1, -1, 1)), weights.view(1, 1, 1, -1))[:, 0]
