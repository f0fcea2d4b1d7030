"""Stores of earlier versions: what they held stays, and what they said becomes a code."""

import copy
import json
import multiprocessing
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from explorer import runs
from explorer.base import reasons, storage
from explorer.base.reasons import CodedError, Reason
from explorer.cli.main import main
from explorer.data.datasets.records import Damaged
from explorer.runs import Status, migrations, store
from explorer.runs.database import DiskFullError, database
from explorer.training import OutOfMemory, checkpoints
from explorer.training.burst import divergence
from explorer.training.recipes import Recipe
from tests.serving import ROOT

VERSION_1 = ROOT / "tests" / "facts" / "store_version_1.sql"  # made by the program of then


@pytest.fixture
def old(home: Path) -> Path:
    """A store of version 1: seven runs, finished, diverged, interrupted twice, paused …"""
    path = storage.runs_folder() / "runs.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_runs_of_version_1_are_all_there(old: Path):
    assert version(old) == 1
    first, *others = reversed(runs.listed())
    assert version(old) == migrations.VERSION
    statuses = "finished diverged interrupted interrupted paused failed stopped".split()
    assert [run.status for run in (first, *others)] == statuses
    assert (first.name, first.note) == ("a good one", "lower rate\nthan *before*")
    assert first.recipe == Recipe(
        "lenet", dataset="digits", epochs=2, train_subset=320, test_subset=20, batch_size=64,
        seed=4, device="cpu",
    )  # fmt: skip
    assert (first.owner, first.device_uuid, first.attempts) == ("", "", 0)
    assert first.device_title == first.metadata["device_title"] != ""
    assert first.test_accuracy == 0.1
    assert runs.curves(1).step == list(range(1, 11))
    assert [row.epoch for row in runs.epochs(1)] == [1, 2]
    assert len(runs.predictions(1).predicted) == 20
    assert runs.snapshot(1) is not None


def test_what_version_1_said_is_a_code_with_values(old: Path):
    del old
    reason_of = {run.id: run.reason for run in runs.listed()}
    assert not reason_of[1]
    figures = {"step": 5, "loss": "1.03e+04", "norm": "4.81", "learning_rate": 1000.0}
    values = {"what": "exploded", **figures, "initialisation": "default"}
    assert reason_of[2] == Reason("diverged", values)
    assert str(reason_of[2]) == (
        "At step 5 the loss had exploded to 1.03e+04. Steps at a learning rate of 1000 overshoot: "
        "each makes the weights and the next gradient larger (its norm is 4.81). Try a learning "
        "rate of 0.1, or start from Xavier weights."
    )
    assert reason_of[3] == Reason("killed", {"signal": "SIGKILL"})
    assert reason_of[4] == Reason("asked_to_end")
    assert reason_of[6].code == "sentence"
    assert str(reason_of[6]).startswith("There is no data set called images/gone-1.")
    with closing(sqlite3.connect(storage.runs_folder() / "runs.db")) as connection:
        for (text,) in connection.execute("SELECT reason FROM runs WHERE reason != ''"):
            assert set(json.loads(text)) == {"code", "values"}


@pytest.mark.parametrize(
    ("loss", "norm"),
    [(float("nan"), 1.0), (float("inf"), float("inf")), (12345.0, None), (2.0, float("nan"))],
)
def test_every_divergence_of_version_1_reads_as_it_did(loss: float, norm: float | None):
    recipe = Recipe("lenet", optimizer="sgd", learning_rate=0.5, initialisation="xavier")
    reason = divergence(recipe, 6, loss, norm)
    assert reasons.from_json(reason.as_json()) == reason
    again = migrations._coded(str(reason), {})
    assert again.code == "diverged"
    assert str(again) == str(reason)


def test_the_migrated_store_is_used_like_any_other(old: Path, capsys: pytest.CaptureFixture[str]):
    del old
    runs.resume(5)
    assert runs.get(5).status is Status.QUEUED
    assert runs.launch(Recipe("lenet", dataset="digits")) == 8
    runs.cancel(8)
    runs.delete(2)
    assert main(["runs", "show", "3"]) == 0
    assert "ended from outside (SIGKILL)" in capsys.readouterr().out
    assert database().rows("PRAGMA integrity_check")[0][0] == "ok"
    assert not database().rows("PRAGMA foreign_key_check")


def test_a_new_store_and_a_migrated_one_are_alike(old: Path, tmp_path: Path):
    runs.listed()
    fresh = tmp_path / "fresh.db"
    with closing(sqlite3.connect(fresh)) as connection:
        connection.isolation_level = None
        assert migrations.migrate(connection) == migrations.VERSION
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    schemas = []
    for path in (old, fresh):
        with closing(sqlite3.connect(path)) as connection:
            schemas.append(connection.execute(query).fetchall())
    assert schemas[0] == schemas[1]


