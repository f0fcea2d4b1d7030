"""A training run as a background job: what pages and the command line do with it.

A run is a row in the store from the moment that it is launched. A host process gives it to a
worker process when its turn comes; whoever asks reads the store. Nobody who asks computes.
"""

from explorer.base.reasons import Reason
from explorer.runs.artifacts import KeptEpochs, checkpoint, checkpoints
from explorer.runs.commands import cancel, delete, launch, note, pause, rename, resume, retry, stop
from explorer.runs.metrics import curves, epochs, predictions, snapshot, snapshots, weights
from explorer.runs.records import (
    COMMANDS,
    TITLES,
    Curve,
    EpochRow,
    Expected,
    Predictions,
    Progress,
    Request,
    Run,
    SnapshotRow,
    Status,
)
from explorer.runs.store import count_waiting
from explorer.runs.waiting_time import expected, next_turn
from explorer.runs.watchdog import get, listed, stamp, watch
