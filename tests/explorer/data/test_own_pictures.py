"""A visitor's own pictures: read, made one size, kept; and archives that mean harm."""

import io
import os
import random
import shutil
import socket
import stat
import struct
import subprocess
import sys
import time
import tracemalloc
import warnings
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import psutil
import pytest
import torch
from PIL import Image, PngImagePlugin

from explorer.base import server_memory, storage
from explorer.base.access import RunLimits, Visitor
from explorer.base.tasks import Garbled, Output, Progress, Refused
from explorer.base.torchvision_import import torchvision
from explorer.data import datasets
from explorer.data.datasets import own, writing
from explorer.data.datasets.records import Damaged
from explorer.data.decoding import archives, folders, pictures, pools, resizing
from explorer.server.serve import cluster

RED, BLUE = (200, 30, 40), (20, 60, 220)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for everything that the program keeps."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path / "home"))
    return tmp_path


def png(
    color: tuple[int, ...] | int = RED, size: tuple[int, int] = (20, 16), mode: str = "RGB"
) -> bytes:
    """A picture of one colour."""
    written = io.BytesIO()
    Image.new(mode, size, color).save(written, "PNG")
    return written.getvalue()


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """An archive of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of one name twice
        for name, content in files.items():
            archive.writestr(name, content)
    written.seek(0)
    return written


def cats_and_dogs(number: int = 5, top: str = "") -> dict[str, bytes]:
    """Red cats and blue dogs, no two alike."""
    files = {f"{top}cats/{n}.png": png((200, 30, n)) for n in range(number)}
    return files | {f"{top}dogs/{n}.png": png((20, n, 220)) for n in range(number)}


def keep(
    source: Path | IO[bytes], title: str = "", progress: Progress = lambda _done, _total: None
) -> str:
    """As `datasets.keep` does it, but in this process: it has no start, and limits can be set."""
    if isinstance(source, Path):
        output = archives.decode(b"", progress, path=str(source))
        return own.store(title or source.stem, output)
    source.seek(0)
    return own.store(title, archives.decode(source.read(), progress))


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    """The same as a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# -- reading and keeping ----------------------------------------------------------------------


def test_a_zip_and_a_folder_give_the_same_pictures_under_the_same_name(tmp_path: Path) -> None:
    folder = unpacked(cats_and_dogs(), tmp_path / "Cats & Dogs")
    name = datasets.keep(folder)
    assert name == datasets.keep(zipped(cats_and_dogs(top="some/where/")), "cats (DOGS)")
    assert name.startswith("images/cats-dogs-")
    assert datasets.names()[-1] == name
    facts, data = datasets.get(name), datasets.load(name)
    assert facts.classes == data.classes == ("cats", "dogs")
    assert facts.shape == data.shape == (3, 16, 16)
    assert (facts.train_count, facts.test_count) == (len(data.train), len(data.test)) == (8, 2)
    for split in (data.train, data.test):
        for picture, label in zip(split.pictures, split.labels, strict=True):
            assert picture[0].unique().tolist() == [(200, 20)[label]]
    assert sorted(data.test.labels.tolist()) == [0, 1]


def test_load_takes_a_path_and_answers_with_the_kept_name(tmp_path: Path) -> None:
    folder = unpacked(cats_and_dogs(), tmp_path / "pets")
    data = datasets.load("images", path=folder)
    assert data.name.startswith("images/pets-")
    assert datasets.load(data.name) is data
    with pytest.raises(ValueError, match="There is no file or folder"):
        datasets.load("images", path=tmp_path / "nowhere")


def test_what_is_neither_file_nor_folder_is_refused_unopened(tmp_path: Path) -> None:
    """A device has no end; a pipe would be waited for as long as nobody writes to it."""
    os.mkfifo(tmp_path / "pipe.zip")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path, kind in (
            (Path("/dev/zero"), "a device"),
            (tmp_path / "pipe.zip", "a pipe"),
            (tmp_path / "socket", "a socket"),
        ):
            with pytest.raises(ValueError, match=f"{path} is {kind}, not a zip or a folder"):
                datasets.keep(path)
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(ValueError, match="cannot be looked at: Too many levels"):
        datasets.keep(tmp_path / "round")


