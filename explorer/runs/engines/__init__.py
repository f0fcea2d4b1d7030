"""Who computes the runs. `local` (processes on this machine) is built in.

To add another, for a cluster say, write its file and name it here. Its sessions
(`session.Session`) may tell another writer and fill another vault than the local ones.

A device is named by its kind ("mps") or, where there may be several, by kind and number
("cuda:1"). Each run waits in a queue of its engine: in one device's or, under the name of a kind,
in that of all devices of the kind. Another engine's devices may have the same names.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from explorer.base.language import _
from explorer.base.reasons import Reason
from explorer.runs.engines.local import Local
from explorer.runs.records import LOCAL, Request, Run

if TYPE_CHECKING:
    from explorer.base.device import Device


class Engine(Protocol):
    """What is asked of whoever computes."""

    def devices(self) -> "Sequence[Device]":
        """What it can compute on, the best first."""
        ...

    def resolve(self, name: str) -> str:
        """The queue in which a run waits that asks for this device: "auto", a kind, a name.

        Raises:
            ValueError: it has no such device.
        """
        ...

    def watch(self, name: str) -> None:
        """This process shows runs: keep what computes on this device ready until it ends.

        Raises:
            ValueError: it has no such device, or cannot.
        """
        ...

    def submit(self, run: Run) -> None:
        """See that somebody takes up this queued run, or cares for it; saying so again is no harm.

        Raises:
            ValueError: nobody can; a sentence says why.
        """
        ...

    def ask(self, run: Run, request: Request) -> bool:
        """Let the run's session know that it should pause or stop; whether it has one."""
        ...

    def lost(self, runs: Sequence[Run]) -> Mapping[int, Reason]:
        """Which of these runs, given to sessions, have lost theirs: number → why."""
        ...


ENGINES: Mapping[str, Engine] = {LOCAL: Local()}


def get(name: str) -> Engine:
    """An engine by its name.

    Raises:
        ValueError: there is none.
    """
    if name not in ENGINES:
        text = _("There is no engine called “{given}”. These are known: {known}.")
        raise ValueError(text.format(given=name, known=", ".join(ENGINES)))
    return ENGINES[name]


def devices(name: str) -> "Sequence[Device]":
    """What an engine computes on; nothing where the engine is no longer known."""
    return ENGINES[name].devices() if name in ENGINES else ()
