"""Pictures that somebody brings: read as torchvision would, kept, counted, deleted."""

import io
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.base import storage
from explorer.base.access import RunLimits, Visitor
from explorer.base.tasks import Output, Refused
from explorer.base.torchvision_import import torchvision
from explorer.data import datasets
from explorer.data.datasets import own
from explorer.data.datasets.records import Damaged
from explorer.data.decoding import archives, folders
from tests.explorer.data.own_pictures import cats_and_dogs, keep, png, saved, unpacked, zipped

pytestmark = pytest.mark.usefixtures("home")


ANNA, BERT = Visitor("a" * 64, teacher=False), Visitor("b" * 64, teacher=False)


def set_of(shade: int) -> Output:
    """Two classes of 1000 numbers each, a few bytes as a zip."""
    pixels = np.full((2, 1, 25, 40), shade, np.uint8)
    return Output({"classes": ["cat", "dog"]}, (pixels, np.array([0, 1])))


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


def test_other_files_are_left_out(tmp_path: Path) -> None:
    files = cats_and_dogs() | {
        "notes.txt": b"hello",
        "loose.png": png(),
        "cats/list.csv": b"1",
        "more.zip": zipped(cats_and_dogs()).getvalue(),
        "__MACOSX/cats/._1.png": b"junk",
        "cats/.DS_Store": b"junk",
        ".hidden/1.png": b"junk",
    }
    for source in (zipped(files), unpacked(files, tmp_path / "pets")):
        with folders.opened(source) as folder:
            assert {name: len(own) for name, own in folder.classes.items()} == dict(cats=5, dogs=5)


def test_pictures_become_one_size_as_torchvision_would_make_them() -> None:
    rng = np.random.default_rng(0)
    files = {}
    for number, size in enumerate([(40, 60), (64, 48), (200, 50), (48, 48)]):
        smooth = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize(size, 3)
        files[f"{'ab'[number % 2]}/{number}.png"] = saved(smooth)
    with folders.opened(zipped(files)) as folder:
        pixels, labels = archives.one_size(folder)
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


def test_large_sets_are_made_smaller_to_fit_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 10 * 3 * 12 * 12)
    assert datasets.get(keep(zipped(cats_and_dogs()))).shape == (3, 12, 12)


def test_keeping_can_be_watched_and_stopped(home: Path) -> None:
    steps: list[tuple[int, int]] = []
    keep(zipped(cats_and_dogs()), "a", lambda *numbers: steps.append(numbers))
    assert steps == [(n, 20) for n in range(1, 21)]

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(zipped(cats_and_dogs(6)), "b", stop)
    assert [path.stem[:2] for path in own.folder().iterdir()] == ["a-"]


def card_alone(card: str) -> bytes:
    """A file of ours whose card says too little."""
    written = io.BytesIO()
    np.savez(written, card=card, pictures=np.zeros(1), labels=np.zeros(1))
    return written.getvalue()


def test_a_kept_set_can_be_deleted_and_damage_is_noticed() -> None:
    name = own.store("pets", set_of(1), ANNA)
    path = own.locate(name)
    assert path
    whole = path.read_bytes()
    cards = ("[]", "{}", '{"shape": [1], "classes": ["a"], "counts": [1, 1]}')
    for broken in (whole[:-30], whole[:100], b"", *map(card_alone, cards)):
        path.write_bytes(broken)
        with pytest.raises(Damaged, match="give the pictures again"):
            datasets.load(name)
        assert own.owner(name) == ""
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