def test_other_files_are_left_out_and_counted(tmp_path: Path) -> None:
    files = cats_and_dogs() | {
        "notes.txt": b"hello",
        "loose.png": png(),
        "cats/list.csv": b"1",
        "__MACOSX/cats/._1.png": b"junk",
        "cats/.DS_Store": b"junk",
        ".hidden/1.png": b"junk",
    }
    with folders.opened(zipped(files)) as given:
        assert {name: len(own) for name, own in given.classes.items()} == {"cats": 5, "dogs": 5}
        assert given.left_out == 3
    with folders.opened(unpacked(files, tmp_path / "pets")) as given:
        assert given.left_out == 3


def test_pictures_become_one_size_as_torchvision_would_make_them() -> None:
    rng = np.random.default_rng(0)
    files = {}
    for number, size in enumerate([(40, 60), (64, 48), (200, 50), (48, 48)]):
        smooth = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize(size, 3)
        written = io.BytesIO()
        smooth.save(written, "PNG")
        files[f"{'ab'[number % 2]}/{number}.png"] = written.getvalue()
    with folders.opened(zipped(files)) as given:
        pixels, labels = resizing.one_size(given)
    assert labels == [0, 0, 1, 1]
    assert pixels.shape == (4, 3, 48, 48)  # the usual shorter side
    functional = torchvision.transforms.functional
    for row, name in enumerate(["a/0.png", "a/2.png", "b/1.png", "b/3.png"]):
        picture = functional.pil_to_tensor(Image.open(io.BytesIO(files[name])))
        resized = functional.resize(picture, [48], antialias=True)
        expected = functional.center_crop(resized, [48, 48])
        close = np.abs(expected.numpy().astype(int) - pixels[row]).mean()
        assert close < 4, name  # another filter (Lanczos), the same place


def test_grey_pictures_stay_one_channel_and_a_colour_makes_all_three() -> None:
    grey = {f"{c}/{n}.png": png(40 * n, mode="L") for c in "ab" for n in range(3)}
    assert datasets.get(keep(zipped(grey))).shape == (1, 16, 16)
    mixed = grey | {"a/9.png": png()}
    assert datasets.get(keep(zipped(mixed))).shape == (3, 16, 16)


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("RGB", (9, 8, 7), (9, 8, 7)),
        ("L", 90, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 257 * 77, (77, 77, 77)),
        ("RGBA", (9, 8, 7, 255), (9, 8, 7)),
        ("RGBA", (9, 8, 7, 0), (255, 255, 255)),  # see-through: paper
        ("LA", (50, 255), (50, 50, 50)),
    ],
)
def test_every_kind_of_png_keeps_its_colours(
    mode: str, color: int | tuple[int, ...], expected: tuple[int, ...]
) -> None:
    files = {"a/0.png": png(color, mode=mode), "a/1.png": png(), "b/0.png": png(), "b/1.png": png()}
    with folders.opened(zipped(files)) as given:
        pixels, _labels = resizing.one_size(given)
    assert tuple(pixels[0, :, 8, 8].tolist()) == expected


