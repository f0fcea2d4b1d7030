"""Where strangers' files are read: in processes, so many at once, each within its limits.

Of the memory that this server may count on, pictures have a fourth, and archives: neither waits for
the other's. One of each is always read, on the smallest machine, too.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from explorer.base import memory
from explorer.base.tasks import Client, Output, ProcessLimits, ProcessPool, Spare, Task, Work
from explorer.data.decoding.pictures import MOST_BYTES, check_bytes

Value = TypeVar("Value")

_CORES = os.cpu_count() or 1


def places(limits: ProcessLimits, most: int, memory: int) -> int:
    """How many of them, up to `most`, fit into a fourth of so many bytes of memory.

    Each has what its process takes, and what comes of it back into the server.
    """
    return max(1, min(most, memory // 4 // (limits.memory_bytes + limits.output_bytes)))


def waiting_bytes(most: int, memory: int) -> int:
    """Of the files that wait, up to `most`: a sixteenth of so many bytes of memory."""
    return min(most, memory // 16)


_MEMORY = memory.share()

SPARE = Spare("explorer.data.decoding.pictures", "explorer.data.decoding.archives")

# The largest pictures that are taken need 2 s of a core and 500 MB.
PICTURE = ProcessLimits(
    cpu_seconds=10, wall_seconds=60, memory_bytes=800_000_000, output_bytes=20_000_000
)
PICTURES = ProcessPool(
    SPARE,
    at_once=places(PICTURE, max(4, _CORES), _MEMORY),
    most=200,
    most_each=5,
    most_bytes=waiting_bytes(50 * MOST_BYTES, _MEMORY),
)


def start_picture(
    content: bytes, side: int, finish: Callable[[Output], Value], client: Client
) -> Task[Value]:
    """Begin to read this client's PNG or JPEG, shrunk to `side` pixels; `finish` makes of it what
    is wanted.

    Raises:
        Refused: a sentence for the visitor: the file is too large, or too many are being read.
    """
    check_bytes(content)
    work = Work("explorer.data.decoding.pictures:decode", PICTURE, content, {"side": side})
    return PICTURES.start(work, finish, client)


# Ten thousand million pixels, and all pictures at one size.
ARCHIVE = ProcessLimits(
    cpu_seconds=900, wall_seconds=3600, memory_bytes=1_500_000_000, output_bytes=600_000_000
)
LEAST_SECONDS, SECONDS_A_MEGABYTE = 30, 6  # of a core; photographs take 0.02 s a megabyte
ARCHIVES = ProcessPool(
    SPARE,
    at_once=places(ARCHIVE, max(2, _CORES // 4), _MEMORY),
    most=40,
    most_each=2,
    most_bytes=waiting_bytes(1_000_000_000, _MEMORY),
)


def archive_limits(number_of_bytes: int) -> ProcessLimits:
    """What an archive of so many bytes may take: a small one has no long work in it."""
    seconds = LEAST_SECONDS + SECONDS_A_MEGABYTE * number_of_bytes / 1_000_000
    return replace(ARCHIVE, cpu_seconds=min(seconds, ARCHIVE.cpu_seconds))
