"""Files that mean harm, read as a visitor's or a colleague's would be: each gets a sentence,
nothing in them is run, and they take little memory, which the system measures and bounds.
"""

import io
import json
import pickle
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from explorer.base.tasks import Client, Ending, Work
from explorer.data import pictures
from explorer.data.decoding import markers, pools
from explorer.training import checkpoints
from tests import measured
from tests.explorer.data.own_pictures import chunk, claiming, saved
from tests.explorer.training.test_checkpoints import CARD, weights
from tests.measured import Outcome

MEGABYTE = 1_000_000
LITTLE = 64 * MEGABYTE  # what any refusal may take, and a picture that is really small
FOR_A_MOMENT = 600 * MEGABYTE  # the largest pictures that are taken, unpacked
SECONDS = 10.0  # of the processor; these files could take hours
SIDE = 6_320  # a square of 40 million pixels, just taken

pytestmark = pytest.mark.skipif(not measured.POSSIBLE, reason="Linux says what a process takes")


# -- makers -----------------------------------------------------------------------------------


def plain(
    mode: str = "RGB", size: tuple[int, int] = (30, 20), colour: Any = (250, 10, 20)
) -> Image.Image:
    return Image.new(mode, size, colour)


def noise() -> Image.Image:
    return Image.effect_noise((64, 64), 90)


