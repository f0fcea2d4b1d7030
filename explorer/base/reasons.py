"""Why something ended as it did: a code with values, kept for readers of any language.

What is stored is never a sentence. The words stand here, and are chosen when somebody reads.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from explorer.base.language import N_, _
from explorer.base.units import duration, exact, size

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
        words = _WORDS.get(self.code, self.code)  # one of another version's says itself at least
        values = {name: _worded(value) for name, value in self.values.items()}
        return words(values) if callable(words) else _(words).format(**values)

    def plain(self) -> dict[str, Any]:
        """As plain data, to be kept, or to be one of another's values."""
        return {"code": self.code, "values": dict(self.values)}

    def as_json(self) -> str:
        """One line of JSON; empty where there is no reason."""
        return json.dumps(self.plain(), allow_nan=False) if self.code else ""


NO_REASON = Reason()


def from_json(text: str) -> Reason:
    """The inverse of `Reason.as_json`."""
    return Reason(**json.loads(text)) if text else NO_REASON


def sentence(text: str) -> Reason:
    """Words that have no code: a library's, or those of an older version; shown as they are."""
    return Reason("sentence", {"text": text})


def _worded(value: Any) -> Any:
    """A value as it stands in a sentence: reasons within reasons are worded, lists told apart."""
    if isinstance(value, dict):
        return str(Reason(**value))
    return ", ".join(value) if isinstance(value, list) else value


def of(error: Exception) -> Reason:
    """What an error has to say: its code, if it has one."""
    return error.reason if isinstance(error, CodedError) else sentence(str(error))


class CodedError(ValueError):
    """A refusal that can be kept; each time it is printed, it is in the reader's language.

    What is stored for other versions has a code of `_WORDS`; else the code may be the words
    themselves, marked with N_.
    """

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code, values)
        self.reason = Reason(code, values)

    def __reduce__(self) -> tuple[Any, ...]:
        """It can be copied, and sent to another process; an error's own way knows no keywords."""
        return partial(type(self), **self.reason.values), (self.reason.code,), vars(self)

    def __str__(self) -> str:
        return str(self.reason)


# -- words ------------------------------------------------------------------------------------


LARGEST_USUAL_RATE = 0.1  # of plain gradient descent; what is told of older runs

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
    smaller = values.get("advice", min(rate / 10, LARGEST_USUAL_RATE))
    advice = _("Try a learning rate of {rate}").format(rate=f"{smaller:g}")
    if values["initialisation"] == "default":
        advice += _(", or start from Xavier weights")
    return f"{what} {why} {advice}."


def _seconds_spent(values: Values) -> str:
    words = _(
        "It has trained for {most}, as long as a run may here. Its state was saved: the teacher "
        "can resume it without that limit."
    )
    return words.format(most=duration(values["seconds"]))


def _spelled(words: str, **spell: Callable[[Any], str]) -> Callable[[Values], str]:
    """A sentence, and how those of its values are spelled that do not stand in it as they are."""

    def sentence(values: Values) -> str:
        spelled = {name: write(values[name]) for name, write in spell.items()}
        return _(words).format(**{**values, **spelled})

    return sentence


def _does_not_fit(values: Values) -> str:
    sentence = _(
        "{network} at {side} × {side} in batches of {batch} needs about {needed} of memory; "
        "{device} has {free} left."
    ).format(**{**values, "needed": size(values["needed"]), "free": size(values["free"])})
    advice = (
        _("Try batches of {batch}.").format(batch=values["smaller"])
        if values["smaller"]
        else _("Try smaller pictures or a smaller network.")
    )
    return f"{sentence} {advice}"


def _not_downloaded(values: Values) -> str:
    """A data set's download failed: why, what to do, and what is at hand instead."""
    ways = [_("{title} could not be downloaded: {why}.").format(**values)]
    if values["data_set"] == "fashion_mnist":
        ways.append(_("On Debian and Ubuntu, “apt install dataset-fashion-mnist” brings it too."))
    ways.append(_("Its files may also be put into {folder} by hand.").format(**values))
    ways.append(_("At hand without a download: {here}.").format(**values))
    return " ".join(ways)


def _which_pictures(values: Values) -> str:
    return _(
        "Say which pictures of your own: give their folder or zip, or name one of those kept here: "
        "{kept}."
    ).format(kept=values["kept"] or _("none yet"))


