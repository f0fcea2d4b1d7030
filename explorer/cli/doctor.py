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
    for topic, examine in {
        _("versions"): _versions,
        _("GPU"): _gpu,
        _("memory"): _memory,
        _("data"): _data_sets,
        _("weights"): _weights,
        _("browser"): _browser,
        _("proxy"): _proxy,
        _("folder"): _folder,
    }.items():
        for state, sentence, command in examine():
            yield Finding(topic, state, sentence, command)


Examined = Iterator[tuple[State, str, str]]  # the fields of a finding, but for its topic


# -- the program --------------------------------------------------------------------------------


def _versions() -> Examined:
    """Python and the packages, against their pins."""
    text, good = _REQUIREMENTS.read_text(encoding="utf-8"), True
    for name, pinned in re.findall(r"^([\w-]+)==(\S+)$", text, re.MULTILINE):
        try:
            here = version(name)
            words = _("{name} is {found}; the program was tried with {pinned}.")
        except PackageNotFoundError:
            here = ""
            words = _("{name} is missing; the program was tried with {pinned}.")
        if here.partition("+")[0] != pinned:
            good = False
            install = f"{sys.executable} -m pip install -r requirements.txt -c constraints.txt"
            yield State.FAULT, words.format(name=name, found=here, pinned=pinned), install
    if good:
        words = _("Python {python}; every package has the version that the requirements name.")
        yield State.GOOD, words.format(python=platform.python_version()), ""


def _gpu() -> Examined:
    verdict = hardware.verdict()
    state = State.GOOD if hardware.facts().devices else State.MISSING
    yield State.FAULT if verdict.fault else state, verdict.sentence, verdict.command


def _memory() -> Examined:
    cpu = device.named("cpu")
    free = device.free_memory(cpu)
    words = _("{title}; {free} of {whole} of memory are free.")
    text = words.format(title=cpu.title, free=size(free), whole=size(cpu.memory))
    if free >= _LEAST_MEMORY:
        yield State.GOOD, text, ""
    else:
        advice = _("Larger networks need more: close other programs.")
        yield State.FAULT, f"{text} {advice}", ""


# -- what it works with -------------------------------------------------------------------------


def _data_sets() -> Examined:
    for name in datasets.names():
        dataset = datasets.get(name)
        title, place = _(dataset.title), datasets.where(name)
        if place is not None:
            words = _("{title} is here, in {place}.").format(title=title, place=place)
            yield State.GOOD, words, ""
        elif dataset.download_bytes:
            words = _("{title} is not here. The page Data downloads it ({size}).").format(
                title=title, size=size(dataset.download_bytes)
            )
            command = "sudo apt install dataset-fashion-mnist" if name == "fashion_mnist" else ""
            yield State.MISSING, words, command if _has("apt") else ""


def _weights() -> Examined:
    """The weights that come with the program; each is read to its card."""
    good = 0
    for path in weights.files():
        try:
            checkpoints.read_card(path)
        except ValueError as error:
            yield State.FAULT, str(error), f"git checkout -- {path}"
        else:
            good += 1
    words = ngettext(
        "The trained weights of {count} network are here.",
        "The trained weights of {count} networks are here.",
        good,
    ).format(count=good)
    if good:
        yield State.GOOD, words, ""
    else:
        yield State.MISSING, words, "make checkpoints"


def _browser() -> Examined:
    if path := next(filter(None, map(shutil.which, _BROWSERS)), None):
        yield State.GOOD, _("The browser tests can use {path}.").format(path=path), ""
    else:
        words = _("There is no Chromium. Only the browser tests need it; `make test` installs it.")
        yield State.MISSING, words, f".ci/chromium {sys.executable}"


def _proxy() -> Examined:
    if path := _has("haproxy"):
        words = _("HAProxy is here ({path}): `serve --processes` can serve a large class.")
        yield State.GOOD, words.format(path=path), ""
    else:
        words = _("HAProxy is not here. Only `serve --processes`, for a large class, needs it.")
        yield State.MISSING, words, "sudo apt install haproxy" if _has("apt") else ""


def _has(program: str) -> str | None:
    """The program's path; Debian keeps those of an administrator out of most people's."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")


# -- the data folder ----------------------------------------------------------------------------


def _folder() -> Examined:
    """Where everything is kept: it can be written, lies on this machine, and has room."""
    home = storage.home()
    existing = next(path for path in (home, *home.parents) if path.exists())
    free = storage.free(existing)
    if not os.access(existing, os.W_OK):
        words = _("{folder} cannot be written; nothing can be trained or kept.")
        quoted = shlex.quote(str(home))  # nothing around it is made the reader's own
        own = "chown -R" if home.exists() else "install -d -m 700 -o"
        yield State.FAULT, words.format(folder=home), f'sudo {own} "$USER" {quoted}'
        return
    if _REMOTE.search(kind := _file_system(existing)):
        words = _(
            "{folder} lies on another machine ({kind}), where two processes cannot share it "
            "safely. Name a folder on a disk of this machine."
        ).format(folder=home, kind=kind)
        yield State.FAULT, words, f"export {storage.VARIABLE}=$HOME/convscope"
    if free < _LEAST_DISK:
        words = _("The disk of {folder} has only {free} left. Delete runs or other files.")
        yield State.FAULT, words.format(folder=home, free=size(free)), ""
    try:
        count = len(runs.listed())
    except ValueError as error:
        yield State.FAULT, str(error), ""
        return
    words = ngettext(
        "{folder} holds {count} run; {free} of its disk are free.",
        "{folder} holds {count} runs; {free} of its disk are free.",
        count,
    )
    yield State.GOOD, words.format(folder=home, count=count, free=size(free)), ""


def _file_system(path: Path) -> str:
    """The kind of file system that a path lies on, as the system calls it; "" if it does not."""
    mounts = [
        each for each in psutil.disk_partitions(all=True) if path.is_relative_to(each.mountpoint)
    ]
    return max(mounts, key=lambda each: len(each.mountpoint)).fstype if mounts else ""
