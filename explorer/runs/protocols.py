"""What a run tells, to whom, and where it keeps its weights: what every engine gives its sessions.

The local ones are `writer.StoreWriter` (rows of the store) and `FolderVault` (files beside it, in
`engines.local.worker`). Nothing here imports torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from explorer.base.reasons import NO_REASON, Reason
from explorer.runs.records import Request, Status

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.base.device import Device
    from explorer.training import Record, State
    from explorer.training.checkpoints import Card


@dataclass(frozen=True)
class Placed:
    """It trains on this device."""

    device: "Device"


@dataclass(frozen=True)
class Resumed:
    """It goes on from here; whatever came after this step will be done, and told, again."""

    step: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Loading:
    """So many bytes of the data set have been downloaded, of so many."""

    done: int
    total: int


@dataclass(frozen=True)
class Held:
    """Bytes that a step was thought to need, and what the training has held at most."""

    needed: int
    peak: int


@dataclass(frozen=True)
class Alive:
    """Nothing new, but it goes on: so many seconds of training by now, once there are any."""

    seconds: float | None = None


@dataclass(frozen=True)
class Ended:
    """How a session has ended."""

    status: Status
    reason: Reason = NO_REASON


if TYPE_CHECKING:
    Message = Record | Placed | Resumed | Loading | Held | Alive | Ended


class NotMine(Exception):
    """The run has been given to another session, or is gone."""


class Writer(Protocol):
    """Whoever keeps what a run tells."""

    def tell(self, record: "Message") -> Request:
        """Keep a record of the run; what is requested of it.

        Raises:
            NotMine: the run is no longer this session's: nothing is kept.
            ValueError: the record cannot be kept.
        """
        ...


class Vault(Protocol):
    """Where one run's weights and states are kept. What raises `ValueError` says why in words."""

    def state(self) -> "State | None":
        """Where the run was when its state was last put; None if none has been."""
        ...

    def put_state(self, state: "State", card: "Card") -> None:
        """Keep this state in place of the one before. Its tensors are overwritten afterwards.

        All that was told before it has been kept by the run's writer.
        """
        ...

    def put_checkpoint(self, weights: "Mapping[str, Tensor]", card: "Card") -> None:
        """Keep the weights at the end of the epoch `card.epoch`, which are overwritten afterwards.

        The oldest may give way to them.
        """
        ...

    def forget_after(self, epoch: int) -> None:
        """Let go of later epochs' checkpoints, which will be made again."""
        ...
