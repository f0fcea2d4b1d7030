"""A data set on the device: batches in a new order every epoch, augmented, resized, from 0 to 1.

Everything random about an epoch follows from its seed alone, so that a run can go on in the
middle of one. Augmentation comes before resizing, at the data's own size.
"""

import heapq
import math
from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from explorer.base.device import torch_device
from explorer.data.datasets import Split
from explorer.training.setting import Setting

BLOCK = 1_000_000  # numbers that are made ready at once: few calls, and they stay in the cache


@dataclass(frozen=True, eq=False)
class Order:
    """One epoch: which picture comes where (N,), mirrored or not (N,), cut out where (N, 2)."""

    order: Tensor
    mirrored: Tensor | None = None
    corners: Tensor | None = None

    @classmethod
    def drawn(cls, images: int, seed: int, *, flip: bool = False, crop: int = 0) -> "Order":
        """The epoch of this seed."""
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(images, generator=generator)
        mirrored = torch.rand(images, generator=generator) < 0.5 if flip else None
        corners = torch.randint(2 * crop + 1, (images, 2), generator=generator) if crop else None
        return cls(order, mirrored, corners)

    def to(self, device: torch.device) -> "Order":
        """The same on a device."""
        moved = (t if t is None else t.to(device) for t in (self.mirrored, self.corners))
        return Order(self.order.to(device), *moved)


class Batches:
    """Pictures (N, C, H, W) in uint8 and their labels (N,), both on the device → batches.

    Pictures come out as (B, C, size, size) in float32 from 0 to 1, as the course's transforms
    make them. The last batch of an epoch may be smaller.
    """

    def __init__(
        self,
        pictures: Tensor,
        labels: Tensor,
        *,
        size: int,
        batch_size: int,
        crop: int = 0,
        layout: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.pictures, self.labels = pictures, labels
        self.size, self.batch_size, self.crop, self.layout = size, batch_size, crop, layout
        numbers = batch_size * pictures.shape[1] * size * size
        self._block_size = batch_size * max(1, BLOCK // numbers)
        self.arrange(Order(torch.arange(len(labels), device=labels.device)))

    @classmethod
    def of(cls, split: Split, subset: int, batch_size: int, setting: Setting) -> "Batches":
        """A split's pictures, or a subset of them, on the setting's device."""
        pictures, labels = split.pictures, split.labels
        if subset:
            indices = subset_indices(len(split), subset)
            pictures, labels = pictures[indices], labels[indices]
        device = torch_device(setting.device)
        return cls(
            pictures.to(device),
            labels.to(device),
            size=setting.recipe.size,
            batch_size=batch_size,
            crop=setting.recipe.crop,
            layout=setting.numbers.layout,
        )

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self.labels) / self.batch_size)

    def arrange(self, order: Order) -> None:
        """Go through the pictures in this order from now on."""
        self._order = order.to(self.labels.device)
        self._first = self._end = 0  # no block is ready

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        """Batch `number` of the epoch: pictures and labels."""
        start = number * self.batch_size
        if not self._first <= start < self._end:
            self._prepare(start)
        inside = slice(start - self._first, start - self._first + self.batch_size)
        return self._inputs[inside], self._targets[inside]

    def _prepare(self, start: int) -> None:
        block = slice(start, start + self._block_size)
        order = self._order.order[block]
        pictures = self.pictures.index_select(0, order)  # whole pictures at once: faster than [ ]
        if self._order.mirrored is not None:
            mirrored = self._order.mirrored[block, None, None, None]
            pictures = torch.where(mirrored, pictures.flip(3), pictures)
        if self._order.corners is not None:
            pictures = crop(pictures, self._order.corners[block], self.crop)
        self._inputs = scale(resize(pictures, self.size), self.layout)
        self._targets = self.labels.index_select(0, order)
        self._first, self._end = start, start + len(order)


def crop(pictures: Tensor, corners: Tensor, padding: int) -> Tensor:
    """Pad with black, then cut a window of the old size out of each picture.

    `corners` (N, 2) are row and column of each window, from 0 to 2 · padding.
    """
    height, width = pictures.shape[2:]
    padded = pad(pictures, (padding,) * 4)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (N, C, rows, columns, H, W)
    each = torch.arange(len(pictures), device=pictures.device)
    return windows[each, :, corners[:, 0], corners[:, 1]]


def resize(pictures: Tensor, size: int) -> Tensor:
    """(N, C, H, W) in uint8 → (N, C, size, size) in uint8, bilinear as Pillow does it."""
    height, width = pictures.shape[2:]
    if (height, width) == (size, size):
        return pictures
    if pictures.device.type == "cpu":  # here torch has Pillow's arithmetic, in whole numbers
        smaller = size < max(height, width)
        return interpolate(pictures, (size, size), mode="bilinear", antialias=smaller)
    return resize_in_float(pictures, size)


def resize_in_float(pictures: Tensor, size: int) -> Tensor:
    """The same on other devices: one axis after the other, rounded in between, as Pillow does."""
    height, width = pictures.shape[2:]
    wide = interpolate(
        pictures.float(), (height, size), mode="bilinear", antialias=size < width
    )  # fmt: skip
    wide = wide.add(0.5).floor()
    both = interpolate(wide, (size, size), mode="bilinear", antialias=size < height)
    return both.add(0.5).floor().to(torch.uint8)


def scale(pictures: Tensor, layout: torch.memory_format) -> Tensor:
    """uint8 from 0 to 255 → float32 from 0 to 1."""
    return pictures.contiguous(memory_format=layout) / 255


# -- which pictures of a split a run uses: its subset, and the handful that it shows --------------

SAMPLES = 10


def subset_indices(count: int, subset: int) -> Tensor:
    """Indices (int64, ascending) of the pictures that a subset takes out of `count`; 0 takes all.

    Drawn at random, but always the same ones, whatever the run's seed: runs can be compared.
    """
    if not 0 < subset < count:
        return torch.arange(count)
    generator = torch.Generator().manual_seed(count)
    return torch.randperm(count, generator=generator)[:subset].sort().values


def samples(labels: Tensor) -> Tensor:
    """Positions in `labels` of the pictures to show: the first of every class, then the second …"""
    ranks, counts = [], Counter[int]()
    for position, label in enumerate(labels.tolist()):
        ranks.append((counts[label], label, position))
        counts[label] += 1
    return torch.tensor(
        [position for *_key, position in heapq.nsmallest(SAMPLES, ranks)], dtype=torch.int64
    )
