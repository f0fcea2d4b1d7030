"""What is not taken as pictures, however it is packed, and how much is read at once."""

import io
import os
import random
import stat
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from explorer.base.tasks import Garbled, Output, Refused
from explorer.data.datasets import own, writing
from explorer.data.decoding import archives, folders, pools
from tests.explorer.data.own_pictures import cats_and_dogs, claiming, keep, png, saved, zipped

pytestmark = pytest.mark.usefixtures("home")


def bomb(side: int) -> bytes:
    """A PNG of side × side black cells in a few kilobytes."""
    black = zlib.compress(b"\0" * ((side + 7) // 8 + 1) * side, 9)
    return claiming(side, side, black, depth=1)


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
        (cats_and_dogs() | {"cats/9.png": bomb(6_400)}, "over 40 million pixels: cats/9.png"),
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


def test_stopped_in_its_process_nothing_is_kept(home: Path) -> None:
    """In the middle of a picture, too."""
    noise = Image.effect_noise((1_024, 1_024), 90).resize((4_000, 4_000))  # a second's work
    slow = dict.fromkeys([f"{c}/{n}.png" for c in "ab" for n in range(2)],
                         saved(noise, compress_level=1))  # fmt: skip
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
