"""Running a network for its logits and their gradients, and where Grad-CAM can look in it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.analysis.summary import Block, Layer, Summary
from explorer.base.language import N_
from explorer.base.reasons import CodedError
from explorer.base.units import times
from explorer.networks import main_answer

MOST_TOGETHER = 64  # pictures run at once
PIXELS_TOGETHER = 16 * 96 * 96  # and all of their pixels: memory is bounded, and a stop soon heard
MapShape = tuple[int, int, int]

# What a block may end with, so that its output is surely (N, C, H, W).
_ENDS = frozenset(
    "Conv2d BatchNorm2d ReLU relu ReLU6 SiLU Hardswish add cat MaxPool2d AvgPool2d".split()
)
_MERGES = frozenset({"add", "cat"})


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
    base, number = (numbered[1], int(numbered[2])) if numbered and name not in parts else (name, 1)
    if base not in parts or not base:
        some = ", ".join(convolutions(network)[:5])
        words = N_("The network has no layer “{name}”. It has {some} …")
        raise CodedError(words, name=name, some=some)
    calls = 0
    outputs: list[Tensor] = []

    def note(_layer: nn.Module, _read: object, output: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls != number:
            return output
        outputs.append(output)
        return output.clone()  # the next layer may overwrite it

    handle = parts[base].register_forward_hook(note)
    try:
        yield outputs
    finally:
        handle.remove()


# -- convolutions, and whole blocks that end in maps -------------------------------------------


def places(summary: Summary) -> dict[str, MapShape]:
    """Name → (C, H, W), the last first, but before all of them the one to begin with.

    That is the last convolution; where its maps are only a part of what goes on (they are added
    to, or stacked with, others), the largest block around it. Empty without any convolution.
    """
    convolutions = [each for each in summary.layers if _convolves(each) and each.map_shape]
    if not convolutions:
        return {}
    blocks = list(_blocks(summary.tree))
    last = convolutions[-1]
    around = [block.name for block in blocks if _merges(block, last)]
    ends = {block.name: _end(block) for block in blocks}
    ends |= {layer.operation.name: layer for layer in convolutions}
    order = {layer.operation.name: place for place, layer in enumerate(summary.layers)}
    listed = sorted(ends, key=lambda name: -order[ends[name].operation.name])
    first = (around or [last.operation.name])[0]
    shapes = {name: ends[name].map_shape for name in (first, *listed)}
    return {name: shape for name, shape in shapes.items() if shape}


def _convolves(layer: Layer) -> bool:
    return layer.operation.type == "Conv2d" and layer.status == "ok"


def _end(block: Block) -> Layer:
    """The last operation of a block."""
    return list(block.leaves())[-1]


def _blocks(parts: Sequence[Block | Layer]) -> Iterator[Block]:
    """Every block that has a convolution and ends in maps, the outer before the inner."""
    for part in parts:
        if isinstance(part, Block):
            end = _end(part)
            maps = end.map_shape and end.status == "ok" and end.operation.type in _ENDS
            if maps and any(map(_convolves, part.leaves())):
                yield part
            yield from _blocks(part.parts)


def _merges(block: Block, convolution: Layer) -> bool:
    """Whether this block merges what `convolution` gives with something else."""
    leaves = list(block.leaves())
    after = leaves[leaves.index(convolution) + 1 :] if convolution in leaves else []
    return any(leaf.operation.type in _MERGES for leaf in after)
