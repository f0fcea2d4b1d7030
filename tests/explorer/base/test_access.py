"""Who may do what where a class shares the server: rules, key, limits, each refusal a sentence."""

import argparse
import json
import os
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from threading import Event, Semaphore

import pytest

from explorer.base import access
from explorer.base.access import (
    GB,
    IN_CLASS,
    NO_LIMITS,
    Denied,
    Rules,
    RunLimits,
    Visitor,
    Who,
    teachers,
)
from explorer.base.access.teachers import Throttle
from explorer.cli import access_options
from explorer.cli.main import main
from explorer.server import serve
from tests.processes import printed

ANNA, BERT = Visitor("a" * 64, teacher=False), Visitor("b" * 64, teacher=False)
TEACHER = Visitor("c" * 64, teacher=True)


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    access_options.add_arguments(parser)
    return parser.parse_args(words)


# -- start options ----------------------------------------------------------------------------


def test_alone_on_a_machine_there_are_no_rules() -> None:
    rules, key = access_options.rules(options())
    assert (rules, key, rules.environment()) == (Rules(), "", {})
    assert rules.visitor("", teacher=False) == access.ON_THIS_MACHINE
    assert access.ON_THIS_MACHINE.teacher
    assert access.ON_THIS_MACHINE.limits == NO_LIMITS


def test_strangers_come_through_a_proxy_too() -> None:
    rules, key = access_options.rules(options("--host", "class.example", "--certificate", "file"))
    assert all((rules.shared, rules.secure, key))
    assert not access_options.rules(options("--everyone"))[0].secure


def test_rules_reach_another_process() -> None:
    words = "--everyone --train teacher --waiting 2 --run-disk 0.5"
    rules, key = access_options.rules(options(*words.split()))
    assert (rules.train, rules.upload) == (Who.TEACHER, Who.EVERYONE)
    assert rules.limits == replace(IN_CLASS, waiting=2, run_bytes=GB // 2)
    assert teachers.fits(key, rules.key)
    assert key not in json.dumps(asdict(rules))
    assert access.rules(rules.environment()) == rules


def test_a_key_is_handed_over_once_and_only_its_sum_is_handed_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(access.VARIABLE, "left over")
    monkeypatch.setenv(teachers.VARIABLE, "correct horse battery")
    assert access_options.apply(options("--everyone")) == "", "a key of one's own is known"
    assert teachers.VARIABLE not in os.environ
    assert teachers.fits("correct horse battery", access.rules().key)
    key = access_options.apply(options("--everyone"))
    assert capsys.readouterr().out == "", "whether anything is started is not known yet"
    assert teachers.fits(key, access.rules().key)
    assert key not in "".join(os.environ.values())
    access_options.apply(options())
    assert not access.rules().shared, "alone on a machine, whatever was set before"


def test_every_limit_has_its_option_and_can_be_taken_away() -> None:
    flags = access_options._LIMITS
    assert {name for name, _unit, _meaning in flags.values()} == set(asdict(NO_LIMITS))
    none = [word for flag in flags for word in (flag, "0")]
    assert access_options.rules(options("--everyone", *none))[0].limits == NO_LIMITS


@pytest.mark.parametrize("words", [["--train", "teacher"], ["--disk", "3"]])
def test_a_classes_options_without_a_class_are_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match=f"^{words[0]}: only together with --everyone"):
        access_options.rules(options(*words))


