"""Work that outlasts a page's run: progress, a place in a queue, a stop, the same for all who ask.

It is done in a thread, or in a process of its own with limits: what a stranger's file does to the
library that reads it stays in that process, and ends with it.
"""

from explorer.base.tasks.pool import COMPUTING, Pool, ProcessPool, SharedTasks
from explorer.base.tasks.process import Garbled, Spare
from explorer.base.tasks.records import (
    UNKNOWN,
    Client,
    Ending,
    Output,
    ProcessLimits,
    Progress,
    Refused,
    Work,
    unheard,
)
from explorer.base.tasks.task import Steps, Task