def test_a_telephones_turned_photograph_stands_upright() -> None:
    wide = Image.new("RGB", (32, 32), "white")
    wide.paste((0, 0, 0), (0, 0, 16, 32))  # the left half is black
    turned = Image.Exif()
    turned[0x0112] = 6  # "turn me by 90° clockwise": then the top is black
    written = io.BytesIO()
    wide.save(written, "JPEG", exif=turned, quality=95)
    files = {f"{c}/{n}.jpg": written.getvalue() for c in "ab" for n in range(2)}
    with folders.opened(zipped(files)) as given:
        pixels, _labels = resizing.one_size(given)
    assert pixels[0, 0, :12].max() < 40
    assert pixels[0, 0, 20:].min() > 200


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture as a file."""
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def camera_notes(*, damaged: bool = False) -> bytes:
    """Of a camera that was turned."""
    notes = Image.Exif()
    notes[0x0112], notes[0x011A] = 6, 72.0
    told = notes.tobytes()
    return told.replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x02") if damaged else told  # "text"


SHADES = np.linspace(0, 65_535, 256).round().reshape(16, 16)
GREYS = Image.fromarray((SHADES / 257).astype(np.uint8))
COLOURS = Image.merge("RGB", [GREYS, GREYS.transpose(Image.Transpose.ROTATE_90), GREYS])
KINDS = {
    "16 bits": saved(Image.fromarray(SHADES.astype(np.uint16))),
    "dark 16 bits": saved(Image.fromarray(np.full((16, 16), 400, np.uint16))),
    "grey": saved(GREYS),
    "black and white": saved(GREYS.convert("1")),
    "grey behind glass": saved(Image.merge("LA", [GREYS, GREYS])),
    "colours behind glass": saved(Image.merge("RGBA", [*COLOURS.split(), GREYS])),
    "palette": saved(COLOURS.quantize(16)),
    "palette with a hole": saved(COLOURS.quantize(16), transparency=3),
    "a colour that is a hole": saved(COLOURS, transparency=(0, 0, 0)),
    "ink": saved(COLOURS.convert("CMYK"), "JPEG", quality=95),
    "turned": saved(COLOURS, "JPEG", quality=95, exif=camera_notes()),
    "with damaged notes": saved(COLOURS, "JPEG", quality=95, exif=camera_notes(damaged=True)),
}


@pytest.mark.parametrize("content", KINDS.values(), ids=KINDS)
def test_a_picture_alone_and_one_of_many_are_the_same(content: bytes) -> None:
    (alone,) = pictures.decode(content, lambda _done, _total: None, side=16).arrays
    files = {f"{c}/{n}.png": content for c in "ab" for n in "12"} | {"a/3.png": saved(COLOURS)}
    with folders.opened(zipped(files)) as given:
        many, _labels = resizing.one_size(given)
    alone = alone[..., None] if alone.ndim == 2 else alone
    np.testing.assert_array_equal(many[0], np.broadcast_to(alone, (16, 16, 3)).transpose(2, 0, 1))


def test_large_sets_are_made_smaller_to_fit_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resizing, "MOST_BYTES", 10 * 3 * 12 * 12)
    assert datasets.get(keep(zipped(cats_and_dogs()))).shape == (3, 12, 12)


def test_keeping_can_be_watched_and_stopped(home: Path) -> None:
    told: list[tuple[int, int]] = []
    keep(zipped(cats_and_dogs()), "a", lambda done, total: told.append((done, total)))
    assert told == [(n, 20) for n in range(1, 21)]

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(zipped(cats_and_dogs(6)), "b", stop)
    assert [path.stem[:2] for path in own.folder().iterdir()] == ["a-"]


def test_a_kept_set_can_be_deleted_and_damage_is_noticed() -> None:
    name = keep(zipped(cats_and_dogs()), "pets")
    path = datasets.where(name)
    assert path is not None
    whole = path.read_bytes()
    for broken in (whole[:-30], whole[:100], b""):
        path.write_bytes(broken)
        with pytest.raises(Damaged, match="give the pictures again"):
            datasets.load(name)
    datasets.delete(name)
    assert name not in datasets.names()
    with pytest.raises(ValueError, match="no data set called"):
        datasets.load(name)
    datasets.delete(name)  # twice is no harm
    datasets.delete("images/../../etc")


def test_a_full_store_and_an_unwritable_folder_are_sentences(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(zipped(cats_and_dogs()))
    monkeypatch.setattr(own, "MOST_STORED", 20_000)
    with pytest.raises(Refused, match="Delete a set"):
        keep(zipped(cats_and_dogs(20)))
    monkeypatch.setenv(storage.VARIABLE, str(home / "taken"))
    (home / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(Refused, match="cannot be stored in"):
        keep(zipped(cats_and_dogs()))


ANNA, BERT = Visitor("a" * 64, teacher=False), Visitor("b" * 64, teacher=False)


def set_of(shade: int) -> Output:
    """Two classes of 1000 numbers each, a few bytes as a zip."""
    pixels = np.full((2, 1, 25, 40), shade, np.uint8)
    return Output({"classes": ["cat", "dog"]}, (pixels, np.array([0, 1])))


def test_each_visitor_has_a_share_and_the_teacher_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MOST_EACH", 4_500)  # one with its card, and half of another
    annas = own.store("pets", set_of(1), ANNA)
    with pytest.raises(Refused, match=r"take 2\.00 kB, and yours .* at most 4\.50 kB .* visitor"):
        own.store("pets", set_of(2), ANNA)
    own.store("pets", set_of(3), BERT)
    own.store("pets", set_of(4))
    own.store("pets", set_of(5), Visitor(ANNA.owner))  # as the teacher
    assert own.store("pets", set_of(1), ANNA) == annas  # it is there already
    for name in own.names():
        own.delete(name)
    own.store("pets", set_of(2), ANNA)


def test_the_disk_keeps_free_what_it_has_to_by_what_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not by the zip, which may be a hundred times smaller."""
    disk = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: disk._replace(free=11_000))
    who = replace(ANNA, limits=RunLimits(free_bytes=10_000))
    with pytest.raises(Refused, match=r"has 11\.0 kB left, .* 2\.00 kB; 10\.0 kB are to stay"):
        own.store("pets", set_of(1), who)
    own.store("pets", set_of(1), replace(ANNA, limits=RunLimits(free_bytes=9_000)))


