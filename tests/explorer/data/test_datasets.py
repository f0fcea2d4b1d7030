"""The data sets against torchvision's and scikit-learn's reading; damaged and missing files."""

import gzip
import os
import pickle
import shutil
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from explorer.base.torchvision_import import torchvision
from explorer.data import datasets
from explorer.data.datasets import cifar, downloads, idx, records
from explorer.data.datasets.records import Damaged, Unavailable

real_fashion = pytest.mark.skipif(
    not datasets.at_hand("fashion_mnist"),
    reason="needs the real Fashion-MNIST (apt install dataset-fashion-mnist)",
)


@pytest.fixture
def copied(home: Path) -> Path:
    """The real Fashion-MNIST's files, copied into the data folder."""
    folder = home / "data" / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for name in idx.FILES:
        shutil.copy(f"/usr/share/datasets/fashion-mnist/{name}.gz", folder)
    return folder


# -- what is in them --------------------------------------------------------------------------


@real_fashion
def test_fashion_mnist_is_what_torchvision_reads(tmp_path: Path) -> None:
    data = datasets.load("fashion_mnist")
    folder = idx.locate("fashion_mnist")
    assert folder is not None
    for split, (pictures, labels) in ((data.train, idx.TRAIN), (data.test, idx.TEST)):
        for name in (pictures, labels):
            with gzip.open(folder / f"{name}.gz") as packed:
                (tmp_path / name).write_bytes(packed.read())
        expected = torchvision.datasets.mnist.read_image_file(str(tmp_path / pictures))
        assert torch.equal(split.pictures[:, 0], expected)
        assert torch.equal(
            split.labels, torchvision.datasets.mnist.read_label_file(str(tmp_path / labels))
        )
        assert split.pictures.dtype == torch.uint8
    assert data.train.labels.bincount().tolist() == [6_000] * 10
    assert data.test.labels.bincount().tolist() == [1_000] * 10
    assert data.shape == (1, 28, 28)


@real_fashion
def test_a_class_of_thirty_reads_a_data_set_once() -> None:
    with ThreadPoolExecutor(30) as visitors:
        loaded = list(visitors.map(lambda _each: datasets.load("fashion_mnist"), range(30)))
    assert len({*map(id, loaded)}) == 1


def test_digits_are_scikit_learns() -> None:
    data, expected = datasets.load("digits"), load_digits()
    train, test = records.rows(torch.from_numpy(expected.target))
    for split, rows in ((data.train, train), (data.test, test)):
        ink = split.pictures[:, 0].double() * 16 / 255
        assert np.abs(ink.numpy() - expected.images[rows]).max() < 0.04  # rounded to 256 levels
        assert np.array_equal(split.labels, expected.target[rows])
    assert data.train.pictures.max() == 255


@pytest.mark.parametrize("name", [each for each in datasets.names() if datasets.at_hand(each)])
def test_facts_agree_with_what_is_loaded(name: str) -> None:
    facts, data = datasets.get(name), datasets.load(name)
    assert (data.name, data.classes, data.shape) == (name, facts.classes, facts.shape)
    assert (len(data.train), len(data.test)) == (facts.train_count, facts.test_count)
    for split in (data.train, data.test):
        assert split.pictures.shape == (len(split), *facts.shape)
        assert split.labels.dtype == torch.int64
        assert split.labels.unique().tolist() == list(range(len(facts.classes)))


def test_files_and_checksums_are_torchvisions() -> None:
    ours = torchvision.datasets.CIFAR10
    assert [list(pair) for pair in cifar.TRAIN] == ours.train_list
    assert [list(pair) for pair in cifar.TEST] == ours.test_list
    assert (ours.base_folder, ours.filename) == (cifar.FOLDER, cifar.ARCHIVE)
    for name in ("fashion_mnist", "mnist"):
        remotes = idx.remotes(name)
        assert {remote.path.name for remote in remotes} == {f"{file}.gz" for file in idx.FILES}
        assert all(url.startswith("http") for remote in remotes for url in remote.urls)
    (archive,) = cifar.remotes("cifar10")
    assert archive.md5 == ours.tgz_md5
    theirs = torchvision.datasets.FashionMNIST.classes
    classes = datasets.get("fashion_mnist").classes
    assert tuple(name.lower().removesuffix("/top") for name in theirs) == classes


def test_a_fifth_of_each_class_is_set_aside_and_stays_so() -> None:
    labels = torch.tensor([0] * 50 + [1] * 10 + [2] * 2)
    train, test = records.rows(labels)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(62))
    assert Counter(labels[test].tolist()) == {0: 10, 1: 2, 2: 1}
    # Pinned: another version of any library must not mix a run's test pictures with its others.
    assert test.tolist() == [4, 6, 14, 25, 34, 35, 36, 38, 40, 44, 50, 59, 61]


