"""Why something ended as it did: a code with values, kept for readers of any language.

What is stored is never a sentence. The words stand here, and are chosen when somebody reads.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer.language import N_, _
from explorer.terminal import duration
from explorer.units import size

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """A code and what it is about. No code is no reason; it prints as a sentence, or as nothing."""

    code: str = ""
    values: Values = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.code)

    def __str__(self) -> str:
        """The sentence in the reader's language."""
        if not self.code:
            return ""
        words = _WORDS[self.code]
        return words(self.values) if callable(words) else _(words).format(**self.values)

    def as_json(self) -> str:
        """One line of JSON; empty where there is no reason."""
        kept = {"code": self.code, "values": dict(self.values)}
        return json.dumps(kept, allow_nan=False) if self.code else ""


NO_REASON = Reason()


def from_json(text: str) -> Reason:
    """The inverse of `Reason.as_json`."""
    return Reason(**json.loads(text)) if text else NO_REASON


def sentence(text: str) -> Reason:
    """Words that have no code: a library's, or those of an older version; shown as they are."""
    return Reason("sentence", {"text": text})


def of(error: Exception) -> Reason:
    """What an error has to say: its code, if it has one."""
    return error.reason if isinstance(error, CodedError) else sentence(str(error))


class CodedError(ValueError):
    """A refusal that can be kept; each time it is printed, it is in the reader's language."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, values)
        self.reason = Reason(code, values)

    def __str__(self) -> str:
        return str(self.reason)


# -- words ------------------------------------------------------------------------------------


def _as_it_is(values: Values) -> str:
    return str(values["text"])


_RUNAWAYS: Mapping[str, str] = {
    "nan": N_("At step {step} the loss was no number any more (NaN)."),
    "infinite": N_("At step {step} the loss was infinite."),
    "exploded": N_("At step {step} the loss had exploded to {loss}."),
    "gradient": N_("At step {step} the gradient was no finite number."),
}


def _diverged(values: Values) -> str:
    """What happened at which step (counted from 1), and what to change."""
    rate, loss, norm = values["learning_rate"], values["loss"], values["norm"]
    what = _(_RUNAWAYS[values["what"]]).format(step=values["step"], loss=f"{float(loss):.3g}")
    why = _(
        "Steps at a learning rate of {rate} overshoot: each makes the weights and the next "
        "gradient larger"
    ).format(rate=f"{rate:g}")
    why += "." if norm is None else _(" (its norm is {norm}).").format(norm=f"{float(norm):.3g}")
    advice = _("Try a learning rate of {rate}").format(rate=f"{rate / 10:g}")
    if values["initialisation"] == "default":
        advice += _(", or start from Xavier weights")
    return f"{what} {why} {advice}."


def _seconds_spent(values: Values) -> str:
    words = _(
        "It has trained for {most}, as long as a run may here. Its state was saved: the teacher "
        "can resume it without that limit."
    )
    return words.format(most=duration(values["seconds"]))


def _disk_spent(words: str) -> Callable[[Values], str]:
    """A sentence whose values are bytes."""
    return lambda values: _(words).format(**{name: size(each) for name, each in values.items()})


_WORDS: Mapping[str, str | Callable[[Values], str]] = {
    "sentence": _as_it_is,
    "diverged": _diverged,
    "fault": N_(
        "The program failed: {error}. This is our mistake; the details are in the run's log."
    ),
    "asked_to_end": N_(
        "The machine, or somebody, asked its process to end. It has saved its state before."
    ),
    "lost": N_(
        "Its process ended while nobody was looking: the machine was switched off, or somebody "
        "ended it. It can be resumed from its last checkpoint."
    ),
    "never_began": N_(
        "Its process died {attempts} times before it could begin. The run’s log and the host’s "
        "(host.log) say more; it can be resumed once that is mended."
    ),
    "killed": N_(
        "Its process was ended from outside ({signal}). It can be resumed from its last checkpoint."
    ),
    "out_of_memory": N_(
        "The machine ran out of memory and ended the run’s process. Close other programs, then "
        "resume it; or start a new run with smaller batches, smaller pictures or a smaller network."
    ),
    "crashed": N_(
        "Its process crashed ({signal}). The run’s log may say more; it can be resumed from its "
        "last checkpoint."
    ),
    "seconds_spent": _seconds_spent,
    "run_disk_spent": _disk_spent(
        N_(
            "Its files took {taken}; {most} are allowed for a run here. The teacher can resume it "
            "without that limit."
        )
    ),
    "all_disk_spent": _disk_spent(
        N_(
            "All runs together took {taken}; {most} are allowed here. Delete runs that nobody "
            "needs, or ask the teacher to; then resume it."
        )
    ),
    "free_disk_spent": _disk_spent(
        N_(
            "The disk had {free} left, and {least} are to stay free here. Delete what nobody "
            "needs, or ask the teacher to; then resume it."
        )
    ),
    "disk_full": N_("The disk became full. Make room, then resume it from its last checkpoint."),
    "exit_status": N_("Its process failed (exit status {status}). The run’s log says more."),
}
