"""Pictures from everywhere, hostile ones among them, and what a network receives of them."""

import io
import zlib
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, ImageOps
from torch import Tensor
from torch.nn import functional

from explorer.base.torchvision_import import torchvision
from explorer.data import datasets, pictures
from explorer.data.decoding import pictures as decoding
from explorer.data.pictures import (
    Picture,
    from_dataset,
    from_drawing,
    from_photograph,
    named,
    prepare,
)
from explorer.training.batches import resize, scale
from tests.explorer.data.own_pictures import claiming, saved

RED, WHITE = (250, 10, 20), (255, 255, 255)
NOTHING = zlib.compress(b"")
LITTLE = claiming(20, 20, zlib.compress(b"\0" * 7))
GREY16 = Image.fromarray(np.full((20, 30), 51_400, np.uint16))  # 200 · 257
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
NOISE = saved(Image.effect_noise((64, 64), 80), "JPEG")


def from_upload(content: bytes) -> Picture:
    """As `pictures.start_upload` does it, but in this process: it has no start."""
    (pixels,) = decoding.decode(content, lambda _done, _total: None, side=pictures.SIDE).arrays
    return Picture(pictures.as_tensor(pixels), "")


def plain(mode: str = "RGB", size: tuple[int, int] = (30, 20), colour: Any = RED) -> Image.Image:
    return Image.new(mode, size, colour)


# Hostile pictures


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(claiming(7_000, 7_000, NOTHING), "at most 40 million", id="pillow-takes"),
        pytest.param(bytes(300_000_000), "The file has 300 MB; at most 10.0 MB", id="300-MB"),
        pytest.param(saved(plain(size=(8, 200))), "more than 16 times", id="thin"),
        pytest.param(saved(plain())[:-40], "cannot be read", id="truncated-png"),
        pytest.param(NOISE[:900], "cannot be read", id="truncated-jpeg"),
        pytest.param(LITTLE, "cannot be read", id="too-little-data"),
        pytest.param(claiming(20, 20, NOTHING, depth=3), "cannot be read", id="impossible-depth"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "cannot be read", id="signature-alone"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\xff" * 50, "cannot be read", id="jpeg-of-nothing"),
        pytest.param(b"", "cannot be read", id="empty"),
    ],
)
def test_a_hostile_picture_is_a_sentence(content: bytes, expected: str):
    with pytest.raises(ValueError, match=expected) as refused:
        from_upload(content)
    assert type(refused.value).__module__.startswith("explorer.")
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(saved(plain()), RED, id="rgb"),
        pytest.param(saved(plain().convert("CMYK"), "JPEG", quality=95), RED, id="cmyk"),
        pytest.param(saved(plain().convert("YCbCr"), "JPEG", quality=95), RED, id="jpeg"),
        pytest.param(saved(GREY16), (200,), id="16-bit"),
        pytest.param(saved(plain("L", colour=77)), (77,), id="grey"),
        pytest.param(saved(plain("1", colour=1)), (255,), id="black-and-white"),
        pytest.param(saved(plain("RGBA", colour=(*RED, 0))), WHITE, id="transparent"),
        pytest.param(saved(plain("RGBA", colour=(0, 0, 0, 51))), (204,) * 3, id="glass"),
        pytest.param(saved(plain("LA", colour=(0, 0))), WHITE, id="grey-and-transparent"),
        pytest.param(saved(plain().convert("P")), None, id="palette"),
        pytest.param(saved(plain("P", colour=0), transparency=0), WHITE, id="transparent-palette"),
        pytest.param(saved(plain(), save_all=True, append_images=[plain()]), RED, id="animated"),
        pytest.param(saved(plain(size=(30, 400))), RED, id="tall"),
        pytest.param(saved(plain(), icc_profile=PROFILE), RED, id="colour-profile"),
    ],
)
def test_pictures_of_every_kind_become_grey_or_rgb(content: bytes, expected: Any):
    pixels = from_upload(content).pixels
    assert pixels.dtype == torch.uint8
    assert tuple(pixels.shape[1:]) in {(20, 30), (400, 30)}
    if expected:
        target = torch.tensor(expected)[:, None, None]
        assert pixels.shape[0] == len(expected)
        assert int((pixels.int() - target).abs().max()) <= 3