def test_another_process_that_stores_is_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would find room for one."""
    monkeypatch.setattr(own, "_PATIENCE", 0.1)
    own.store("pets", set_of(1))
    holding = (
        "import sqlite3, sys; lock = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "lock.execute('BEGIN EXCLUSIVE'); print(flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", holding, str(storage.data_folder() / "images.lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline()
        with pytest.raises(Refused, match=r"cannot be stored in .* locked"):
            own.store("pets", set_of(2))
        other.kill()
    own.store("pets", set_of(2))


def test_a_set_deleted_while_it_is_looked_at_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    name = own.store("pets", set_of(1), ANNA)
    path = own.locate(name)
    assert path
    own.delete(name)
    monkeypatch.setattr(own, "locate", lambda _name: path)  # as it was a moment ago
    assert own.owner(name) == ""
    with pytest.raises(Damaged, match="give the pictures again"):
        own.facts(name, path)


@pytest.mark.parametrize("card", ["[]", "{}", '{"shape": [1], "classes": ["a"], "counts": [1, 1]}'])
def test_a_card_that_says_too_little_is_damage(card: str) -> None:
    name = own.store("pets", set_of(1), ANNA)
    path = own.locate(name)
    assert path
    np.savez(path, card=card, pictures=np.zeros(1), labels=np.zeros(1))
    with pytest.raises(Damaged, match="give the pictures again"):
        own.facts(name, path)
    assert own.owner(name) == ""


# -- what is not taken ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "one folder of PNG or JPEG pictures for each class"),
        ({"a.png": png(), "b.png": png()}, "no folder of such pictures is there"),
        ({"a/1.png": png(), "a/2.png": png()}, "only one is there, “a”"),
        ({f"a\u202eb/{n}.png": png() for n in "12"}, r"only one is there, “a\\u202eb”"),
        ({"a/1.gif": b"", "b/1.webp": b""}, "no folder of such pictures is there"),
        ({"a/1.png": png(), "a/2.png": png(), "b/1.png": png()}, "“b” has one picture"),
        (
            {f"{s}/{c}/{n}.png": png() for s in ("train", "val") for c in "ab" for n in "12"},
            "called train, val",
        ),
        (cats_and_dogs() | {"cats/9.png": b"no picture"}, "1 of 11 .*: cats/9.png"),
        (cats_and_dogs() | {"cats/9.png": png()[:60]}, "cats/9.png"),
        (cats_and_dogs() | {f"cats/x{n}.jpg": b"" for n in range(5)}, r"cats/x2.jpg …"),
        ({f"{n}/{m}.png": b"" for n in range(101) for m in "12"}, "101 classes"),
        ({f"{'x' * 61}/{n}.png": b"" for n in "12"} | cats_and_dogs(), "no name fit"),
        ({f"<b>/{n}.png": b"" for n in "12"} | cats_and_dogs(), "no name fit"),
        ({f"a\u202eb/{n}.png": b"" for n in "12"} | cats_and_dogs(), "no name fit"),
    ],
)
def test_what_is_not_one_folder_per_class_is_answered_by_a_sentence(
    files: dict[str, bytes], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        keep(zipped(files))
    assert own.names() == ()


@pytest.mark.parametrize(
    "name", ["../cats/1.png", "/etc/1.png", "cats/../../1.png", "C:/x/1.png", "..\\..\\1.png"]
)
def test_names_that_lead_out_of_the_archive_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="leads out of it"):
        keep(zipped(cats_and_dogs() | {name: png()}))


def test_links_within_an_archive_are_refused() -> None:
    written = zipped(cats_and_dogs())
    with zipfile.ZipFile(written, "a") as archive:
        link = zipfile.ZipInfo("cats/passwd.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Refused, match="leads out of it"):
        keep(written)


def test_locked_and_oddly_packed_archives_are_refused() -> None:
    for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(Refused, match="unusual way"):
            keep(zipped(cats_and_dogs(), kind))
    locked = bytearray(zipped(cats_and_dogs()).getvalue())
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = locked.find(sign)
        while at >= 0:
            locked[at + place] |= 1
            at = locked.find(sign, at + 1)
    with pytest.raises(Refused, match="password"):
        keep(io.BytesIO(locked))


def bomb(side: int) -> bytes:
    """A PNG of side × side black cells in a few kilobytes."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * ((side + 7) // 8 + 1) * side, 9)

    def chunk(kind: bytes, content: bytes) -> bytes:
        sum_ = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + sum_

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [6_400, 30_000])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_inflates_is_refused_before_it_does(side: int) -> None:
    with pytest.raises(Refused, match=r"over 40 million pixels: cats/9.png"):
        keep(zipped(cats_and_dogs() | {"cats/9.png": bomb(side)}))


