"""Batches hold what the course's transforms would have made: torchvision and Pillow are asked."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from explorer.base.torchvision_import import torchvision
from explorer.data import datasets
from explorer.training.batches import Batches, Order, crop, resize, resize_in_float

LAYOUT = torch.contiguous_format


def noise(channels: int, side: int, count: int = 6) -> Tensor:
    """Pictures without any order: every rounding shows."""
    generator = torch.Generator().manual_seed(side)
    shape = (count, channels, side, side)
    return torch.randint(256, shape, generator=generator, dtype=torch.uint8)


def as_the_course_does(picture: Tensor, size: int) -> Tensor:
    """The transforms of torchvision on a Pillow image: resized, from 0 to 1."""
    transforms = torchvision.transforms
    image = Image.fromarray(picture.permute(1, 2, 0).squeeze(2).numpy())
    return transforms.Compose([transforms.Resize((size, size)), transforms.ToTensor()])(image)


def pillow(pictures: Tensor, size: int) -> Tensor:
    """Each picture resized by Pillow, uint8."""
    images = (Image.fromarray(p.permute(1, 2, 0).squeeze(2).numpy()) for p in pictures)
    arrays = [np.array(i.resize((size, size), Image.Resampling.BILINEAR)) for i in images]
    return torch.from_numpy(np.stack(arrays)).reshape(len(pictures), size, size, -1).movedim(3, 1)


# Resizing


EXACT = [
    *((resize, size) for size in (28, 64, 96, 224)),
    (resize_in_float, 64),
    (resize_in_float, 224),
]


@pytest.mark.parametrize(("way", "size"), EXACT)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_courses_sizes_are_pillows_to_the_bit(way, size: int, channels: int):
    pictures = noise(channels, 28)
    assert torch.equal(way(pictures, size), pillow(pictures, size))


@pytest.mark.parametrize("size", [13, 20, 29, 32, 48, 100, 227, 299])
@pytest.mark.parametrize("way", [resize, resize_in_float])
def test_any_size_is_pillows_to_one_level_in_few_pixels(size: int, way):
    pictures = noise(1, 28)
    apart = (way(pictures, size).int() - pillow(pictures, size).int()).abs()
    assert apart.max() <= 1
    assert (apart > 0).float().mean() < 0.05


@pytest.mark.parametrize("size", [8, 32, 64])
def test_a_batch_is_what_the_courses_transforms_make(size: int):
    split = datasets.load("digits").train
    batches = Batches(split.pictures, split.labels, size=size, batch_size=16, layout=LAYOUT)
    pictures, labels = batches.batch(2)
    expected = [as_the_course_does(picture, size) for picture in split.pictures[32:48]]
    assert torch.equal(pictures, torch.stack(expected))
    assert torch.equal(labels, split.labels[32:48])


def test_colour_pictures_can_lie_channels_last():
    pictures = noise(3, 16)
    labels = torch.arange(6)
    batches = Batches(pictures, labels, size=16, batch_size=6, layout=torch.channels_last)
    batch, _labels = batches.batch(0)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch, pictures / 255)


# Order


def numbered(count: int, batch_size: int, size: int = 1) -> Batches:
    """Pictures of one pixel whose brightness is their label."""
    labels = torch.arange(count)
    pictures = labels.to(torch.uint8)[:, None, None, None]
    return Batches(pictures, labels, size=size, batch_size=batch_size, layout=LAYOUT)


def test_an_epoch_has_every_picture_once_with_its_own_label():
    batches = numbered(103, 10)
    batches.arrange(Order.drawn(103, seed=5))
    every = [batches.batch(number) for number in range(len(batches))]
    assert [len(labels) for _pictures, labels in every] == [10] * 10 + [3]
    pictures, labels = (torch.cat(part).flatten() for part in zip(*every, strict=True))
    assert torch.equal(pictures, labels / 255)
    assert torch.equal(labels.sort().values, torch.arange(103))
    assert not torch.equal(labels, torch.arange(103))


def test_the_order_follows_from_its_seed():
    first, again, other = (Order.drawn(50, seed=seed).order for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_any_batch_can_be_asked_for_first():
    batches, order = numbered(200, 8), Order.drawn(200, seed=1)
    batches.arrange(order)
    for number in (24, 3, 11):
        assert torch.equal(batches.batch(number)[1], order.order.split(8)[number])


# Augmentation


def test_about_half_are_mirrored_and_none_is_harmed():
    pictures = noise(1, 12, count=200)
    batches = Batches(pictures, torch.arange(200), size=12, batch_size=200, layout=LAYOUT)
    batches.arrange(Order.drawn(200, seed=3, flip=True))
    batch, labels = batches.batch(0)
    plain = pictures[labels] / 255
    same = (batch == plain).flatten(1).all(dim=1)
    mirrored = (batch == plain.flip(3)).flatten(1).all(dim=1)
    assert bool((same | mirrored).all())
    assert 70 < int(mirrored.sum()) < 130


def test_crops_are_torchvisions():
    pictures = noise(3, 10, count=20)
    corners = torch.randint(9, (20, 2), generator=torch.Generator().manual_seed(0))
    functional = torchvision.transforms.functional
    expected = [
        functional.crop(functional.pad(picture, [4, 4, 4, 4]), int(top), int(left), 10, 10)
        for picture, (top, left) in zip(pictures, corners, strict=True)
    ]
    assert torch.equal(crop(pictures, corners, 4), torch.stack(expected))


def test_every_place_of_a_crop_is_drawn():
    corners = Order.drawn(2000, seed=0, crop=2).corners
    assert corners is not None
    assert {tuple(corner) for corner in corners.tolist()} == {
        (row, column) for row in range(5) for column in range(5)
    }