@pytest.mark.parametrize("number", ["-1", "nan", "inf", "many", "1e99"])
def test_a_limit_is_a_number(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--everyone", f"--disk={number}")
    assert "is not a number from 0 on" in capsys.readouterr().err


def test_the_command_line_says_what_is_wrong_before_it_serves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key of the environment does not come out anywhere."""
    monkeypatch.setenv(teachers.VARIABLE, "too short")
    assert main(["serve", "--everyone"]) == 2
    out, errors = capsys.readouterr()
    assert "The teacher's key has 9 characters; it needs 12 to 200." in errors
    assert "too short" not in errors + out


# -- the key ----------------------------------------------------------------------------------


def test_only_the_key_fits() -> None:
    key = teachers.new_key()
    hashed = teachers.hash_key(key)
    assert teachers.fits(f" {key}\n", hashed)
    for wrong in ("", key[:-1], key.upper(), "é" * 12, "x" * 10_000):
        assert not teachers.fits(wrong, hashed)
    assert key not in hashed
    assert teachers.hash_key(key) != hashed, "each has a salt of its own"


def test_a_key_of_ones_own_lies_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("correct horse battery\n")
    file.chmod(0o644)
    with pytest.raises(ValueError, match=f"chmod 600 {file}"):
        teachers.chosen_key(file)
    file.chmod(0o600)
    assert teachers.chosen_key(file) == "correct horse battery"
    rules, key = access_options.rules(options("--everyone", "--teacher-key-file", str(file)))
    assert key == "", "a key that the teacher knows is not printed"
    assert teachers.fits("correct horse battery", rules.key)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 20, b"x" * 100_000])
def test_a_file_that_holds_no_key(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(stat.S_IRUSR)
    with pytest.raises(ValueError, match="The teacher's key"):
        teachers.chosen_key(file)
    with pytest.raises(ValueError, match="cannot be read"):
        teachers.chosen_key(tmp_path / "elsewhere")


HASH = teachers.hash_key("the right one")


def test_wrong_keys_are_bounded_for_each_visitor() -> None:
    now = [0.0]
    throttle = Throttle(each=2, seconds=60, clock=lambda: now[0])
    assert not throttle.try_out("anna", "wrong", HASH)
    now[0] = 10
    assert not throttle.try_out("anna", "wrong", HASH)
    with pytest.raises(ValueError, match="Try again in 50 seconds"):
        throttle.try_out("anna", "the right one", HASH)
    assert throttle.try_out("the teacher", "the right one", HASH)
    now[0] = 60
    assert throttle.try_out("anna", "the right one", HASH)


def test_a_pupil_with_many_cookies_keeps_nobody_out() -> None:
    """Past the bound of an address tries are late; other addresses do not even notice."""
    pauses: list[float] = []
    now = [0.0]
    throttle = Throttle(together=3, pause=0.5, clock=lambda: now[0], sleep=pauses.append)
    for number in range(5):
        assert not throttle.try_out(f"pupil {number}", "wrong", HASH, "192.0.2.7")
    assert pauses == [0.5] * 2
    for seconds, address, late in ((0, "192.0.2.8", 2), (0, "192.0.2.7", 3), (60, "192.0.2.7", 3)):
        now[0] = seconds
        assert throttle.try_out("the teacher", "the right one", HASH, address), "heard, if late"
        assert len(pauses) == late


def test_many_tries_at_once_are_late_one_after_another() -> None:
    """They are counted before they are heard: who is fast is not heard more often."""
    asleep, go_on = Semaphore(0), Event()

    def sleep(_seconds: float) -> None:
        asleep.release()
        assert go_on.wait(60)

    throttle = Throttle(each=3, together=2, sleep=sleep)
    with ThreadPoolExecutor(6) as pool:
        tries = [
            pool.submit(throttle.try_out, f"pupil {number}", "wrong", HASH, "192.0.2.7")
            for number in range(6)
        ]
        try:
            assert asleep.acquire(timeout=60)
            assert throttle.try_out("the teacher", "the right one", HASH, "192.0.2.8")
            assert not asleep.acquire(blocking=False), "one is heard, the others wait"
        finally:
            go_on.set()
        assert not any(each.result() for each in tries)
    berts = partial(throttle.try_out, "bert", "wrong", HASH, "192.0.2.9")
    assert [berts() for _number in range(3)] == [False] * 3
    with pytest.raises(ValueError, match="Too many wrong keys"):
        berts()


# -- teachers ---------------------------------------------------------------------------------


def includes(owner: str, key: str) -> bool:
    """Whether another process counts them among the teachers."""
    code = """import sys; from explorer.base.access import teachers
print(teachers.include(*sys.argv[1:]))"""
    return printed("-c", code, owner, key) == "True\n"


def test_all_processes_know_the_teacher_until_they_leave_or_the_key_ends(home: Path) -> None:
    teachers.remove(TEACHER.owner, HASH)
    teachers.add(TEACHER.owner, HASH)
    assert includes(TEACHER.owner, HASH)
    assert not teachers.include(ANNA.owner, HASH)
    assert not teachers.include(TEACHER.owner, teachers.hash_key("the right one")), "a new start"
    (mark,) = (home / "teachers").iterdir()
    assert (mark.stat().st_mode | mark.parent.stat().st_mode) & 0o077 == 0
    assert TEACHER.owner not in mark.name
    os.utime(mark, (0, 0))
    teachers.add(ANNA.owner, HASH)
    assert not teachers.include(TEACHER.owner, HASH), "those of servers long gone are forgotten"
    teachers.remove(ANNA.owner, HASH)
    assert not includes(ANNA.owner, HASH)


def test_a_teacher_is_one_where_nothing_can_be_written(home: Path) -> None:
    (home / "teachers").write_text("in the way")
    teachers.add(TEACHER.owner, HASH)
    assert teachers.include(TEACHER.owner, HASH)
    assert not teachers.include(ANNA.owner, HASH)
    teachers.remove(TEACHER.owner, HASH)
    assert not teachers.include(TEACHER.owner, HASH)


# -- checks -----------------------------------------------------------------------------------


def test_only_the_owner_and_the_teacher_change_a_run() -> None:
    for who in (ANNA, TEACHER, access.ON_THIS_MACHINE):
        access.check_change(who, ANNA.owner, "LeNet")
    with pytest.raises(Denied, match="LeNet is another visitor's"):
        access.check_change(BERT, ANNA.owner, "LeNet")
    for who in (BERT, Visitor("", teacher=False)):
        with pytest.raises(Denied, match="LeNet was made on the machine itself"):
            access.check_change(who, "", "LeNet")


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


def test_a_refusal_says_what_was_asked_what_is_allowed_and_who_can_change_it() -> None:
    run, waiting, room = access.check_run, access.check_waiting, access.check_room
    two_hours = "about 2 h 0 min of training; here 1 h 0 min are allowed"
    full = "kept here take 20.0 GB, this one about 1.00 GB more; 20.0 GB are allowed"
    free = "has 2.00 GB left, of which this would take about 1.00 GB; 2.00 GB are to stay free"
    for check, arguments, words in (
        (run, (IN_CLASS, 101, None), "101 epochs; here 100 are allowed"),
        (run, (IN_CLASS, 1, 7200.0), two_hours),
        (waiting, (IN_CLASS, 6, 6), "6 of your runs wait or train"),
        (waiting, (RunLimits(waiting=1), 1, 6), "1 of your runs waits"),
        (waiting, (IN_CLASS, 0, 60), "60 runs of this class wait or train"),
        (room, (IN_CLASS, 4 * GB, 0, 99 * GB), "about 4.00 GB; here 3.00 GB are allowed"),
        (room, (IN_CLASS, GB, 20 * GB, 99 * GB), full),
        (room, (IN_CLASS, GB, 0, 2 * GB), free),
    ):
        with pytest.raises(Denied, match=f"(?s){re.escape(words)}.*the teacher"):
            check(*arguments)


def test_without_limits_nothing_is_refused() -> None:
    access.check_run(NO_LIMITS, 10**6, 10.0**9)
    access.check_waiting(NO_LIMITS, 10**6, 10**6)
    access.check_room(NO_LIMITS, 10**15, 10**15, 0)
    assert access.limits_from_json(NO_LIMITS.as_json()) == NO_LIMITS
    assert access.limits_from_json(IN_CLASS.as_json()) == IN_CLASS