@pytest.mark.parametrize("turn", range(10))
def test_every_way_to_hold_a_camera(turn: int):
    exif = Image.Exif()
    exif[0x0112] = turn
    content = saved(Image.effect_noise((30, 20), 90), exif=exif)
    with Image.open(io.BytesIO(content)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    assert torch.equal(from_upload(content).pixels[0], torch.from_numpy(expected.copy()))


def test_sixteen_bits_are_rounded_to_eight():
    every = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    found = from_upload(saved(Image.fromarray(every))).pixels[0].numpy()
    assert (found == (every / 257).round()).all()


def test_a_large_photograph_is_kept_small():
    noise = Image.effect_noise((3000, 2000), 60)
    pixels = from_upload(saved(noise, "JPEG")).pixels
    assert pixels.shape == (1, 683, 1024)


# Where pictures come from


def test_a_picture_of_a_data_set_is_the_data_sets():
    test = datasets.load("digits").test
    picture = from_dataset("digits", "test", 5)
    assert torch.equal(picture.pixels, test.pictures[5])
    assert picture.label == int(test.labels[5])
    assert picture.classes == tuple("0123456789")
    assert named("digits:test:5").key == picture.key
    assert named("digits:train:5").key != picture.key


def test_photographs_are_in_colour():
    assert from_photograph("china").pixels.shape == (3, 427, 640)
    assert named("photograph:flower").key == from_photograph("flower").key


def test_a_drawing():
    cells = [[0.0] * 28 for _ in range(28)]
    cells[3][4] = 1
    picture = from_drawing(cells)
    assert picture.pixels.shape == (1, 28, 28)
    assert (int(picture.pixels[0, 3, 4]), int(picture.pixels.sum())) == (255, 255)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [[0.0] * 28] * 27,
        [[0.0] * 28] * 27 + [[0.0] * 27],
        [[0.0] * 27 + [2.0]] * 28,
        [[float("nan")] * 28] * 28,
        [["ink"] * 28] * 28,
    ],
)
def test_a_drawing_of_something_else_is_a_sentence(cells: Any):
    with pytest.raises(ValueError, match=r"drawing"):
        from_drawing(cells)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "names no picture"),
        ("photograph", "names no picture"),
        ("photograph:moon", "no photograph “moon”. There are china, flower"),
        ("photograph:../../etc/passwd", "no photograph"),
        ("digits:test:359", "digits has 359 test pictures, from 0 to 358; there is no 359"),
        ("digits:test:-1", "names no picture"),
        ("digits:test:99999999999999999999", "names no picture"),
        ("digits:all:1", "a train and a test part, not “all”"),
        ("cats:test:1", "There is no data set called cats"),
    ],
)
def test_a_picture_that_is_not_there_is_a_sentence(text: str, expected: str):
    with pytest.raises(ValueError, match=expected):
        named(text)


def test_a_data_set_that_is_not_here_is_not_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path))
    with pytest.raises(ValueError, match=r"CIFAR-10 is not on this machine. .*digits"):
        from_dataset("cifar10", "test", 0)


# What the network receives


def columns(width: int, height: int) -> Picture:
    """Every pixel's brightness is its column's number."""
    return Picture(torch.arange(width, dtype=torch.uint8).expand(1, height, width), "columns")


def test_squeezed_it_is_what_training_makes_of_it():
    pixels = datasets.load("digits").test.pictures[:3]
    for size in (8, 28, 5):
        trained = scale(resize(pixels, size), torch.contiguous_format)
        for row, each in enumerate(pixels):
            prepared = prepare(Picture(each, ""), (1, size, size))
            assert torch.equal(prepared.tensor[0], trained[row])


@pytest.mark.parametrize("size", [(100, 150), (500, 700), (64, 800), (1, 1)])
def test_colour_is_resized_as_pillow_does_it(size: tuple[int, int]):
    picture = from_photograph("china")
    whole = Image.fromarray(picture.pixels.permute(1, 2, 0).numpy())
    expected = np.asarray(whole.resize((size[1], size[0]), Image.Resampling.BILINEAR))
    found = prepare(picture, (3, *size)).shown.permute(1, 2, 0).numpy()
    assert np.abs(found.astype(int) - expected).max() <= 1  # torch's sums are rounded once
    if size != (1, 1):
        together = functional.interpolate(
            picture.pixels[None], size, mode="bilinear", antialias=True
        )
        assert torch.equal(prepare(picture, (3, *size)).shown, together[0])


