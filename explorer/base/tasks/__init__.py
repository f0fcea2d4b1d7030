"""Work in a process of its own: with limits, progress, a place in a queue, and a stop that ends it.

What a stranger's file does to the library that reads it stays in that process, and ends with it.
"""

from explorer.base.tasks.pool import Pool
from explorer.base.tasks.records import (
    UNKNOWN,
    Client,
    Ending,
    Output,
    ProcessLimits,
    Progress,
    Refused,
    Work,
)
from explorer.base.tasks.spare import Spare
from explorer.base.tasks.task import Task
from explorer.base.tasks.wire import Garbled

__all__ = [
    "UNKNOWN",
    "Client",
    "Ending",
    "Garbled",
    "Output",
    "Pool",
    "ProcessLimits",
    "Progress",
    "Refused",
    "Spare",
    "Task",
    "Work",
]
