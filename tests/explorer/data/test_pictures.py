"""Pictures from everywhere and of every kind, and what a network receives of them."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image, ImageCms, ImageOps
from sklearn.datasets import load_digits, load_sample_image
from torch import Tensor
from torch.nn import functional

from explorer.base.tasks import unheard
from explorer.base.torchvision_import import torchvision
from explorer.data import datasets, photographs, pictures
from explorer.data.decoding import archives, folders
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
from tests.explorer.data.own_pictures import saved, zipped


def decoded(content: bytes, side: int = pictures.SIDE) -> npt.NDArray[np.uint8]:
    """As an upload is read, but in this process: it has no start."""
    (pixels,) = decoding.decode(content, unheard, side=side).arrays
    assert pixels.dtype == np.uint8
    return pixels


# -- files ------------------------------------------------------------------------------------

SHADES = np.linspace(0, 65_535, 256).round().reshape(16, 16)
GREYS = Image.fromarray((SHADES / 257).astype(np.uint8))
COLOURS = Image.merge("RGB", [GREYS, GREYS.transpose(Image.Transpose.ROTATE_90), GREYS])
TURNED = COLOURS.transpose(Image.Transpose.ROTATE_270)
PAPER = Image.new("RGB", GREYS.size, "white")
BEHIND_GLASS = Image.composite(COLOURS, PAPER, GREYS)
FEW = COLOURS.quantize(16)
HOLE = Image.fromarray(np.uint8(255) * (np.asarray(FEW) == 3).astype(np.uint8))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def camera_notes(turn: int, *, damaged: bool = False) -> bytes:
    """Of a camera that was turned."""
    notes = Image.Exif()
    notes[0x0112], notes[0x011A] = turn, 72.0
    whole = notes.tobytes()
    return whole.replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x02") if damaged else whole  # "text"


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    return saved(picture, "JPEG", quality=95, subsampling=0, **options)


KINDS = {  # a file, and what it shows
    "colours": (saved(COLOURS), COLOURS),
    "colour profile": (saved(COLOURS, icc_profile=PROFILE), COLOURS),
    "animated": (saved(COLOURS, save_all=True, append_images=[PAPER]), COLOURS),
    "grey": (saved(GREYS), GREYS),
    "16 bits": (saved(Image.fromarray(SHADES.astype(np.uint16))), GREYS),
    "dark 16 bits": (
        saved(Image.fromarray(np.full((16, 16), 400, np.uint16))),
        Image.new("L", (16, 16), 2),
    ),
    "black and white": (saved(GREYS.convert("1")), GREYS.convert("1").convert("L")),
    "grey behind glass": (
        saved(Image.merge("LA", [GREYS, GREYS])),
        Image.composite(GREYS.convert("RGB"), PAPER, GREYS),
    ),
    "colours behind glass": (saved(Image.merge("RGBA", [*COLOURS.split(), GREYS])), BEHIND_GLASS),
    "palette": (saved(FEW), FEW.convert("RGB")),
    "palette with a hole": (
        saved(FEW, transparency=3),
        Image.composite(PAPER, FEW.convert("RGB"), HOLE),
    ),
    "a colour that is a hole": (
        saved(Image.new("RGB", (16, 16), (9, 9, 9)), transparency=(9, 9, 9)),
        PAPER,
    ),
    "JPEG": (jpeg(COLOURS), COLOURS),
    "ink": (jpeg(COLOURS.convert("CMYK")), COLOURS),
    "turned": (jpeg(COLOURS, exif=camera_notes(6)), TURNED),
    "with damaged notes": (jpeg(COLOURS, exif=camera_notes(6, damaged=True)), TURNED),
}


@pytest.mark.parametrize(("content", "expected"), KINDS.values(), ids=KINDS)
def test_a_picture_of_any_kind_is_the_same_alone_and_among_many(
    content: bytes, expected: Image.Image
):
    alone = decoded(content, side=16)
    assert np.abs(alone.astype(int) - np.asarray(expected)).max() <= 4
    files = {f"{c}/{n}.png": content for c in "ab" for n in "12"} | {"a/3.png": saved(COLOURS)}
    with folders.opened(zipped(files)) as folder:
        many, _labels = archives.one_size(folder)
    alone = alone[..., None] if alone.ndim == 2 else alone
    np.testing.assert_array_equal(many[0], np.broadcast_to(alone, (16, 16, 3)).transpose(2, 0, 1))


@pytest.mark.parametrize("turn", range(10))
def test_every_way_to_hold_a_camera(turn: int):
    content = saved(Image.effect_noise((30, 20), 90), exif=camera_notes(turn))
    with Image.open(io.BytesIO(content)) as noted:
        assert (decoded(content) == np.asarray(ImageOps.exif_transpose(noted))).all()


def test_sixteen_bits_are_rounded_to_eight():
    every = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    assert (decoded(saved(Image.fromarray(every))) == (every / 257).round()).all()


def test_a_large_photograph_is_kept_small():
    assert decoded(saved(Image.effect_noise((3000, 2000), 60), "JPEG")).shape == (683, 1024)


def test_an_upload_to_convolve_is_grey_and_small():
    red = saved(Image.new("RGB", (1000, 500), (200, 30, 30)), "JPEG")
    grey = photographs.start_upload(red).result()
    assert grey.shape == (240, 480)
    assert grey.mean() == pytest.approx((0.299 * 200 + 0.587 * 30 + 0.114 * 30) / 255, abs=0.02)


# -- where pictures come from -----------------------------------------------------------------


def test_a_picture_of_a_data_set_is_the_data_sets():
    test = datasets.load("digits").test
    picture = from_dataset("digits", "test", 5)
    assert torch.equal(picture.pixels, test.pictures[5])
    assert picture.label == int(test.labels[5])
    assert picture.classes == tuple("0123456789")
    assert named("digits:test:5").key == picture.key
    assert named("digits:train:5").key != picture.key


def test_photographs_and_digits_are_those_that_scikit_learn_loads():
    digits = load_digits()
    for number in (0, 7, 1796):
        assert (photographs.digit(number) == digits.images[number]).all()
    whole = load_sample_image("china.jpg")
    assert (from_photograph("china").pixels.permute(1, 2, 0).numpy() == whole).all()
    assert named("photograph:flower").key == from_photograph("flower").key
    grey = photographs.photograph("china")
    assert grey.shape == (320, 480)
    assert 0 <= grey.min() < grey.max() <= 1
    assert abs(grey.mean() - whole.mean() / 255) < 0.03  # grey weighs green more than blue
    cells = photographs.patch("flower", 12)
    assert (cells.shape, cells.min(), cells.max()) == ((12, 12), 0, 9)


def test_a_drawing():
    cells = [[0.0] * 28 for _ in range(28)]
    cells[3][4] = 1
    picture = from_drawing(cells)
    assert picture.pixels.shape == (1, 28, 28)
    assert (int(picture.pixels[0, 3, 4]), int(picture.pixels.sum())) == (255, 255)


def test_a_data_set_that_is_not_here_is_not_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path))
    with pytest.raises(ValueError, match=r"CIFAR-10 is not on this machine. .*digits"):
        from_dataset("cifar10", "test", 0)


# -- what the network receives -----------------------------------------------------------------


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
    resized = prepare(picture, (3, *size)).pixels
    difference = resized.permute(1, 2, 0).numpy().astype(int) - expected
    assert np.abs(difference).max() <= 1  # torch's sums are rounded once
    if size != (1, 1):
        together = functional.interpolate(
            picture.pixels[None], size, mode="bilinear", antialias=True
        )
        assert torch.equal(resized, together[0])


def test_three_ways_to_make_a_wide_picture_square():
    wide = columns(60, 20)
    squeezed, cropped, padded = (
        prepare(wide, (1, 20, 20), fit).pixels[0, 10] for fit in ("squeeze", "crop", "pad")
    )
    assert torch.equal(cropped, torch.arange(20, 40, dtype=torch.uint8))
    assert squeezed[[0, -1]].tolist() == [1, 58]  # means of three columns each
    whole = prepare(wide, (1, 20, 20), "pad").pixels[0]
    assert not whole[:6].any()
    assert not whole[-7:].any()
    assert whole[7:13].any(dim=1).all()
    assert torch.equal(padded, whole[10])
    pillow = Image.fromarray(wide.pixels[0].numpy()).resize((20, 20), Image.Resampling.BILINEAR)
    assert prepare(wide, (1, 20, 20)).pixels[0].tolist() == np.asarray(pillow).tolist()


@pytest.mark.parametrize(("height", "width"), [(40, 60), (60, 40), (40, 40), (20, 200)])
def test_how_much_wider_a_picture_is(height: int, width: int):
    white = Picture(torch.full((1, height, width), 255, dtype=torch.uint8), "")
    wider = pictures.wider(white, (1, 120, 120))
    assert wider == pytest.approx(width / height)
    share = 1 / max(wider, 1 / wider)
    assert share == pytest.approx(min(height, width) ** 2 / (height * width))  # of a crop
    filled = (prepare(white, (1, 120, 120), "pad").pixels > 0).float().mean()
    assert float(filled) == pytest.approx(share)


@pytest.mark.parametrize("fit", pictures.FITS)
@pytest.mark.parametrize("size", [(224, 224), (7, 31), (1, 1), (300, 40)])
@pytest.mark.parametrize("picture", [(20, 320), (320, 20), (28, 28), (9, 8)])
def test_every_fit_gives_the_shape_that_was_asked_for(
    fit: str, size: tuple[int, int], picture: tuple[int, int]
):
    pixels = torch.randint(256, (3, *picture), dtype=torch.uint8)
    prepared = prepare(Picture(pixels, ""), (3, *size), fit)
    assert prepared.tensor.shape == (1, 3, *size)
    assert prepared.pixels.shape == (3, *size)
    assert 0 <= float(prepared.tensor.min()) <= float(prepared.tensor.max()) <= 1


def test_colour_becomes_grey_as_pillow_does_it():
    picture = from_photograph("flower")
    grey = Image.fromarray(picture.pixels.permute(1, 2, 0).numpy()).convert("L")
    prepared = prepare(picture, (1, 427, 640))
    assert torch.equal(prepared.pixels[0], torch.from_numpy(np.array(grey)))


def test_grey_becomes_as_many_channels_as_are_read():
    picture = columns(8, 8)
    for channels in (1, 2, 3, 5):
        prepared = prepare(picture, (channels, 8, 8))
        assert prepared.tensor.shape == (1, channels, 8, 8)
        assert torch.equal(prepared.tensor[0, 0] * 255, picture.pixels[0].float())
        assert prepared.pixels.shape[0] == (3 if channels == 3 else 1)


@pytest.mark.parametrize(
    ("weights", "normalisation"),
    [("ResNet18_Weights", "imagenet"), ("EfficientNet_V2_L_Weights", "half")],
)
def test_published_weights_get_what_torchvision_gives_them(weights: str, normalisation: str):
    picture = from_photograph("china")
    own = getattr(torchvision.models, weights).IMAGENET1K_V1.transforms()
    normalise = torchvision.transforms.Normalize(own.mean, own.std)
    expected: Tensor = normalise(picture.pixels / 255)
    prepared = prepare(picture, (3, 427, 640), normalisation=normalisation)
    torch.testing.assert_close(prepared.tensor[0], expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        *(
            (partial(named, text), message)
            for text, message in (
                ("", "names no picture"),
                ("photograph", "names no picture"),
                ("photograph:moon", "no photograph “moon”. There are china, flower"),
                ("photograph:../../etc/passwd", "no photograph"),
                ("digits:test:359", "has 359 test pictures, from 0 to 358; there is no 359"),
                ("digits:test:-1", "names no picture"),
                ("digits:test:99999999999999999999", "names no picture"),
                ("digits:all:1", "a train and a test part, not “all”"),
                ("cats:test:1", "There is no data set called cats"),
            )
        ),
        *(
            (partial(from_drawing, cells), "drawing")
            for cells in (
                [],
                [[0.0] * 28] * 27,
                [[0.0] * 28] * 27 + [[0.0] * 27],
                [[0.0] * 27 + [2.0]] * 28,
                [[float("nan")] * 28] * 28,
                [["ink"] * 28] * 28,
            )
        ),
        *(
            (partial(prepare, columns(8, 8), (1, 8, 8), **options), message)
            for options, message in (
                ({"fit": "stretch"}, "“stretch” is none of squeeze, crop, pad"),
                ({"normalisation": "batch"}, "“batch” is none of none, imagenet, half"),
                ({"normalisation": "imagenet"}, "for 3 channels, not 1"),
            )
        ),
    ],
)
def test_what_is_no_picture_and_no_way_to_fit_it_is_a_sentence(
    call: Callable[[], object], message: str
):
    with pytest.raises(ValueError, match=message):
        call()