def test_a_text_chunk_that_inflates_is_refused() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("a", "x" * 80_000_000, zip=True)
    written = io.BytesIO()
    Image.new("RGB", (16, 16)).save(written, "PNG", pnginfo=notes)
    assert len(written.getvalue()) < 100_000
    with pytest.raises(Refused, match=r"cats/9.png"):
        keep(zipped(cats_and_dogs() | {"cats/9.png": written.getvalue()}))


def test_a_file_that_inflates_is_refused_by_what_it_claims() -> None:
    zeros = zipped(cats_and_dogs() | {"cats/9.png": bytes(31_000_000)})
    assert len(zeros.getvalue()) < 100_000
    with pytest.raises(Refused, match=r"cats/9.png has 31.0 MB unpacked"):
        keep(zeros)


def test_a_file_that_claims_less_than_it_is_gives_no_more() -> None:
    lying = bytearray(zipped(cats_and_dogs() | {"cats/9.png": bytes(31_000_000)}).getvalue())
    true = struct.pack("<I", 31_000_000)
    while (at := lying.find(true)) >= 0:
        lying[at : at + 4] = struct.pack("<I", 1_000)
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=r"damaged at “cats/9.png”"):
            keep(io.BytesIO(lying))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000  # nor does it inflate on the way
    finally:
        tracemalloc.stop()


