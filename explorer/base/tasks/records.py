"""What a piece of work is, what it may take, and how it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt

Progress = Callable[[int, int], None]  # bytes (or pictures) done, and how many there are in all
Array = npt.NDArray[np.uint8] | npt.NDArray[np.int64]


def unheard(_done: int, _total: int) -> None:
    """Progress that nobody asks about."""


class Refused(ValueError):
    """What was given is understood, but not taken; the message is for the visitor."""


@dataclass(frozen=True)
class ProcessLimits:
    """What one piece of work may take; whatever takes more is ended."""

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int  # besides what an idle process has; all of it where that is measured
    output_bytes: int


@dataclass(frozen=True)
class Client:
    """For whom work is done: a visitor, and the network address that they come from.

    A visitor is whoever keeps the same cookie, so that one person may be many; the address, where
    it is known, they have in common. A class behind one router has it in common too.
    """

    visitor: str = ""
    address: str = ""  # "" is not known, or this machine itself: each visitor counts alone

    @property
    def network(self) -> str:
        """Among whom places are shared first."""
        return self.address or f"visitor {self.visitor}"


UNKNOWN = Client()


@dataclass(frozen=True)
class Work:
    """A call of `function` ("package.module:name") in a process of its own.

    It is called as function(content, progress, **arguments) and gives an `Output`; `Refused` is
    its way to say a sentence to the visitor.
    """

    function: str
    limits: ProcessLimits
    content: bytes = field(default=b"", repr=False)
    arguments: Mapping[str, Any] = field(default_factory=dict)  # plain data: it travels as JSON


@dataclass(frozen=True, eq=False)
class Output:
    """What came back from the process: plain data and arrays, never an object of its choice."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: tuple[Array, ...] = ()


class Ending(Enum):
    """How a piece of work ended."""

    DONE = auto()
    REFUSED = auto()  # with a sentence of its own
    STOPPED = auto()  # by somebody
    LEFT = auto()  # since nobody watched; asked for again, it goes on from where it was
    CPU = auto()  # the limits
    WALL = auto()
    MEMORY = auto()
    OUTPUT = auto()
    BROKEN = auto()  # a fault of ours; the log says more


class Overrun(Exception):
    """The process took more than a limit allows; `ending` says of what."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.name)
        self.ending = ending
