"""The start options of `serve` that say who may do what, and how much."""

import argparse
import math
import os
from dataclasses import replace
from pathlib import Path

from explorer.base import access
from explorer.base.access import GB, IN_CLASS, Rules, RunLimits, Who, teachers
from explorer.base.language import N_, _

_WHO = tuple(str(each) for each in Who)
# Flag → the limit, what one unit of it is, and what it means.
_LIMITS: dict[str, tuple[str, int, str]] = {
    "--waiting": ("waiting", 1, N_("runs of one visitor that may wait or train at once")),
    "--queue": ("queue", 1, N_("the same of all visitors together")),
    "--epochs": ("epochs", 1, N_("epochs of one run")),
    "--seconds": ("seconds", 1, N_("seconds that one run may train")),
    "--run-disk": ("run_bytes", GB, N_("gigabytes of one run's files")),
    "--disk": ("all_bytes", GB, N_("gigabytes of all runs")),
    "--free-disk": ("free_bytes", GB, N_("gigabytes of the disk that stay free")),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the command `serve`, beside those of `serve.add_arguments`."""
    group = parser.add_argument_group(
        _("with --everyone"),
        _(
            "Visitors see all runs and change only their own; whoever gives the teacher's key on "
            "a page changes all, and is bound by none of the limits but the disk's. "
            "0 takes a limit away."
        ),
    )
    group.add_argument(
        "--teacher-key-file",
        type=Path,
        metavar="FILE",
        help=_(
            "your own key, in a file that you alone can read; or in the environment: {name}"
        ).format(name=teachers.VARIABLE),
    )
    for flag, what in (
        ("--train", _("who may train and download ({choices}; default: everyone)")),
        ("--upload", _("who may add sets of pictures ({choices}; default: everyone)")),
    ):
        group.add_argument(
            flag, choices=_WHO, metavar="WHO", help=what.format(choices=", ".join(_WHO))
        )
    for flag, (name, unit, meaning) in _LIMITS.items():
        usual = f"{getattr(IN_CLASS, name) / unit:g}"
        help_text = _("{meaning} (default: {usual})").format(meaning=_(meaning), usual=usual)
        group.add_argument(flag, type=_number, metavar="N", dest=name, help=help_text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e12:
        raise argparse.ArgumentTypeError(
            _("“{given}” is not a number from 0 on").format(given=text[:40])
        )
    return number


def apply(options: argparse.Namespace) -> str:
    """Let the processes that are started from here know the rules; the key if one was made up.

    Raises:
        ValueError: options for a class without one, or the teacher's own key is not usable.
    """
    own_rules, new_key = rules(options)
    os.environ.pop(teachers.VARIABLE, None)  # from here on its sum is enough
    os.environ.pop(access.VARIABLE, None)
    os.environ.update(own_rules.environment())
    return new_key


def rules(options: argparse.Namespace) -> tuple[Rules, str]:
    """The rules that the options ask for, and the teacher's key where one was made up, else "".

    Raises:
        ValueError: options for a class without one, or the teacher's own key is not usable.
    """
    # Behind a proxy with a name of its own come strangers, too.
    if not (options.everyone or options.hosts):
        _refuse_without_a_class(options)
        return Rules(), ""
    own = teachers.chosen_key(options.teacher_key_file)
    key = own or teachers.new_key()
    class_rules = Rules(
        shared=True,
        secure=bool(options.certificate),
        train=Who(options.train or Who.EVERYONE),
        upload=Who(options.upload or Who.EVERYONE),
        limits=_limits(options),
        key=teachers.hash_key(key),
    )
    return class_rules, "" if own else key


def _limits(options: argparse.Namespace) -> RunLimits:
    changes = {}
    for name, unit, _meaning in _LIMITS.values():
        number = getattr(options, name)
        if number is not None:
            changes[name] = number if name == "seconds" else round(number * unit)
    return replace(IN_CLASS, **changes)


def _refuse_without_a_class(options: argparse.Namespace) -> None:
    names = {
        f"--{name.replace('_', '-')}": name for name in ("teacher_key_file", "train", "upload")
    }
    names |= {flag: name for flag, (name, _unit, _meaning) in _LIMITS.items()}
    if flags := [flag for flag, name in names.items() if getattr(options, name) is not None]:
        raise ValueError(
            _("{options}: only together with --everyone. This machine alone has no limits.").format(
                options=", ".join(flags)
            )
        )