def test_pixels_that_no_bytes_are_there_for_are_refused() -> None:
    """2 kB of zip took 25 s of a core: each picture is small, and black, and packed once more."""
    packed = zipped({f"{c}/{n}.png": bomb(6_000) for c in "ab" for n in range(2)})
    assert len(packed.getvalue()) < 2_000
    with pytest.raises(Refused, match=r"have 144 M pixels in all, but only .* B together"):
        keep(packed)


def test_files_that_are_the_same_bytes_are_refused() -> None:
    """Every entry of the list leads to the same content, so that it is read many times."""
    noise = random.Random(0).randbytes(4_000)  # noqa: S311 (no secret)
    whole = zipped({f"{c}/1.png": noise for c in "ab"}, zipfile.ZIP_STORED).getvalue()
    lies = bytearray(whole)
    true = struct.pack("<II", 4_000, 4_000)
    at = lies.find(true, lies.find(b"PK\x01\x02"))
    lies[at : at + 8] = struct.pack("<II", 9_000, 9_000)
    with pytest.raises(Refused, match="its files claim more"):
        keep(io.BytesIO(lies))


def test_an_archive_in_an_archive_is_named_and_not_opened() -> None:
    inner = zipped(cats_and_dogs()).getvalue()
    with pytest.raises(Refused, match=r"in another archive, pets.zip, which is not opened"):
        keep(zipped({"pets.zip": inner}))
    assert keep(zipped(cats_and_dogs() | {"more.zip": inner}))  # beside pictures it is left out


def test_a_picture_with_too_many_scans_is_named() -> None:
    written = io.BytesIO()
    Image.new("RGB", (64, 64)).save(written, "JPEG", progressive=True)
    raw = written.getvalue()
    last, end = raw.rfind(b"\xff\xda"), raw.rfind(b"\xff\xd9")
    scans = raw[:end] + raw[last:end] * 100 + raw[end:]
    with pytest.raises(Refused, match=r"1 of 11 pictures .* packed as no program .*: cats/9.jpg"):
        keep(zipped(cats_and_dogs() | {"cats/9.jpg": scans}))


def test_a_small_archive_has_little_time() -> None:
    assert pools.archive_limits(3_000).cpu_seconds < 31
    assert pools.archive_limits(100_000_000).cpu_seconds == pytest.approx(630)
    assert pools.archive_limits(10**12) == pools.ARCHIVE


GB = 10**9


@pytest.mark.parametrize("memory", [2 * GB, 4 * GB, 8 * GB, 24 * GB, 64 * GB, 512 * GB])
def test_all_that_is_read_at_once_fits_into_half_of_the_memory(memory: int) -> None:
    """However many cores: sixteen with 18.8 GB of limits stood on a machine of 16."""
    for limits, wanted in ((pools.PICTURE, 16), (pools.ARCHIVE, 4)):
        each = limits.memory_bytes + limits.output_bytes
        found = pools.places(limits, wanted, memory)
        assert found == 1 or found * each <= memory / 4
        assert found == wanted or (found + 1) * each > memory / 4
    assert pools.waiting_bytes(GB, memory) <= memory / 16


def test_servers_share_the_machines_memory(tmp_path: Path) -> None:
    bound = tmp_path / "memory.max"
    whole = server_memory.share({}, bound)
    assert whole == psutil.virtual_memory().total
    together = cluster._shared_environment(4)
    assert server_memory.share(together, bound) == whole // 4
    for text, least in (("max\n", whole), ("1000\n", 1_000), (f"{10**18}\n", whole)):
        bound.write_text(text, encoding="ascii")
        assert server_memory.share({}, bound) == least


def test_stopped_in_its_process_nothing_is_kept(home: Path) -> None:
    """In the middle of a picture, too."""
    slow = dict.fromkeys([f"{c}/{n}.png" for c in "ab" for n in range(2)], noisy())
    archive = zipped(slow, zipfile.ZIP_STORED)
    task = own.start_keeping(archive, "slow")
    while not task.done:
        assert not task.finished
        time.sleep(0.01)
    task.stop()
    assert task.wait(60)
    assert task.stopped
    assert own.names() == ()
    assert not list(home.rglob("*.part"))