_WORDS: Mapping[str, str | Callable[[Values], str]] = {
    "sentence": "{text}",
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
    "run_disk_spent": _spelled(
        N_(
            "Its files took {taken}; {most} are allowed for a run here. The teacher can resume it "
            "without that limit."
        ),
        taken=size,
        most=size,
    ),
    "all_disk_spent": _spelled(
        N_(
            "All runs together took {taken}; {most} are allowed here. Delete runs that nobody "
            "needs, or ask the teacher to; then resume it."
        ),
        taken=size,
        most=size,
    ),
    "free_disk_spent": _spelled(
        N_(
            "The disk had {free} left, and {least} are to stay free here. Delete what nobody "
            "needs, or ask the teacher to; then resume it."
        ),
        free=size,
        least=size,
    ),
    "disk_full": N_("The disk became full. Make room, then resume it from its last checkpoint."),
    "does_not_fit": _does_not_fit,
    "unknown_device": N_("There is no device {name} here. Choose one of these: {known}."),
    "unknown_data_set": N_("There is no data set called {name}. These are known: {known}."),
    "which_pictures": _which_pictures,
    "pictures_damaged": N_("{path} is damaged. Delete it, and give the pictures again."),
    "data_damaged": N_(
        "{path} is damaged, or was not copied to its end: what it holds is not what was "
        "published. Delete it, then fetch the data set again."
    ),
    "data_not_downloaded": _not_downloaded,
    "weights_not_downloaded": N_(
        "The published weights of {network} could not be downloaded: {why}. The file {url} may "
        "also be put into {folder} by hand. Until then, look at the network untrained."
    ),
    # Why a download failed: the second half of a sentence.
    "not_as_published": N_("what arrived is not the published file (its checksum differs)"),
    "server_answered": N_("the server answered {status}"),
    "no_internet": N_("the server's name is not found, so there seems to be no internet here"),
    "no_answer": N_("the server did not answer within {seconds} seconds"),
    "no_room_for_it": N_("the disk has no room left for it"),
    "no_room": N_("The disk that holds {folder} is full. Delete runs or other files, then resume."),
    "store_newer": N_(
        "The runs were kept by a newer version of this program. Use that one, or move them."
    ),
    "store_damaged": N_("The store of runs in {folder} is damaged: {why}. Move the folder away."),
    "store_busy": N_(
        "Another process has been writing to the runs in {folder} for more than {seconds} "
        "seconds. Try again; if it stays so, end that process."
    ),
    "store_unusable": N_(
        "The runs in {folder} cannot be read or written: {why}. Make the folder writable, or "
        "name another in the environment variable CONVSCOPE_HOME."
    ),
    "checkpoint_not_written": N_("The checkpoint {path} could not be written: {why}"),
    "checkpoint_not_read": N_("The checkpoint {path} cannot be read: {why}"),
    "checkpoint_damaged": N_(
        "{path} is not a checkpoint that can be used: {why}. Choose another one."
    ),
    "weights_do_not_fit": N_(
        "These weights do not fit {network}: {name} is {got}, but the network needs {wanted}. Was "
        "it built with other options?"
    ),
    # A tensor's shape that is no list of numbers.
    "missing": N_("missing"),
    "one_number": N_("one number"),
    # What is wrong with a checkpoint: the middle of that sentence.
    "holds_nan": N_("{name} holds NaN or infinity"),
    "odd_type": N_("{name} is of type {type}"),
    "other_values": N_("its values are not those that were saved"),
    "no_card": N_("it has no card that says what it is"),
    "impossible_card": N_("its card holds impossible values"),
    "many_tensors": _spelled(N_("it lists {count} tensors"), count=exact),
    "impossible_shape": N_("{name} has an impossible shape"),
    "larger_than_any": _spelled(
        N_("it is larger than any state of {network} can be ({most})"), most=size
    ),
    "too_large": _spelled(N_("at most {most} are read"), most=size),
    "cut_short": N_("it is cut short, or another kind of file"),
    "our_mistake": N_("That went wrong, and it is our mistake. The server's log says why."),
    "exit_status": N_("Its process failed (exit status {status}). The run’s log says more."),
}
