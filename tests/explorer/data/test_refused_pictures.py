"""What is not taken as pictures, however it is packed, and how much is read at once."""

import io
import os
import random
import re
import stat
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from explorer.base.tasks import Garbled, Output, Refused
from explorer.data.datasets import own, writing
from explorer.data.decoding import archives, folders, pools
from tests.explorer.data.own_pictures import cats_and_dogs, claiming, keep, png, zipped

pytestmark = pytest.mark.usefixtures("home")


def bomb(side: int) -> bytes:
    """A PNG of side × side black cells in a few kilobytes."""
    black = zlib.compress(b"\0" * ((side + 7) // 8 + 1) * side, 9)
    return claiming(side, side, black, depth=1)


def linked() -> io.BytesIO:
    """With a link to a file of the machine."""
    written = zipped(PETS)
    with zipfile.ZipFile(written, "a") as archive:
        link = zipfile.ZipInfo("cats/passwd.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return written


def locked() -> io.BytesIO:
    """Each entry says that a password is asked for."""
    content = bytearray(zipped(PETS).getvalue())
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(sign, bytes(content)):
            content[match.start() + place] |= 1
    return io.BytesIO(content)


def overlapping() -> io.BytesIO:
    """Every entry of the list leads to the same content, so that it is read many times."""
    noise = random.Random(0).randbytes(4_000)  # noqa: S311 (no secret)
    content = zipped({f"{c}/1.png": noise for c in "ab"}, zipfile.ZIP_STORED).getvalue()
    front, listed, entries = content.partition(b"PK\x01\x02")
    true, lie = struct.pack("<II", 4_000, 4_000), struct.pack("<II", 9_000, 9_000)
    return io.BytesIO(front + listed + entries.replace(true, lie, 1))


PETS = cats_and_dogs()
TWO = {"a/1.png": png(), "a/2.png": png()}
REFUSED: list[tuple[dict[str, bytes] | Callable[[], io.BytesIO], str]] = [
    ({}, "one folder of PNG or JPEG pictures for each class"),
    ({"a.png": png(), "b.png": png()}, "no folder of such pictures is there"),
    (TWO, "only one is there, “a”"),
    ({f"a\u202eb/{n}.png": png() for n in "12"}, r"only one is there, “a\\u202eb”"),
    ({"a/1.gif": b"", "b/1.webp": b""}, "no folder of such pictures is there"),
    (TWO | {"b/1.png": png()}, "“b” has one picture"),
    (
        {f"{s}/{c}/{n}.png": png() for s in ("train", "val") for c in "ab" for n in "12"},
        "called train, val",
    ),
    (PETS | {"cats/9.png": b"no picture"}, "1 of 11 .*: cats/9.png"),
    (PETS | {"cats/9.png": png()[:60]}, "cats/9.png"),
    (PETS | {"cats/9.png": bomb(6_400)}, "over 40 million pixels: cats/9.png"),
    (PETS | {f"cats/x{n}.jpg": b"" for n in range(5)}, r"cats/x2.jpg …"),
    ({f"{n}/{m}.png": b"" for n in range(101) for m in "12"}, "101 classes"),
    *(
        (PETS | {f"{name}/{n}.png": b"" for n in "12"}, "no name fit")
        for name in ("x" * 61, "<b>", "a\u202eb")
    ),
    *(
        (PETS | {name: png()}, "leads out of it")
        for name in ("../cats/1.png", "/etc/1.png", "cats/../../1.png", "C:/x/1.png", "..\\1.png")
    ),
    (linked, "leads out of it"),
    (partial(zipped, PETS, zipfile.ZIP_BZIP2), "unusual way"),
    (partial(zipped, PETS, zipfile.ZIP_LZMA), "unusual way"),
    (locked, "password"),
    (PETS | {"cats/9.png": bytes(31_000_000)}, r"cats/9.png has 31.0 MB unpacked"),
    # 2 kB of zip took 25 s of a core: each picture is small, and black, and packed once more.
    (
        {f"{c}/{n}.png": bomb(6_000) for c in "ab" for n in range(2)},
        r"have 144 M pixels in all, but only .* B together",
    ),
    (overlapping, "its files claim more"),
    (
        lambda: zipped({"pets.zip": zipped(PETS).getvalue()}),
        r"in another archive, pets.zip, which is not opened",
    ),
]


@pytest.mark.parametrize(("archive", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_is_not_one_folder_per_class_is_answered_by_a_sentence(
    archive: dict[str, bytes] | Callable[[], io.BytesIO], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        keep(zipped(archive) if isinstance(archive, dict) else archive())
    assert own.names() == ()


def test_a_file_that_claims_less_than_it_is_gives_no_more() -> None:
    lying = bytearray(zipped(PETS | {"cats/9.png": bytes(31_000_000)}).getvalue())
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


def test_a_small_archive_has_little_time() -> None:
    assert pools.archive_limits(3_000).cpu_seconds < 31
    assert pools.archive_limits(100_000_000).cpu_seconds == pytest.approx(630)
    assert pools.archive_limits(10**12) == pools.ARCHIVE


GB = 10**9


@pytest.mark.parametrize("memory", [2 * GB, 4 * GB, 8 * GB, 24 * GB, 64 * GB, 512 * GB])
def test_all_that_is_read_at_once_fits_into_half_of_the_memory(memory: int) -> None:
    """However many cores: sixteen with 18.8 GB of limits stood on a machine of 16."""
    for limits, most in ((pools.PICTURE, 16), (pools.ARCHIVE, 4)):
        each = limits.memory_bytes + limits.output_bytes
        places = pools.places(limits, most, memory)
        assert places == 1 or places * each <= memory / 4
        assert places == most or (places + 1) * each > memory / 4
    assert pools.waiting_bytes(GB, memory) <= memory / 16


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


def test_what_is_left_half_written_is_swept(home: Path) -> None:
    """After a day, or at once where its writer is gone; not what somebody still writes."""
    with subprocess.Popen([sys.executable, "-c", ""]) as killed:
        killed.wait()
    old, new = home / "old.part", home / "new.part"
    for left in (old, new, home / f"{killed.pid}-abc.part"):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    with writing.replacing(home / "going") as going:
        assert going.name.rpartition("/")[2].startswith(f"{os.getpid()}-")
        with writing.replacing(home / "whole") as file:
            file.write(b"all of it")
        going.write(b"mine is not swept")
    assert {path.name for path in home.iterdir()} == {"new.part", "whole", "going"}
    assert (home / "going").read_bytes() == b"mine is not swept"


@pytest.mark.parametrize(
    ("module", "bound", "most", "words"),
    [
        (folders, "MOST_PICTURES", 9, "There are 10 pictures; at most 9"),
        (folders, "MOST_TOTAL", 500, "at most 500 B are taken"),
        (archives, "MOST_PIXELS_IN_ALL", 3_000, "3.20 k pixels in all"),
    ],
)
def test_many_files_and_many_bytes_are_refused(
    module: ModuleType, bound: str, most: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, bound, most)
    with pytest.raises(Refused, match=words):
        keep(zipped(PETS))


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
    sentences = []
    for _turn in range(400):
        broken = bytearray(whole)
        for _change in range(chance.choice([1, 2, 8])):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        if chance.random() < 0.3:
            del broken[chance.randrange(len(broken)) :]
        try:
            keep(io.BytesIO(broken))
        except Refused as error:
            sentences.append(str(error))
    assert len(sentences) > 300
    assert all(sentences)