def noisy() -> bytes:
    """A picture that takes a second to read."""
    written = io.BytesIO()
    Image.effect_noise((1_024, 1_024), 90).resize((4_000, 4_000)).save(
        written, "PNG", compress_level=1
    )
    return written.getvalue()


def test_what_the_process_gives_is_checked() -> None:
    pixels, labels = np.zeros((2, 1, 8, 8), np.uint8), np.array([0, 1])
    right = {"classes": ["a", "b"]}
    assert own.store("x", Output(right, (pixels, labels)))
    for facts, arrays in (
        (right, ()),
        (right, (pixels, labels, labels)),
        (right, (pixels[0], labels)),
        (right, (pixels.astype(np.int64), labels)),
        (right, (pixels, labels[:1])),
        (right, (pixels, labels + 1)),
        (right, (pixels, labels - 1)),
        ({"classes": ["a", 2]}, (pixels, labels)),
        ({}, (pixels, labels)),
    ):
        with pytest.raises(Garbled):
            own.store("x", Output(facts, arrays))


def test_what_a_killed_server_left_half_written_is_swept(home: Path) -> None:
    """At once: it is known to be nobody's."""
    own.folder().mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", ""]) as killed:
        killed.wait()
    (own.folder() / f"{killed.pid}-abc.part").write_bytes(b"half")
    with writing.replacing(own.folder() / "going.npz") as going:
        (mine,) = own.folder().glob("*.part")
        assert mine.name.startswith(f"{os.getpid()}-")
        keep(zipped(cats_and_dogs()))
        going.write(b"mine is not swept")
    assert (own.folder() / "going.npz").read_bytes() == b"mine is not swept"


def test_many_files_and_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_PICTURES", 9)
    with pytest.raises(Refused, match="There are 10 pictures; at most 9"):
        keep(zipped(cats_and_dogs()))
    monkeypatch.undo()
    monkeypatch.setattr(folders, "MOST_TOTAL", 500)
    with pytest.raises(Refused, match="at most 500 B are taken"):
        keep(zipped(cats_and_dogs()))
    monkeypatch.undo()
    monkeypatch.setattr(resizing, "MOST_PIXELS_IN_ALL", 3_000)
    with pytest.raises(Refused, match=r"3.20 k pixels in all"):
        keep(zipped(cats_and_dogs()))


def test_a_long_list_is_refused_before_it_is_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 6, 0, 0, 0, 1, *[0] * 4, 0, 0) + b"a"
    many = folders.MOST_ENTRIES + 1
    listed = entry * many
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), 0, 0)  # "one entry"
    for source in (io.BytesIO(listed + end), tmp_path / "many.zip"):
        if isinstance(source, Path):
            source.write_bytes(listed + end)
        with pytest.raises(Refused, match=r"The archive lists 40.0 k files"):
            keep(source)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_damaged_archive_does_more_than_be_refused() -> None:
    whole = zipped(cats_and_dogs(2)).getvalue()
    chance = random.Random(0)  # noqa: S311 (no secret)
    said = []
    for _turn in range(400):
        broken = bytearray(whole)
        for _change in range(chance.choice([1, 2, 8])):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        if chance.random() < 0.3:
            del broken[chance.randrange(len(broken)) :]
        try:
            keep(io.BytesIO(broken))
        except Refused as error:
            said.append(str(error))
    assert len(said) > 300
    assert all(said)


def test_what_is_kept_is_a_plain_file_of_numbers() -> None:
    name = keep(zipped(cats_and_dogs()))
    path = datasets.where(name)
    assert path is not None
    with np.load(path, allow_pickle=False) as kept:
        assert torch.from_numpy(kept["pictures"]).shape == (10, 3, 16, 16)
