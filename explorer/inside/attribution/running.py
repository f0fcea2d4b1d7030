"""Running a network for its logits and their gradients, on a copy of one's own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.base.language import N_
from explorer.base.reasons import CodedError
from explorer.base.units import times
from explorer.networks import main_answer

MOST_TOGETHER = 64  # pictures run at once
PIXELS_TOGETHER = 16 * 96 * 96  # and all of their pixels: memory is bounded, and a stop soon heard


def together(picture: Tensor) -> int:
    """How many pictures of this size (…, H, W) run at once."""
    return min(MOST_TOGETHER, max(1, PIXELS_TOGETHER // (picture.shape[-2] * picture.shape[-1])))


def convolutions(network: nn.Module) -> tuple[str, ...]:
    """The names of all convolutions, in the order in which they were built."""
    gradient = [name for name, part in network.named_modules() if isinstance(part, nn.Conv2d)]
    if not gradient:
        raise CodedError(N_("The network has no convolution."))
    return tuple(gradient)


def checked(picture: Tensor) -> Tensor:
    """Something of one's own to compute gradients on, whatever it was made for.

    Raises:
        ValueError: not one picture (1, C, H, W) in floating point.
    """
    if picture.dim() != 4 or len(picture) != 1 or not picture.is_floating_point():
        words = N_("One picture is (1, C, H, W) in floating point, not {shape} of {type}.")
        raise CodedError(words, shape=times(tuple(picture.shape)), type=picture.dtype)
    return picture.detach().clone()


def answers(network: nn.Module, pictures: Tensor) -> Tensor:
    """Logits (N, K); with gradients where the pictures ask for them.

    Raises:
        ValueError: the network cannot take pictures of this size.
    """
    try:
        with torch.set_grad_enabled(pictures.requires_grad):
            answer = network(pictures)
    except (RuntimeError, ValueError, AssertionError) as error:
        words = N_("The network cannot take a picture of {shape}. Choose another size.")
        raise CodedError(words, shape=times(tuple(pictures.shape[1:]))) from error
    return main_answer(answer)


def existing(logits: Tensor, target: int) -> int:
    """The class, if there is one of this number.

    Raises:
        ValueError: there is none.
    """
    if not 0 <= target < logits.shape[1]:
        words = N_("There is no class {target}: the network has {count}, from 0.")
        raise CodedError(words, target=target, count=logits.shape[1])
    return target


def score(logits: Tensor, target: int) -> Tensor:
    """The class's logit, summed over the batch."""
    return logits[:, existing(logits, target)].sum()


def gradients(network: nn.Module, pictures: Tensor, target: int) -> Tensor:
    """∂ logit / ∂ picture, of each picture by itself: the same shape."""
    x = pictures.detach().requires_grad_()
    with torch.enable_grad():
        logits = answers(network, x.clone())  # it may overwrite what it is given
        gradient: Tensor = torch.autograd.grad(score(logits, target), x)[0]
    return gradient


@contextmanager
def output_of(network: nn.Module, name: str) -> Iterator[list[Tensor]]:
    """What a layer of one's own copy gives, at its n-th call if the name ends in "_n".

    Raises:
        ValueError: there is no such layer.
    """
    parts = dict(network.named_modules())
    numbered = re.fullmatch(r"(.+)_(\d+)", name)
    base, wanted = (numbered[1], int(numbered[2])) if numbered and name not in parts else (name, 1)
    if base not in parts or not base:
        some = ", ".join(convolutions(network)[:5])
        words = N_("The network has no layer “{name}”. It has {some} …")
        raise CodedError(words, name=name, some=some)
    calls = 0
    outputs: list[Tensor] = []

    def note(_layer: nn.Module, _read: object, output: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls != wanted:
            return output
        outputs.append(output)
        return output.clone()  # the next layer may overwrite it

    handle = parts[base].register_forward_hook(note)
    try:
        yield outputs
    finally:
        handle.remove()
