"""What this installation has, what it lacks, and the command that mends it: `explorer doctor`.

It changes nothing, opens no connection, and starts no context on a GPU.
"""

import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from explorer import runs, weights
from explorer.base import device, hardware, storage
from explorer.base.language import _, ngettext
from explorer.base.units import size
from explorer.data import datasets
from explorer.training import checkpoints

_REQUIREMENTS = storage.PROJECT / "requirements.txt"
_LEAST_MEMORY = 2_000_000_000  # bytes: below, the larger networks do not fit
_LEAST_DISK = 2_000_000_000  # bytes: one run keeps up to so much
_REMOTE = re.compile(r"nfs|cifs|smb|9p|sshfs|afs", re.IGNORECASE)  # file systems of another machine
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class State(StrEnum):
    """How a finding is to be read; its sign stands in `SIGNS`."""

    GOOD = "good"
    MISSING = "missing"  # something optional
    FAULT = "fault"


SIGNS = {State.GOOD: "✓", State.MISSING: "–", State.FAULT: "✗"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `command` mends it, where one does."""

    topic: str
    state: State
    sentence: str
    command: str = ""


def findings() -> Iterator[Finding]:
    """Everything, one after the other."""
    yield from _versions()
    yield _gpu()
    yield _memory()
    yield from _data_sets()
    yield from _weights()
    yield _browser()
    yield _proxy()
    yield from _folder()


# -- the program --------------------------------------------------------------------------------


def _versions() -> Iterator[Finding]:
    """Python and the packages, against their pins."""
    topic = _("versions")
    wrong = dict(_unlike_pins())
    python = platform.python_version()
    if not wrong:
        words = _("Python {python}; every package has the version that the requirements name.")
        yield Finding(topic, State.GOOD, words.format(python=python))
    for name, (pinned, found) in wrong.items():
        words = (
            _("{name} is {found}; the program was tried with {pinned}.")
            if found
            else _("{name} is missing; the program was tried with {pinned}.")
        )
        yield Finding(
            topic,
            State.FAULT,
            words.format(name=name, found=found, pinned=pinned),
            f"{sys.executable} -m pip install -r requirements.txt -c constraints.txt",
        )


def _unlike_pins() -> Iterator[tuple[str, tuple[str, str]]]:
    """Package → its pin, and what is here instead ("" is nothing)."""
    text = _REQUIREMENTS.read_text(encoding="utf-8")
    for name, pinned in re.findall(r"^([\w-]+)==(\S+)$", text, re.MULTILINE):
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        if found.partition("+")[0] != pinned:
            yield name, (pinned, found)


def _gpu() -> Finding:
    verdict = hardware.verdict()
    state = State.GOOD if hardware.facts().devices else State.MISSING
    if verdict.fault:
        state = State.FAULT
    return Finding(_("GPU"), state, verdict.sentence, verdict.command)


def _memory() -> Finding:
    cpu = device.named("cpu")
    free = device.free_memory(cpu)
    words = _("{title}; {free} of {whole} of memory are free.")
    text = words.format(title=cpu.title, free=size(free), whole=size(cpu.memory))
    if free >= _LEAST_MEMORY:
        return Finding(_("memory"), State.GOOD, text)
    advice = _("Larger networks need more: close other programs.")
    return Finding(_("memory"), State.FAULT, f"{text} {advice}")


# -- what it works with -------------------------------------------------------------------------


def _data_sets() -> Iterator[Finding]:
    for name in datasets.names():
        known = datasets.get(name)
        title, place = _(known.title), datasets.where(name)
        if place is not None:
            words = _("{title} is here, in {place}.").format(title=title, place=place)
            yield Finding(_("data"), State.GOOD, words)
        elif known.download_bytes:
            words = _("{title} is not here. The page Data downloads it ({size}).").format(
                title=title, size=size(known.download_bytes)
            )
            command = "sudo apt install dataset-fashion-mnist" if name == "fashion_mnist" else ""
            yield Finding(_("data"), State.MISSING, words, command if _has("apt") else "")


def _weights() -> Iterator[Finding]:
    """The weights that come with the program; each is read to its card."""
    good = 0
    for path in weights.files():
        try:
            checkpoints.read_card(path)
        except ValueError as error:
            yield Finding(_("weights"), State.FAULT, str(error), f"git checkout -- {path}")
        else:
            good += 1
    state = State.GOOD if good else State.MISSING
    words = ngettext(
        "The trained weights of {count} network are here.",
        "The trained weights of {count} networks are here.",
        good,
    ).format(count=good)
    yield Finding(_("weights"), state, words, "" if good else "make checkpoints")


def _browser() -> Finding:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found:
        words = _("The browser tests can use {path}.").format(path=found)
        return Finding(_("browser"), State.GOOD, words)
    words = _("There is no Chromium. Only the browser tests need it; `make test` installs it.")
    return Finding(_("browser"), State.MISSING, words, f".ci/chromium {sys.executable}")


def _proxy() -> Finding:
    if found := _has("haproxy"):
        words = _("HAProxy is here ({path}): `serve --processes` can serve a large class.")
        return Finding(_("proxy"), State.GOOD, words.format(path=found))
    words = _("HAProxy is not here. Only `serve --processes`, for a large class, needs it.")
    return Finding(
        _("proxy"), State.MISSING, words, "sudo apt install haproxy" if _has("apt") else ""
    )


def _has(program: str) -> str | None:
    """The program's path; Debian keeps those of an administrator out of most people's."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")


# -- the data folder ----------------------------------------------------------------------------


def _folder() -> Iterator[Finding]:
    """Where everything is kept: it can be written, lies on this machine, and has room."""
    topic, home = _("folder"), storage.home()
    there = next(path for path in (home, *home.parents) if path.exists())
    free = storage.free(there)
    if not os.access(there, os.W_OK):
        words = _("{folder} cannot be written; nothing can be trained or kept.")
        yield Finding(topic, State.FAULT, words.format(folder=home), _made_ours(home))
        return
    if _REMOTE.search(kind := _file_system(there)):
        words = _(
            "{folder} lies on another machine ({kind}), where two processes cannot share it "
            "safely. Name a folder on a disk of this machine."
        ).format(folder=home, kind=kind)
        yield Finding(topic, State.FAULT, words, f"export {storage.VARIABLE}=$HOME/convscope")
    if free < _LEAST_DISK:
        words = _("The disk of {folder} has only {free} left. Delete runs or other files.")
        yield Finding(topic, State.FAULT, words.format(folder=home, free=size(free)))
    try:
        kept = len(runs.listed())
    except ValueError as error:
        yield Finding(topic, State.FAULT, str(error))
        return
    words = ngettext(
        "{folder} holds {count} run; {free} of its disk are free.",
        "{folder} holds {count} runs; {free} of its disk are free.",
        kept,
    )
    yield Finding(topic, State.GOOD, words.format(folder=home, count=kept, free=size(free)))


def _made_ours(home: Path) -> str:
    """The command that makes the data folder, and nothing around it, belong to who runs this."""
    quoted = shlex.quote(str(home))
    if home.exists():
        return f'sudo chown -R "$USER" {quoted}'
    return f'sudo install -d -m 700 -o "$USER" {quoted}'


def _file_system(path: Path) -> str:
    """The kind of file system that a path lies on, as the system calls it; "" if it does not."""
    mounts = [
        each for each in psutil.disk_partitions(all=True) if path.is_relative_to(each.mountpoint)
    ]
    return max(mounts, key=lambda each: len(each.mountpoint)).fstype if mounts else ""