def test_a_migration_that_fails_changes_nothing(old: Path):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("UPDATE runs SET reason = 'no JSON' WHERE id = 7")
        connection.commit()
        connection.isolation_level = None
        before = list(connection.iterdump())
        with pytest.raises(json.JSONDecodeError):
            migrations.migrate(connection)
        assert list(connection.iterdump()) == before
    assert version(old) == 1


def _listed(start: float) -> list[str]:
    time.sleep(max(0.0, start - time.time()))
    return [str(run.reason) for run in store.listed()]


def test_many_processes_may_open_an_old_store_at_once(old: Path):
    context = multiprocessing.get_context("fork")
    with context.Pool(6) as pool:  # all of them begin at the same moment
        answers = pool.map(_listed, [time.time() + 0.3] * 6, chunksize=1)
    assert all(each == answers[0] for each in answers)
    assert len(answers[0]) == 7
    assert version(old) == migrations.VERSION


def test_the_words_of_a_reason_are_the_readers(monkeypatch: pytest.MonkeyPatch):
    """Kept as a code, it is told in whatever language is asked for later."""
    reason = reasons.from_json(Reason("killed", {"signal": "SIGKILL"}).as_json())
    with monkeypatch.context() as german:
        german.setattr(reasons, "_", {reasons._WORDS["killed"]: "Von außen beendet: {signal}."}.get)
        assert str(reason) == "Von außen beendet: SIGKILL."
    assert str(reason).startswith("Its process was ended")


# Values of those codes that do more than put them into a sentence.
EXAMPLES = {
    "diverged": divergence(Recipe("lenet"), 1, float("nan")).values,
    "seconds_spent": {"seconds": 60.0},
    "run_disk_spent": {"taken": 2 * 10**9, "most": 10**9},
    "all_disk_spent": {"taken": 2 * 10**9, "most": 10**9},
    "free_disk_spent": {"free": 10**8, "least": 10**9},
    "many_tensors": {"count": 100_000},
    "larger_than_any": {"network": "lenet", "most": 10**6},
    "too_large": {"most": 2 * 10**9},
    "which_pictures": {"kept": []},
    "data_not_downloaded": {
        "title": "MNIST",
        "data_set": "mnist",
        "folder": "data",
        "here": ["Digits (digits)"],
        "why": Reason("server_answered", {"status": "404 Not Found"}).plain(),
    },
    "does_not_fit": {
        "network": "alexnet",
        "side": 224,
        "batch": 128,
        "needed": 3 * 10**9,
        "device": "NVIDIA T4",
        "free": 10**9,
        "smaller": 32,
    },
}


def test_every_code_has_words_and_comes_back_as_it_was():
    for code, words in reasons._WORDS.items():
        fields = re.findall(r"{(\w+)}", words) if isinstance(words, str) else EXAMPLES[code]
        reason = Reason(code, EXAMPLES.get(code) or {name: name for name in fields})
        assert str(reasons.from_json(reason.as_json())) == str(reason)
        assert str(reason)
        assert not set("{}") & set(str(reason))
    assert str(Reason()) == ""
    assert str(Reason("data_not_downloaded", EXAMPLES["data_not_downloaded"])) == (
        "MNIST could not be downloaded: the server answered 404 Not Found. Its files may also be "
        "put into data by hand. At hand without a download: Digits (digits)."
    )


def test_weights_of_other_options_are_told_with_what_is_missing():
    card = checkpoints.Card("lenet", {})
    with pytest.raises(CodedError) as refusal:
        checkpoints.build(card, {})
    assert json.loads(refusal.value.reason.as_json()) == {
        "code": "weights_do_not_fit",
        "values": {
            "network": "lenet",
            "name": "conv1.bias",
            "got": Reason("missing").plain(),
            "wanted": "6",
        },
    }
    assert "lenet: conv1.bias is missing, but the network needs 6." in str(refusal.value)


def sent(error: CodedError) -> CodedError:
    """The error as another process would receive it."""
    near, far = multiprocessing.Pipe()
    with near, far:
        near.send(error)
        return far.recv()


@pytest.mark.parametrize("kind", [CodedError, DiskFullError, Damaged, OutOfMemory])
@pytest.mark.parametrize("again", [copy.deepcopy, sent])
def test_a_refusal_can_be_copied_and_sent_to_another_process(
    kind: type[CodedError], again: Callable[[CodedError], CodedError]
):
    error = kind("checkpoint_damaged", path="a file", why=Reason("no_card").plain())
    error.add_note("seen twice")
    copied = again(error)
    assert type(copied) is kind
    assert (copied.reason, str(copied)) == (error.reason, str(error))
    assert copied.__notes__ == ["seen twice"]
