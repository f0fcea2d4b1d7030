"""Training as a generator of records: it knows no store and no screen."""

from explorer.training.batches import subset_indices
from explorer.training.budget import TEST_SHARE, estimate
from explorer.training.loop import Training
from explorer.training.machine import HostBuffer, environment
from explorer.training.records import (
    Budget,
    Capture,
    Diverged,
    Epoch,
    Finished,
    OutOfMemory,
    Record,
    Snapshot,
    Started,
    State,
    Steps,
    Testing,
)
from explorer.training.setting import Peak