def zeros(count: int) -> bytes:
    """What zlib makes of so many zeros, put together in no time."""
    step = 1 << 20
    packed = zlib.compressobj(9)
    first = packed.compress(bytes(step)) + packed.flush(zlib.Z_FULL_FLUSH)
    further = packed.compress(bytes(step)) + packed.flush(zlib.Z_FULL_FLUSH)
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    last = raw.compress(bytes(count % step)) + raw.flush()
    whole = first + further * (count // step - 1) if count >= step else first[:2]
    return whole + last + struct.pack(">I", count % 65521 << 16 | 1)  # its Adler-32


def png(
    width: int, height: int, *, depth: int = 8, kind: int = 2, extra: bytes = b"", holds: int = 0
) -> bytes:
    """A real and black PNG; `kind` 0 is grey, 2 colour; or one that `holds` other bytes."""
    row = (width * (3 if kind == 2 else 1) * depth + 7) // 8 + 1
    packed = zeros(holds or row * height)
    return claiming(width, height, packed, depth=depth, kind=kind, extra=extra)


def noted(name: bytes, head: bytes, count: int = 10**9, times: int = 1) -> bytes:
    """A small PNG with notes that inflate to so many zeros."""
    return png(9, 9, extra=chunk(name, head + zeros(count)) * times)


def jpeg(side: int, mode: str = "L", **options: Any) -> bytes:
    """A real and even JPEG: in its best code every block of 8 × 8 is two bits, both 0."""
    raw = bytearray(saved(plain(mode, (64, 64), 0), "JPEG", optimize=True, **options))
    (frame,) = (at for at in (raw.find(b"\xff\xc0"), raw.find(b"\xff\xc2")) if at > 0)
    raw[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    scan = raw.find(b"\xff\xda")
    (length,) = struct.unpack(">H", raw[scan + 2 : scan + 4])
    blocks = len(mode) * ((side + 7) // 8) ** 2
    return bytes(raw[: scan + 2 + length]) + bytes(blocks // 4 + 8) + b"\xff\xd9"


def repeated(scans: int, side: int = SIDE, **options: Any) -> bytes:
    """A JPEG that sends its last part so many times more: a progressive one 65 bytes for each."""
    raw = saved(plain("L", (side, side), 0), "JPEG", **options)
    last, end = raw.rfind(b"\xff\xda"), raw.rfind(b"\xff\xd9")
    return raw[:end] + raw[last:end] * scans + raw[end:]


progressive = partial(repeated, progressive=True)


def animated(frames: int, side: int) -> bytes:
    """A real animated PNG of black frames, each a few kilobytes."""
    packed, numbers = zeros((side + 1) * side), iter(range(2 * frames))

    def control() -> bytes:
        facts = (next(numbers), side, side, 0, 0, 1, 10, 0, 0)
        return chunk(b"fcTL", struct.pack(">IIIIIHHBB", *facts))

    parts = [chunk(b"acTL", struct.pack(">II", frames, 0)), control(), chunk(b"IDAT", packed)]
    for _frame in range(frames - 1):
        parts += [control(), chunk(b"fdAT", struct.pack(">I", next(numbers)) + packed)]
    return claiming(side, side, b"", extra=b"".join(parts))


def lengthened(content: bytes, size: int) -> Callable[[Path], None]:
    """A file that goes on with nothing up to this size; it takes no room on the disk."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(content)
            file.truncate(size)

    return write


class Trap:
    """Whoever unpickles it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def torch_file(content: object) -> bytes:
    written = io.BytesIO()
    torch.save(content, written)
    return written.getvalue()


def packed(content: bytes) -> bytes:
    """The same zip with its parts packed; those of torch's own are not."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as parts,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for part in parts.infolist():
            archive.writestr(part.filename, parts.read(part))
    return written.getvalue()


@cache
def lenet() -> tuple[dict[str, Any], bytes]:
    """The header and the numbers of a good checkpoint."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "good"
        checkpoints.save(path, weights(), CARD)
        content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def checkpoint(tensors: Mapping[str, Any], content: bytes = b"", **card: Any) -> bytes:
    """One of LeNet with these besides; `card` says what else than usual is on its card."""
    header, numbers = lenet()
    facts = json.loads(header["__metadata__"]["card"]) | card
    metadata = {"card": json.dumps(facts)}
    whole = json.dumps({**header, **tensors, "__metadata__": metadata}).encode()
    return written_as(whole) + numbers + content


def claim(shape: Sequence[int], size: int = 0, back: int = 0) -> dict[str, Any]:
    """A tensor that begins `back` bytes before the end of the others."""
    start = len(lenet()[1]) - back
    return {"extra": {"dtype": "F32", "shape": shape, "data_offsets": [start, start + size]}}


def written_as(header: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header


def saved_with(**changed: Tensor) -> Callable[[Path], None]:
    """A checkpoint of LeNet, saved as all are, with some weights changed."""
    others = {f"network.{name.replace('_', '.')}": tensor for name, tensor in changed.items()}

    def write(path: Path) -> None:
        checkpoints.save(path, weights() | others, CARD)

    return write


def too_long(path: Path) -> None:
    """A checkpoint with 200 MB that no training of its network has."""
    more = 200 * MEGABYTE
    content = checkpoint(claim([more // 4], more))
    lengthened(content, len(content) + more)(path)


def long_header(path: Path) -> None:
    with path.open("wb") as file:
        file.write(written_as(b'{"a":"', 99 * MEGABYTE + 8))
        for _megabyte in range(99):
            file.write(b"x" * MEGABYTE)
        file.write(b'"}')


class Endless:
    """A pickle that asks for more bytes than there are."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (bytearray, (10**15,))


# -- files ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """How it is made, who may read it, their message (none, if they take it), what they take."""

    make: Callable[[Path], bytes | None]
    readers: tuple[str, ...]
    message: str
    most: int = LITTLE


def picture(make: Callable[[], bytes], message: str = "", most: int = LITTLE) -> File:
    return File(lambda _path: make(), ("picture",), message, most)


CLAIM = "larger than its content can be"
UNREAD = "cannot be read as a PNG or JPEG picture"
PIXELS = "at most 40 million"
PICTURES = {
    "30000x30000 in 111 kB": picture(lambda: png(30_000, 30_000, depth=1, kind=0), PIXELS),
    "30000x30000 in colour": picture(lambda: png(30_000, 30_000), PIXELS),
    "JPEG of 30000x30000": picture(lambda: jpeg(30_000), PIXELS),
    "holds 1 GB more than it says": picture(lambda: png(100, 100, holds=10**9)),
    "packed text": picture(lambda: noted(b"zTXt", b"a\0\0"), UNREAD),
    "packed international text": picture(lambda: noted(b"iTXt", b"a\0\1\0\0\0"), UNREAD),
    "packed colour profile": picture(lambda: noted(b"iCCP", b"a\0\0"), UNREAD),
    "many packed texts": picture(lambda: noted(b"zTXt", b"a\0\0", 900_000, 1_000), UNREAD),
    "1000 frames of 4 MB": picture(lambda: animated(1_000, 2_000)),
    "20000x1": picture(lambda: png(20_000, 1), "1 × 20000 pixels; each side needs"),
    "1x1": picture(lambda: png(1, 1), "1 × 1 pixels; each side needs"),
    "200x8": picture(lambda: png(200, 8), "8 × 200 pixels: one side is more than 16 times"),
    "30x400": picture(lambda: png(30, 400)),
    "49 million pixels, which Pillow takes": picture(
        lambda: claiming(7_000, 7_000, zlib.compress(b"")), PIXELS
    ),
    "20 million bytes": picture(lambda: bytes(2 * 10**7), "has 20.0 MB; at most 10.0 MB are taken"),
    "nothing": picture(lambda: b"", UNREAD),
    "a beginning of a PNG": picture(lambda: b"\x89PNG\r\n\x1a\n", UNREAD),
    "a beginning of a JPEG": picture(lambda: b"\xff\xd8\xff\xe0" + b"\xff" * 50, UNREAD),
    "a PNG without its end": picture(lambda: saved(plain())[:-40], UNREAD),
    "a JPEG without its end": picture(lambda: saved(noise(), "JPEG")[:900], UNREAD),
    "too few bytes": picture(lambda: claiming(20, 20, zlib.compress(bytes(7))), UNREAD),
    "3 bits": picture(lambda: claiming(20, 20, zlib.compress(b""), depth=3), UNREAD),
    "cut in half": picture(lambda: png(2_000, 2_000)[:6_000], CLAIM),
    "3500 scans": picture(lambda: progressive(3_500), "in more than 64 scans"),
    "3500 scans hidden behind an end": picture(
        lambda: progressive(3_500).replace(b"\xff\xda", b"\xff\xff\xff\xda"),
        "in more than 64 scans",
    ),
    "2 scans of one part": picture(lambda: repeated(1, 304), "in more than 1 scan;"),
    "5000 comments": picture(
        lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 5_000 + saved(plain(), "JPEG")[2:],
        "over 4.00 k parts",
    ),
    "packed arithmetically": picture(
        lambda: saved(plain(), "JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1), "few programs read"
    ),
    "100000 chunks": picture(
        lambda: png(9, 9, extra=chunk(b"tEXt", b"a\0b") * 100_000), "cut into 100 k parts"
    ),
    "30 million pixels in nothing": picture(lambda: png(5_000, 6_000, holds=100), CLAIM),
    "SVG": picture(lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", UNREAD),
    "HTML": picture(lambda: b"<!doctype html><script>alert(1)</script>", UNREAD),
    "GIF": picture(lambda: saved(plain(), "GIF"), UNREAD),
    "TIFF": picture(lambda: saved(plain(), "TIFF"), UNREAD),
    "CMYK": picture(lambda: jpeg(SIDE, "CMYK")),
    "progressive": picture(lambda: jpeg(SIDE, "RGB", progressive=True), most=FOR_A_MOMENT),
    "16 bits": picture(lambda: png(SIDE, SIDE, depth=16, kind=0), most=FOR_A_MOMENT),
    "transparent": picture(
        lambda: png(SIDE, SIDE, extra=chunk(b"tRNS", bytes(6))), most=FOR_A_MOMENT
    ),
}

OURS = ("card", "checkpoint", "shipped")
WEIGHTS = ("checkpoint", "shipped")  # a card alone may be read
EVERYONE = (*OURS, "published")
DAMAGED = "is not a checkpoint that can be used"
OTHER = f"{DAMAGED}|does not hold the published weights"


def file(
    make: Callable[[], bytes], readers: tuple[str, ...] = OURS, message: str = DAMAGED
) -> File:
    return File(lambda _path: make(), readers, message)


def trap(path: Path) -> Trap:
    return Trap(path.parents[1] / "sprung")


CARDS: dict[str, dict[str, Any]] = {
    "size": {"size": 10**9},
    "size as a list": {"size": [28]},
    "seed": {"seed": "x"},
    "network": {"network": ["lenet"]},
    "options": {"options": [1]},
    "a way to begin": {"recipe": {"initialisation": "evil"}},
    "classes": {"classes": [["a"]]},
    "state": {"state": {"step": {}}},
    "accuracy without end": {"test_accuracy": 10**400},
    "accuracy that is no number": {"first_accuracy": float("nan")},
    "truth for an accuracy": {"test_accuracy": True},
    "long text": {"dataset": "x" * 1_000_000},
}
CHECKPOINTS = {
    "zip bomb": file(lambda: packed(torch_file({"w": torch.zeros(20_000_000)})), EVERYONE, OTHER),
    "pickle of torch": File(lambda path: torch_file({"w": trap(path)}), EVERYONE, OTHER),
    "pickle": File(lambda path: pickle.dumps(trap(path), 2), EVERYONE, OTHER),
    "pickle in text": File(lambda path: pickle.dumps(trap(path), 0), EVERYONE, OTHER),
    "bytes without end": file(lambda: torch_file({"w": Endless()}), ("published",), OTHER),
    "no tensors": file(lambda: torch_file({}), ("published",), OTHER),
    "tensors of others": file(lambda: torch_file({"w": torch.ones(2)}), ("published",), OTHER),
    "header of 2^60 bytes": file(lambda: written_as(b"{}", 2**60)),
    "header of 2^64 bytes": file(lambda: written_as(b"{}", 2**64 - 1)),
    "header of 99 MB": File(long_header, OURS, DAMAGED),
    "nested header": file(lambda: written_as(b'{"x":' * 500_000 + b"1" + b"}" * 500_000)),
    "nested card": file(
        lambda: written_as(
            b'{"__metadata__":{"card":"' + b"[" * 1_000_000 + b"]" * 1_000_000 + b'"}}'
        )
    ),
    "tensor of terabytes": file(lambda: checkpoint(claim([2**40], 2**42))),
    "shape beyond numbers": file(lambda: checkpoint(claim([2**40, 2**40], 4), bytes(4))),
    "shape of nothing": file(lambda: checkpoint(claim([2**63, 0])), WEIGHTS),
    "100000 dimensions": file(lambda: checkpoint(claim([1] * 100_000, 4), bytes(4)), WEIGHTS),
    "50000 tensors": file(
        lambda: checkpoint(dict.fromkeys(map(str, range(50_000)), claim([0])["extra"])), WEIGHTS
    ),
    "offsets that overlap": file(lambda: checkpoint(claim([2], 8, back=4), bytes(4))),
    "cut short": file(lambda: checkpoint({})[:-1000]),
    "cut in its header": file(lambda: checkpoint({})[:99]),
    "nothing": File(lambda path: path.touch(), OURS, DAMAGED),
    "picture": file(lambda: png(9, 9)),
    "no card": file(lambda: written_as(b"{}")),
    "a list": file(lambda: written_as(b"[]")),
    "no json": file(lambda: written_as(b"not json!!")),
    "a byte changed": file(
        lambda: checkpoint({})[:-1] + b"?", WEIGHTS, "not those that were saved"
    ),
    "complex": File(
        saved_with(fc3_bias=torch.zeros(10, dtype=torch.complex64)),
        WEIGHTS,
        r"network\.fc3\.bias is of type torch\.complex64",
    ),
    "200 MB too long": File(too_long, WEIGHTS, "larger than any state of lenet can be .65.0 MB"),
    "other shapes": File(
        saved_with(conv1_weight=torch.ones(6, 3, 5, 5)), WEIGHTS, "conv1.weight is 6 × 3 × 5 × 5"
    ),
    "another network": file(
        lambda: checkpoint({}, network="nin", options={}),
        WEIGHTS,
        "do not fit nin|are those of nin, not of lenet",
    ),
    **{
        str(number): File(
            saved_with(fc1_bias=torch.tensor([0.0] * 119 + [number])),  # one among good ones
            WEIGHTS,
            r"network\.fc1\.bias holds NaN or infinity",
        )
        for number in (float("nan"), float("inf"), -float("inf"))
    },
    **{f"card: {name}": file(partial(checkpoint, {}, **card)) for name, card in CARDS.items()},
}
FILES = PICTURES | CHECKPOINTS
TRIED = {f"{name}, {reader}": each for name, each in FILES.items() for reader in each.readers}


# -- what comes of them -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> dict[str, Outcome]:
    """All are read in one process."""
    readings = {}
    for number, (name, each) in enumerate(FILES.items()):
        path = folder / str(number) / "file.safetensors"
        path.parent.mkdir()
        if (content := each.make(path)) is not None:
            path.write_bytes(content)
        readings |= {f"{name}, {reader}": (reader, path) for reader in each.readers}
    return measured.tried(readings)


@pytest.mark.parametrize("name", TRIED)
def test_a_sentence_and_little_memory(name: str, outcomes: dict[str, Outcome]) -> None:
    file, outcome = TRIED[name], outcomes[name]
    assert outcome.sentence, f"{outcome.error}: {outcome.message}"
    assert re.search(file.message, outcome.message) if file.message else not outcome.message
    assert len(outcome.message) < 1_000
    assert outcome.took < file.most
    assert outcome.seconds < SECONDS


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_what_encoders_write_is_taken(mode: str) -> None:
    """Progressive, in as many scans as libjpeg ever makes; and with a preview in its notes."""
    uneven = noise().convert(mode)
    preview = saved(plain(size=(32, 32)), "JPEG", progressive=True)
    noted = {"exif": b"Exif\0\0" + preview}
    for options in ({"progressive": True}, {"restart_marker_blocks": 1}, noted):
        markers.check(saved(uneven, "JPEG", quality=95, **options))
    written = saved(uneven.convert("RGBA"), "PNG", compress_level=0)
    markers.check(written)
    markers.check_claim(written)


def test_one_visitors_upload_does_not_hold_anothers() -> None:
    """Files that the markers do not give away are ended by their limit; others' come meanwhile."""
    limits = replace(pools.PICTURE, cpu_seconds=1)
    hours = Work("tests.task_functions:decode_unchecked", limits, progressive(20_000))
    hostile = [
        pools.PICTURES.start(hours, lambda output: output, Client("hostile")) for _time in range(3)
    ]
    ordinary = pictures.start_upload(saved(plain()), "a boot", client=Client("ordinary"))
    assert ordinary.result().pixels.shape == (3, 20, 30)
    assert not any(each.finished for each in hostile)
    with pytest.raises(ValueError, match="took longer than 1 s, and was ended"):
        hostile[0].result()
    for each in hostile[1:]:
        each.stop()
        assert each.wait(60)
        assert each.ending is Ending.STOPPED


def test_nothing_was_run(folder: Path, outcomes: dict[str, Outcome]) -> None:
    assert outcomes
    mark = folder / "sprung"
    assert not mark.exists()
    pickle.loads(pickle.dumps(Trap(mark)))  # noqa: S301 (the trap works)
    assert mark.exists()
    mark.unlink()


def test_the_files_are_what_they_are_called() -> None:
    """A small one of each kind can be unpacked, whole, by whoever sets no limits."""
    black = [png(300, 200), png(300, 200, depth=1, kind=0), jpeg(304), jpeg(304, "CMYK")]
    for content in (*black, animated(3, 300)):
        with Image.open(io.BytesIO(content)) as opened:
            opened.load()
            assert opened.size in {(300, 200), (304, 304), (300, 300)}
            assert opened.convert("L").getextrema()[0] == opened.convert("L").getextrema()[1]
    with Image.open(io.BytesIO(animated(3, 300))) as moving:
        assert moving.n_frames == 3  # type: ignore[attr-defined]
        moving.seek(2)
        moving.load()
    assert zlib.decompress(zeros(3_333_333)) == bytes(3_333_333)
    whole = torch.load(io.BytesIO(packed(torch_file({"w": torch.zeros(9)}))), weights_only=True)
    assert whole["w"].shape == (9,)
