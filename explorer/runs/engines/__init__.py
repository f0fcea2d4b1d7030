"""Who computes the runs: anything that answers to four verbs.

`local` (processes on this machine) is built in. To add another, for a cluster say, copy its file,
and name it here. Its sessions (`session.Session`) may tell another writer and fill another vault.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from explorer.base.language import _
from explorer.base.reasons import Reason
from explorer.runs.engines.local import Local
from explorer.runs.records import Request, Run


class Engine(Protocol):
    """The four verbs."""

    def devices(self) -> Sequence[str]:
        """Names of what it can compute on, the best first."""
        ...

    def submit(self, run: Run) -> None:
        """See that somebody takes up this queued run, or cares for it; saying so again is no harm.

        Raises:
            ValueError: nobody can; a sentence says why.
        """
        ...

    def ask(self, run: Run, wish: Request) -> bool:
        """Let the run's worker know that it should pause or stop; whether it has one."""
        ...

    def look(self, runs: Sequence[Run]) -> Mapping[int, Reason]:
        """Which of these runs, given to workers, have lost theirs: number → why."""
        ...


ENGINES: Mapping[str, Engine] = {"local": Local()}


def get(name: str) -> Engine:
    """An engine by its name.

    Raises:
        ValueError: there is none.
    """
    if name not in ENGINES:
        raise ValueError(
            _("There is no engine called “{given}”. These are known: {known}.").format(
                given=name, known=", ".join(ENGINES)
            )
        )
    return ENGINES[name]
