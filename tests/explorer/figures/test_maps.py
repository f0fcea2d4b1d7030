"""Feature maps as pictures: the house's colours, ranges, mosaics, and what they leave out."""

import io
import tomllib

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.figures import maps
from explorer.ui.boards.component import COMPONENT
from explorer.ui.entries import ROOT

RNG = np.random.default_rng(5)


def decoded(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGBA"))


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def test_colours_are_those_of_the_theme() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for mode in ("light", "dark"):
        colours = theme["theme"][mode]
        assert tuple(colours["chartSequentialColors"]) == maps.SEQUENTIAL
        assert tuple(colours["chartDivergingColors"]) == maps.DIVERGING[:5] + maps.DIVERGING[6:]
    upward, signed = maps.colours(signed=False), maps.colours(signed=True)
    assert bytes(upward[0]).hex() == maps.SEQUENTIAL[0][1:]
    assert bytes(upward[maps.LAST]).hex() == maps.SEQUENTIAL[-1][1:]
    assert list(signed[maps.LAST // 2]) == [255, 255, 255]  # zero is white
    assert "185, 192, 201" in COMPONENT.with_name("colours.js").read_text(encoding="utf-8")
    assert list(signed[maps.NONE]) == [185, 192, 201]


def test_each_range_spans_what_it_says() -> None:
    lows, highs = np.array([-1, 0, 2], np.float32), np.array([3, 5, 4], np.float32)
    channel = maps.span(lows, highs, "channel", signed=False)
    assert channel.low.tolist() == [-1, 0, 0]  # from zero up, where nothing is below
    assert channel.high.tolist() == [3, 5, 4]
    layer = maps.span(lows, highs, "layer", signed=False)
    assert (layer.low.tolist(), layer.high.tolist()) == ([-1] * 3, [5] * 3)
    network = maps.span(lows, highs, "network", signed=True, network=(-9, 7))
    assert (network.low.tolist(), network.high.tolist()) == ([-9] * 3, [9] * 3)
    mirrored = maps.span(lows, highs, "channel", signed=True)
    assert (mirrored.low == -mirrored.high).all()


def test_a_number_s_colour_tells_it_to_one_part_in_254() -> None:
    values = normal(4, 5, 6)
    ends = maps.span(values.min((1, 2)), values.max((1, 2)), "layer", signed=True)
    places = maps.indices(values, ends)
    back = places / maps.LAST * 2 * ends.high[0] - ends.high[0]
    assert np.abs(back - values).max() <= ends.high[0] / maps.LAST
    strange = np.array([[[np.nan, np.inf, 0.0]]], np.float32)
    one = maps.Span(np.zeros(1, np.float32), np.ones(1, np.float32), signed=False)
    assert maps.indices(strange, one).tolist() == [[[maps.NONE, maps.NONE, 0]]]


@pytest.mark.parametrize(("signed", "place"), [(True, 127), (False, 0)])
def test_a_map_of_zeros_has_the_colour_of_zero(signed: bool, place: int) -> None:
    zeros = np.zeros((2, 3, 3), np.float32)
    ends = maps.span(zeros[:, 0, 0], zeros[:, 0, 0], "layer", signed=signed)
    assert (maps.indices(zeros, ends) == place).all()


@pytest.mark.parametrize("shape", [(5, 3, 4), (1, 28, 28), (512, 7, 7), (300, 1, 1), (7, 9, 1)])
def test_a_mosaic_holds_every_channel_as_it_is(shape: tuple[int, int, int]) -> None:
    values = normal(*shape)
    ends = maps.span(values.min((1, 2)), values.max((1, 2)), "channel", signed=False)
    mosaic = maps.mosaic(values, ends)
    assert mosaic.tile == shape[1:]
    assert not mosaic.shrunk
    pixels, colours = decoded(mosaic.png), maps.colours(signed=False)
    height, width = shape[1:]
    for channel in {0, shape[0] // 2, shape[0] - 1}:
        row, column = divmod(channel, mosaic.columns)
        tile = pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert np.array_equal(tile[..., :3], colours[maps.indices(values, ends)[channel]])


def test_large_maps_are_averaged_to_a_bounded_picture() -> None:
    values = normal(64, 224, 224)
    expected = torch.nn.functional.avg_pool2d(torch.from_numpy(values), 4).numpy()
    assert np.allclose(maps.shrunk(values, 56), expected, atol=1e-6)
    assert maps.shrunk(values, 224) is values
    odd = maps.shrunk(values[:1, :5, :5], 2)  # blocks of 3 and, at the end, of 2
    assert odd[0, 1, 1] == pytest.approx(values[0, 3:5, 3:5].mean())
    ends = maps.span(values.min((1, 2)), values.max((1, 2)), "layer", signed=True)
    mosaic = maps.mosaic(values, ends)
    assert mosaic.shrunk
    assert max(mosaic.tile) <= maps.MOST_SIDE
    for channels in (1, 64, 4096, 30_000):
        assert channels * maps.side_for(channels) ** 2 <= maps.MOST_PIXELS


def test_thumbnails_and_kernel_sheets_are_small_and_see_through_between() -> None:
    drawn = decoded(maps.thumbnail(normal(10, 32, 32), -3, 3))
    assert max(drawn.shape[:2]) <= 72
    assert (drawn[..., 3] == 0).any()
    assert decoded(maps.thumbnail(normal(1, 1, 1), 0, 3)).shape[:2] == (72, 72)
    png, size = maps.sheet(normal(6, 5, 5), 3.0)
    sheet = decoded(png)
    assert sheet.shape[:2] == size
    assert (sheet[5, :, 3] == 0).all()  # the gap below the first row


def test_a_picture_grows_by_whole_pixels_and_shrinks() -> None:
    grey = RNG.integers(0, 256, (1, 28, 28), np.uint8)
    grown = decoded(maps.photograph(grey, 56))
    assert np.array_equal(grown[::2, ::2, 0], grey[0])
    colour = RNG.integers(0, 256, (3, 100, 200), np.uint8)
    assert decoded(maps.photograph(colour, 50)).shape[:2] == (25, 50)
    assert np.array_equal(decoded(maps.photograph(colour))[..., :3], colour.transpose(1, 2, 0))