def test_a_name_that_is_not_known_is_answered_with_those_that_are() -> None:
    for name in ("fashion-mnist", "", "images/../../etc/passwd", "images/x", "../digits"):
        with pytest.raises(ValueError, match="fashion_mnist, mnist, cifar10, digits"):
            datasets.load(name)
    with pytest.raises(ValueError, match="give their folder or zip"):
        datasets.load("images")


# -- IDX files --------------------------------------------------------------------------------


def test_idx_says_what_is_wrong_with_a_file() -> None:
    good = b"\0\0\x08\x02" + struct.pack(">2I", 2, 3) + bytes(range(6))
    assert idx.parse(good).tolist() == [[0, 1, 2], [3, 4, 5]]
    for bad in (b"", good[:3], good[:10], good[:-1], good + b"x", b"\0\0\x0d" + good[3:]):
        with pytest.raises(ValueError, match="IDX"):
            idx.parse(bad)


@real_fashion
def test_a_file_that_was_not_copied_to_its_end_is_noticed(copied: Path) -> None:
    first, last = (copied / f"{name}.gz" for name in (idx.FILES[0], idx.FILES[3]))
    whole = {path: path.read_bytes() for path in (first, last)}
    half = whole[first][: len(whole[first]) // 2]
    for path, broken in (
        *((first, part) for part in (whole[first][:-1], half, b"", b"<html>not found</html>")),
        (last, whole[last][:-1]),
    ):
        path.write_bytes(broken)
        with pytest.raises(Damaged, match="not copied to its end") as refused:
            datasets.load("fashion_mnist")
        assert str(path) in str(refused.value)
        path.write_bytes(whole[path])
    assert len(datasets.load("fashion_mnist").test) == 10_000


@real_fashion
def test_one_changed_byte_is_noticed_also_in_an_unpacked_file(copied: Path) -> None:
    plain = copied / idx.FILES[2]
    with gzip.open(copied / f"{plain.name}.gz") as packed:
        content = bytearray(packed.read())
    content[5_000_000] ^= 1
    plain.write_bytes(content)
    with pytest.raises(Damaged, match="t10k-images-idx3-ubyte"):
        datasets.load("fashion_mnist")


# -- CIFAR-10 ---------------------------------------------------------------------------------


def python2_batch(pixels: bytes, labels: list[int]) -> bytes:
    """A batch as Python 2 pickled the real ones: protocol 2, the array's bytes as a string."""
    text = lambda word: b"U" + bytes([len(word)]) + word  # noqa: E731
    array = b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + b"K\x00\x85"
    array += text(b"b") + b"\x87R(K\x01K" + bytes([len(labels)]) + b"M\x00\x0c\x86"
    array += b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|")
    array += b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb\x89"
    array += b"T" + struct.pack("<i", len(pixels)) + pixels + b"tb"
    listed = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + listed + b"u."


def test_a_batch_of_cifar_is_read_as_torchvision_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3072), np.uint8)
    content = python2_batch(pixels.tobytes(), [3, 9])
    split = cifar.parse(content)
    folder = tmp_path / cifar.FOLDER
    folder.mkdir()
    (folder / "test_batch").write_bytes(content)
    theirs = torchvision.datasets.CIFAR10
    monkeypatch.setattr(theirs, "_check_integrity", lambda _self: True)
    monkeypatch.setattr(theirs, "_load_meta", lambda _self: None)
    expected = theirs(tmp_path, train=False)
    assert torch.equal(split.pictures.permute(0, 2, 3, 1), torch.from_numpy(expected.data))
    assert split.labels.tolist() == expected.targets


def test_a_pickle_that_would_run_code_is_refused() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, ("touch /tmp/never",)

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(pickle.UnpicklingError, match="does not belong"):
            cifar.parse(pickle.dumps({"data": Evil()}, protocol))