def test_three_ways_to_make_a_wide_picture_square():
    wide = columns(60, 20)
    squeezed, cropped, padded = (
        prepare(wide, (1, 20, 20), fit).shown[0, 10] for fit in ("squeeze", "crop", "pad")
    )
    assert torch.equal(cropped, torch.arange(20, 40, dtype=torch.uint8))
    assert squeezed[[0, -1]].tolist() == [1, 58]  # means of three columns each
    whole = prepare(wide, (1, 20, 20), "pad").shown[0]
    assert not whole[:6].any()
    assert not whole[-7:].any()
    assert whole[7:13].any(dim=1).all()
    assert torch.equal(padded, whole[10])
    pillow = Image.fromarray(wide.pixels[0].numpy()).resize((20, 20), Image.Resampling.BILINEAR)
    assert prepare(wide, (1, 20, 20)).shown[0].tolist() == np.asarray(pillow).tolist()


@pytest.mark.parametrize(("height", "width"), [(40, 60), (60, 40), (40, 40), (20, 200)])
def test_how_much_wider_a_picture_is(height: int, width: int):
    white = Picture(torch.full((1, height, width), 255, dtype=torch.uint8), "")
    wider = pictures.wider(white, (1, 120, 120))
    assert wider == pytest.approx(width / height)
    kept = 1 / max(wider, 1 / wider)
    assert kept == pytest.approx(min(height, width) ** 2 / (height * width))  # of a crop
    filled = (prepare(white, (1, 120, 120), "pad").shown > 0).float().mean()
    assert float(filled) == pytest.approx(kept)


@pytest.mark.parametrize("fit", pictures.FITS)
@pytest.mark.parametrize("size", [(224, 224), (7, 31), (1, 1), (300, 40)])
@pytest.mark.parametrize("picture", [(20, 320), (320, 20), (28, 28), (9, 8)])
def test_every_fit_gives_the_shape_that_was_asked_for(
    fit: str, size: tuple[int, int], picture: tuple[int, int]
):
    pixels = torch.randint(256, (3, *picture), dtype=torch.uint8)
    prepared = prepare(Picture(pixels, ""), (3, *size), fit)
    assert prepared.tensor.shape == (1, 3, *size)
    assert prepared.shown.shape == (3, *size)
    assert 0 <= float(prepared.tensor.min()) <= float(prepared.tensor.max()) <= 1


def test_colour_becomes_grey_as_pillow_does_it():
    picture = from_photograph("flower")
    grey = Image.fromarray(picture.pixels.permute(1, 2, 0).numpy()).convert("L")
    prepared = prepare(picture, (1, 427, 640))
    assert torch.equal(prepared.shown[0], torch.from_numpy(np.array(grey)))


def test_grey_becomes_as_many_channels_as_are_read():
    picture = columns(8, 8)
    for channels in (1, 2, 3, 5):
        prepared = prepare(picture, (channels, 8, 8))
        assert prepared.tensor.shape == (1, channels, 8, 8)
        assert torch.equal(prepared.tensor[0, 0] * 255, picture.pixels[0].float())
        assert prepared.shown.shape[0] == (3 if channels == 3 else 1)


@pytest.mark.parametrize(
    ("weights", "normalisation"),
    [("ResNet18_Weights", "imagenet"), ("EfficientNet_V2_L_Weights", "half")],
)
def test_published_weights_get_what_torchvision_gives_them(weights: str, normalisation: str):
    picture = from_photograph("china")
    own = getattr(torchvision.models, weights).IMAGENET1K_V1.transforms()
    normalise = torchvision.transforms.Normalize(own.mean, own.std)
    expected: Tensor = normalise(picture.pixels / 255)
    found = prepare(picture, (3, 427, 640), normalisation=normalisation).tensor[0]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"fit": "stretch"}, "“stretch” is none of squeeze, crop, pad"),
        ({"normalisation": "batch"}, "“batch” is none of none, imagenet, half"),
        ({"normalisation": "imagenet"}, "for 3 channels, not 1"),
    ],
)
def test_an_unknown_way_is_a_sentence(options: dict[str, str], expected: str):
    with pytest.raises(ValueError, match=expected):
        prepare(columns(8, 8), (1, 8, 8), **options)
