"""Who may do what where a class shares one server: roles, and how much a visitor may take.

The start options become `Rules`, which reach the server's processes in one environment variable.
Without it, which is how one works alone on one's own machine, everything is allowed to everyone.
Every refusal is a sentence: what was asked, what the limit is, who can change it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from explorer.base.language import _, ngettext
from explorer.base.units import duration, size

VARIABLE = "CONVSCOPE_ACCESS"
GB = 10**9


class Denied(ValueError):
    """Not to this visitor; the sentence says what is allowed, and who can change that."""


class Who(StrEnum):
    """Who may do something on the pages. On the machine itself the command line always may."""

    EVERYONE = "everyone"
    TEACHER = "teacher"
    NOBODY = "nobody"


@dataclass(frozen=True)
class RunLimits:
    """How much runs may take; 0 is without limit. They are kept with each run that they bind."""

    waiting: int = 0  # runs of one visitor that wait or train
    queue: int = 0  # the same of all visitors together: who has no cookie is a new one each time
    epochs: int = 0
    seconds: float = 0.0  # of training
    run_bytes: int = 0  # one run's files
    all_bytes: int = 0  # those of all runs
    free_bytes: int = 0  # that stay free on the disk

    def as_json(self) -> str:
        """One line of JSON; empty where nothing is limited."""
        return "" if self == NO_LIMITS else json.dumps(asdict(self))


NO_LIMITS = RunLimits()
IN_CLASS = RunLimits(
    waiting=6,  # as many as the largest experiment launches
    queue=60,
    epochs=100,
    seconds=3600.0,
    run_bytes=3 * GB,  # the largest network of the course, with Adam, just fits
    all_bytes=20 * GB,
    free_bytes=2 * GB,
)


def limits_from_json(text: str) -> RunLimits:
    """The inverse of `RunLimits.as_json`."""
    return RunLimits(**json.loads(text)) if text else NO_LIMITS


@dataclass(frozen=True)
class Visitor:
    """Who asks. `owner` is the sum of a browser's cookie, kept with what that browser makes.

    The one visitor of one's own machine, and its command line, have none, and may do everything.
    """

    owner: str = ""
    teacher: bool = True
    limits: RunLimits = NO_LIMITS

    def owns(self, owner: str) -> bool:
        """Whether they may change what is `owner`'s: their own, or, as the teacher, all."""
        return self.teacher or bool(owner and self.owner == owner)


ON_THIS_MACHINE = Visitor()


@dataclass(frozen=True)
class Rules:
    """What the start options say; as they are here, nothing is asked of anybody."""

    shared: bool = False  # the server is open to others than whoever sits at the machine
    secure: bool = False  # it is reached by https alone
    train: Who = Who.EVERYONE
    upload: Who = Who.EVERYONE
    limits: RunLimits = NO_LIMITS
    key: str = field(default="", repr=False)  # the teacher's, see `teachers.hash_key`

    def visitor(self, owner: str, *, teacher: bool) -> Visitor:
        """Whoever asks, with the limits that hold for them: of the teacher, the disk's alone."""
        if not self.shared:
            return ON_THIS_MACHINE
        most = self.limits
        if teacher:
            most = RunLimits(all_bytes=most.all_bytes, free_bytes=most.free_bytes)
        return Visitor(owner, teacher, most)

    def environment(self) -> dict[str, str]:
        """What tells the server's processes."""
        return {VARIABLE: json.dumps(asdict(self))} if self.shared else {}


def rules(environment: Mapping[str, str] = os.environ) -> Rules:
    """The rules under which this process was started."""
    return _rules(environment.get(VARIABLE, ""))


@lru_cache(maxsize=8)
def _rules(text: str) -> Rules:
    if not text:
        return Rules()
    options = json.loads(text)
    who = {name: Who(options[name]) for name in ("train", "upload")}
    return Rules(**{**options, **who, "limits": RunLimits(**options["limits"])})


def owner_of(cookie: str) -> str:
    """What is kept of a visitor's cookie: from it nobody can make the cookie again.

    A plain sum is enough: the cookie is random and as long as a key of a cipher.
    """
    return sha256(cookie.encode()).hexdigest()


# -- checks: each raises `Denied` where it does not hold ----------------------------------------


def check_change(visitor: Visitor, owner: str, name: str) -> None:
    """Whether `visitor` may change the run or the set of pictures `name`, which is `owner`'s."""
    if visitor.owns(owner):
        return
    if owner:
        text = _("{name} is another visitor's. Only whoever made it, and the teacher, change it.")
    else:
        text = _("{name} was made on the machine itself. Only the teacher changes it here.")
    raise Denied(text.format(name=name))