def cifar_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six small batches in the data folder, under checksums of their own."""
    folder = home / "data" / cifar.FOLDER
    folder.mkdir(parents=True)
    digests = {}
    for number, name in enumerate(cifar.FILES):
        content = python2_batch(bytes([number]) * 2 * 3072, [number, number + 1])
        (folder / name).write_bytes(content)
        digests[name] = md5(content, usedforsecurity=False).hexdigest()
    for which in ("TRAIN", "TEST"):
        names = [name for name, _digest in getattr(cifar, which)]
        monkeypatch.setattr(cifar, which, tuple((name, digests[name]) for name in names))
    return folder


def test_cifar_is_read_from_its_folder_and_from_its_archive(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cifar_folder(home, monkeypatch)
    data = datasets.load("cifar10")
    assert data.train.labels.tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert data.train.pictures[:, 0, 0, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert data.test.labels.tolist() == [5, 6]
    shutil.make_archive(str(home / "data" / "cifar-10-python"), "gztar", folder.parent, folder.name)
    shutil.rmtree(folder)
    assert datasets.where("cifar10") == home / "data" / cifar.ARCHIVE
    again = datasets.load("cifar10")
    assert torch.equal(again.train.pictures, data.train.pictures)
    archive = home / "data" / cifar.ARCHIVE
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(Damaged):
        cifar.read("cifar10", archive)


def test_a_batch_of_cifar_with_another_checksum_is_never_unpickled(home: Path) -> None:
    folder = home / "data" / cifar.FOLDER
    folder.mkdir(parents=True)
    for name in cifar.FILES:
        (folder / name).write_bytes(python2_batch(bytes(3072), [0]))
    with pytest.raises(Damaged, match="data_batch_1"):
        datasets.load("cifar10")


# -- downloads --------------------------------------------------------------------------------


class Mirror(BaseHTTPRequestHandler):
    """Debian's files of Fashion-MNIST over HTTP; odd addresses behave oddly."""

    def do_GET(self) -> None:
        mood, name = self.path.strip("/").split("/")
        content = Path("/usr/share/datasets/fashion-mnist", name).read_bytes()
        if mood == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if mood == "short" else content)

    def log_message(self, *_what: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror() -> Iterator[str]:
    """Address of a server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def mirrored_at(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let torchvision name these addresses, and the checksums of Debian's files."""
    source = torchvision.datasets.FashionMNIST
    debian = Path("/usr/share/datasets/fashion-mnist")
    files = [(f"{name}.gz", (debian / f"{name}.gz").read_bytes()) for name in idx.FILES]
    resources = [(name, md5(each, usedforsecurity=False).hexdigest()) for name, each in files]
    monkeypatch.setattr(source, "mirrors", list(addresses))
    monkeypatch.setattr(source, "resources", resources)


@real_fashion
def test_a_download_tells_its_progress_and_leaves_what_is_asked(
    home: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored_at(monkeypatch, f"{mirror}/missing/", f"{mirror}/whole/")  # the second one helps
    steps: list[tuple[int, int]] = []
    assert not datasets.at_hand("fashion_mnist")
    data = datasets.load("fashion_mnist", progress=lambda *numbers: steps.append(numbers))
    assert len(data.train) == 60_000
    assert steps == sorted(steps)
    assert steps[-1] == (30_878_551, 30_878_645)  # Debian's are packed 94 bytes smaller
    assert {path.suffix for path in (home / "data").rglob("*") if path.is_file()} == {".gz"}
    before = len(steps)
    assert before > 100
    datasets.fetch("fashion_mnist", lambda *numbers: steps.append(numbers))
    assert len(steps) == before + 4  # nothing is fetched twice


@real_fashion
def test_a_download_mends_a_damaged_file(
    copied: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored_at(monkeypatch, f"{mirror}/whole/")
    damaged = copied / f"{idx.FILES[0]}.gz"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(Damaged):
        datasets.load("fashion_mnist")
    datasets.fetch("fashion_mnist")
    assert len(datasets.load("fashion_mnist").train) == 60_000


@real_fashion
@pytest.mark.parametrize(
    ("mood", "reason"), [("missing", "404 Not Found"), ("short", "checksum differs")]
)
def test_a_failed_download_says_why_and_what_to_do(
    home: Path, mirror: str, monkeypatch: pytest.MonkeyPatch, mood: str, reason: str
) -> None:
    mirrored_at(monkeypatch, f"{mirror}/{mood}/")
    with pytest.raises(Unavailable) as refused:
        datasets.load("fashion_mnist")
    message = str(refused.value)
    assert reason in message
    assert "apt install dataset-fashion-mnist" in message
    assert message.endswith("At hand without a download: Digits (digits).")
    assert not [path for path in (home / "data").rglob("*") if path.is_file()]


def test_without_internet_the_answer_is_quick(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "http://no-such-host.invalid/"
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [nowhere])
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"no internet here.*At hand.*digits"):
        datasets.load("mnist")
    assert time.monotonic() - began < 5


def test_a_server_that_never_answers_is_given_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [address])
        with pytest.raises(Unavailable, match="did not answer within"):
            datasets.load("mnist")


def test_a_folder_that_cannot_be_written_is_a_sentence(
    home: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "data").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror])
    with pytest.raises(Unavailable, match=r"not be downloaded: (File exists|Not a directory)"):
        datasets.load("mnist")
