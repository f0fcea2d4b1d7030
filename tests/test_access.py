"""Who may do what where a class shares the server: rules, key, limits, each refusal a sentence."""

import argparse
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from explorer import access, access_options, teacher_key
from explorer.access import GB, IN_CLASS, NO_LIMITS, Denied, Limits, Rules, Visitor, Who
from explorer.storage import PROJECT
from explorer.teacher_key import Throttle

ANNA, BERT = Visitor("a" * 64, teacher=False), Visitor("b" * 64, teacher=False)
TEACHER = Visitor("c" * 64, teacher=True)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--everyone", action="store_true")
    access_options.add_arguments(parser)
    return parser.parse_args(words)


# -- start options ----------------------------------------------------------------------------


def test_alone_on_a_machine_there_are_no_rules() -> None:
    rules, made = access_options.rules(options())
    assert (rules, made) == (Rules(), "")
    assert rules.environment() == {}
    assert rules.visitor("", teacher=False) == access.ON_THIS_MACHINE
    assert access.ON_THIS_MACHINE.teacher
    assert access.ON_THIS_MACHINE.limits == NO_LIMITS


def test_rules_reach_another_process() -> None:
    given = ("--everyone", "--train", "teacher", "--waiting", "2", "--run-disk", "0.5")
    rules, made = access_options.rules(options(*given))
    assert rules.train is Who.TEACHER
    assert rules.upload is Who.EVERYONE
    assert rules.limits == replace(IN_CLASS, waiting=2, run_bytes=GB // 2)
    assert made
    assert teacher_key.fits(made, rules.key)
    assert made not in json.dumps(asdict(rules))
    assert access.rules(rules.environment()) == rules


def test_the_key_is_printed_once_and_only_its_sum_is_handed_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(access.VARIABLE, "left over")
    monkeypatch.setenv(teacher_key.VARIABLE, "correct horse battery")
    access_options.apply(options("--everyone"))
    assert teacher_key.VARIABLE not in os.environ
    assert teacher_key.fits("correct horse battery", access.rules().key)
    assert capsys.readouterr().out == "", "a key of one's own is known"
    access_options.apply(options("--everyone"))
    said = capsys.readouterr().out
    key = said.removeprefix("The teacher's key: ").strip()
    assert teacher_key.fits(key, access.rules().key)
    assert key not in "".join(os.environ.values())
    access_options.apply(options())
    assert not access.rules().shared, "alone on a machine, whatever was set before"


def test_every_limit_has_its_option_and_can_be_taken_away() -> None:
    flags = access_options._LIMITS
    assert {name for name, _unit, _meaning in flags.values()} == set(asdict(NO_LIMITS))
    none = [word for flag in flags for word in (flag, "0")]
    assert access_options.rules(options("--everyone", *none))[0].limits == NO_LIMITS


@pytest.mark.parametrize("given", [["--train", "teacher"], ["--disk", "3"]])
def test_a_classes_options_without_a_class_are_refused(given: list[str]) -> None:
    with pytest.raises(ValueError, match=f"^{given[0]}: only together with --everyone"):
        access_options.rules(options(*given))


@pytest.mark.parametrize("number", ["-1", "nan", "inf", "many", "1e99"])
def test_a_limit_is_a_number(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--everyone", f"--disk={number}")
    assert "is not a number from 0 on" in capsys.readouterr().err


def test_the_command_line_says_what_is_wrong_before_it_serves(tmp_path: Path) -> None:
    """The real command; the key of the environment does not come out anywhere."""
    environment = {**os.environ, teacher_key.VARIABLE: "too short"}
    command = [sys.executable, "-m", "explorer", "serve", "--everyone"]
    ended = subprocess.run(
        command,
        check=False,
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "The teacher's key has 9 characters; it needs 12 to 200." in ended.stderr
    assert "too short" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


# -- the key ----------------------------------------------------------------------------------


def test_only_the_key_fits() -> None:
    key = teacher_key.made()
    kept = teacher_key.summed(key)
    assert teacher_key.fits(f" {key}\n", kept)
    for wrong in ("", key[:-1], key.upper(), "é" * 12, "x" * 10_000):
        assert not teacher_key.fits(wrong, kept)
    assert key not in kept
    assert teacher_key.summed(key) != kept, "each has a salt of its own"


def test_a_key_of_ones_own_lies_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("correct horse battery\n")
    file.chmod(0o644)
    with pytest.raises(ValueError, match=f"chmod 600 {file}"):
        teacher_key.given(file)
    file.chmod(0o600)
    assert teacher_key.given(file) == "correct horse battery"
    rules, made = access_options.rules(options("--everyone", "--teacher-key-file", str(file)))
    assert made == "", "a key that the teacher knows is not printed"
    assert teacher_key.fits("correct horse battery", rules.key)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 20, b"x" * 100_000])
def test_a_file_that_holds_no_key(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(stat.S_IRUSR)
    with pytest.raises(ValueError, match="The teacher's key"):
        teacher_key.given(file)
    with pytest.raises(ValueError, match="cannot be read"):
        teacher_key.given(tmp_path / "elsewhere")


def test_wrong_keys_are_bounded_for_each_and_for_all() -> None:
    now = [0.0]
    kept = teacher_key.summed("the right one")
    throttle = Throttle(each=2, together=3, seconds=60, clock=lambda: now[0])
    assert not throttle.try_out("anna", "wrong", kept)
    now[0] = 10
    assert not throttle.try_out("anna", "wrong", kept)
    with pytest.raises(ValueError, match="Try again in 50 seconds"):
        throttle.try_out("anna", "the right one", kept)
    assert throttle.try_out("the teacher", "the right one", kept)
    assert not throttle.try_out("bert", "wrong", kept)
    with pytest.raises(ValueError, match="Try again in 50 seconds"):
        throttle.try_out("carl", "wrong", kept)
    now[0] = 60
    assert throttle.try_out("anna", "the right one", kept)


# -- checks -----------------------------------------------------------------------------------


def test_only_the_owner_and_the_teacher_change_a_run() -> None:
    for who in (ANNA, TEACHER, access.ON_THIS_MACHINE):
        access.check_change(who, ANNA.owner, "LeNet")
    with pytest.raises(Denied, match="LeNet is another visitor's"):
        access.check_change(BERT, ANNA.owner, "LeNet")
    with pytest.raises(Denied, match="LeNet was made on the machine itself"):
        access.check_change(BERT, "", "LeNet")
    with pytest.raises(Denied, match="LeNet was made on the machine itself"):
        access.check_change(Visitor("", teacher=False), "", "LeNet")


@pytest.mark.parametrize("check", [access.check_train, access.check_upload])
def test_who_may(check: Callable[[Visitor, Rules], None]) -> None:
    for visitor in (ANNA, TEACHER, access.ON_THIS_MACHINE):
        check(visitor, Rules())
    teacher_only = Rules(shared=True, train=Who.TEACHER, upload=Who.TEACHER)
    check(TEACHER, teacher_only)
    with pytest.raises(Denied, match="Only the teacher"):
        check(ANNA, teacher_only)
    with pytest.raises(Denied, match="nobody"):
        check(TEACHER, Rules(shared=True, train=Who.NOBODY, upload=Who.NOBODY))


def test_a_teacher_is_bound_by_the_disk_alone() -> None:
    rules = Rules(shared=True, limits=IN_CLASS)
    assert rules.visitor(ANNA.owner, teacher=False).limits == IN_CLASS
    bound = asdict(rules.visitor(TEACHER.owner, teacher=True).limits)
    assert {name for name, most in bound.items() if most} == {"all_bytes", "free_bytes"}


REFUSALS: dict[str, tuple[Callable[[], None], str]] = {
    "epochs": (
        lambda: access.check_run(IN_CLASS, 101, None),
        "101 epochs; here 100 are allowed",
    ),
    "seconds": (
        lambda: access.check_run(IN_CLASS, 1, 7200.0),
        "about 2 h 0 min of training; here 1 h 0 min are allowed",
    ),
    "waiting": (lambda: access.check_waiting(IN_CLASS, 6, 6), "6 of your runs wait or train"),
    "one": (lambda: access.check_waiting(Limits(waiting=1), 1, 6), "1 of your runs waits"),
    "queue": (lambda: access.check_waiting(IN_CLASS, 0, 60), "60 runs of this class wait or train"),
    "run": (
        lambda: access.check_room(IN_CLASS, 4 * GB, 0, 99 * GB),
        "about 4.00 GB; here 3.00 GB are allowed",
    ),
    "all": (
        lambda: access.check_room(IN_CLASS, GB, 20 * GB, 99 * GB),
        "kept here take 20.0 GB, this one about 1.00 GB more; 20.0 GB are allowed",
    ),
    "free": (
        lambda: access.check_room(IN_CLASS, GB, 0, 2 * GB),
        "has 2.00 GB left, of which this would take about 1.00 GB; 2.00 GB are to stay free",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_what_was_asked_what_is_allowed_and_who_can_change_it(name: str) -> None:
    check, expected = REFUSALS[name]
    with pytest.raises(Denied) as denied:
        check()
    assert expected in str(denied.value)
    assert "the teacher" in str(denied.value)


def test_without_limits_nothing_is_refused() -> None:
    access.check_run(NO_LIMITS, 10**6, 10.0**9)
    access.check_waiting(NO_LIMITS, 10**6, 10**6)
    access.check_room(NO_LIMITS, 10**15, 10**15, 0)
    assert access.limits_from_json(NO_LIMITS.as_json()) == NO_LIMITS
    assert access.limits_from_json(IN_CLASS.as_json()) == IN_CLASS