def check_stop(visitor: Visitor, owner: str) -> None:
    """Whether `visitor` may stop a download that `owner` has begun."""
    if not visitor.owns(owner):
        raise Denied(
            _("Another visitor has begun this download. Only they, and the teacher, can stop it.")
        )


def check_train(visitor: Visitor, rules: Rules) -> None:
    """Whether `visitor` may train."""
    if rules.train is Who.NOBODY:
        text = _(
            "Nothing is trained from this page: the server was started with --train nobody. "
            "Runs can be watched, and whoever sits at the machine can start some there."
        )
        raise Denied(text)
    if rules.train is Who.TEACHER and not visitor.teacher:
        raise Denied(_("Only the teacher trains here. If that is you, give your key at the side."))


def check_upload(visitor: Visitor, rules: Rules) -> None:
    """Whether `visitor` may add pictures."""
    if rules.upload is Who.NOBODY:
        raise Denied(_("No pictures are taken here: the server was started with --upload nobody."))
    if rules.upload is Who.TEACHER and not visitor.teacher:
        raise Denied(
            _("Only the teacher adds pictures here. If that is you, give your key at the side.")
        )


def check_run(limits: RunLimits, epochs: int, seconds: float | None) -> None:
    """Whether a run is small enough; `seconds` is what it is thought to take, or has taken."""
    if limits.epochs and epochs > limits.epochs:
        text = _(
            "The run has {asked} epochs; here {most} are allowed. Take fewer, or ask the "
            "teacher, for whom this does not hold."
        )
        raise Denied(text.format(asked=epochs, most=limits.epochs))
    if limits.seconds and seconds is not None and seconds >= limits.seconds:
        text = _(
            "The run takes about {asked} of training; here {most} are allowed. Take fewer "
            "epochs or pictures, or ask the teacher, for whom this does not hold."
        )
        raise Denied(text.format(asked=duration(seconds), most=duration(limits.seconds)))


def check_waiting(limits: RunLimits, own: int, together: int, more: int = 1) -> None:
    """Whether `more` runs may wait, beside the visitor's `own` and all visitors' `together`."""
    if limits.waiting and own + more > limits.waiting:
        text = _(
            "These are {more} runs, and {n} of yours wait or train; {most} are allowed at "
            "once. Let some end, stop some, or ask the teacher."
        )
        one_more = ngettext(
            "{n} of your runs waits or trains; more are not allowed at once. Let it end, "
            "stop it, or ask the teacher.",
            "{n} of your runs wait or train; more are not allowed at once. Let one end, stop "
            "one, or ask the teacher.",
            own,
        )
        text = text if more > 1 else one_more
        raise Denied(text.format(more=more, n=own, most=limits.waiting))
    if limits.queue and together + more > limits.queue:
        text = _(
            "These are {more} runs, and {n} of this class wait or train; {most} are allowed "
            "at once. Try again when some have ended, or ask the teacher."
        )
        one_more = _(
            "{n} runs of this class wait or train, as many as are allowed. Try again when "
            "some have ended, or ask the teacher."
        )
        text = text if more > 1 else one_more
        raise Denied(text.format(more=more, n=together, most=limits.queue))


def check_room(limits: RunLimits, needed: int, used: int, free: int) -> None:
    """Whether the disk, of which runs have `used` so much, has room for `needed` bytes more."""
    if limits.run_bytes and needed > limits.run_bytes:
        text = _(
            "This run's files take about {asked}; here {most} are allowed. Take a smaller "
            "network, or ask the teacher, for whom this does not hold."
        )
        raise Denied(text.format(asked=size(needed), most=size(limits.run_bytes)))
    if limits.all_bytes and used + needed > limits.all_bytes:
        text = _(
            "The runs kept here take {taken}, this one about {asked} more; {most} are "
            "allowed. Delete runs that nobody needs, or ask the teacher to."
        )
        most = size(limits.all_bytes)
        raise Denied(text.format(taken=size(used), asked=size(needed), most=most))
    if limits.free_bytes and free - needed < limits.free_bytes:
        text = _(
            "The disk has {free} left, of which this would take about {asked}; {least} are to "
            "stay free. Delete what nobody needs, or ask the teacher to."
        )
        least = size(limits.free_bytes)
        raise Denied(text.format(free=size(free), asked=size(needed), least=least))
