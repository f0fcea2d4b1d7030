"""Memory that nothing uses any more is given back to the system.

What is freed goes to the C library first, and glibc keeps it, for every thread some of its own.
After forty visitors with forty networks that was a third of all that the server had.
"""

import asyncio
import ctypes
from contextlib import suppress

EVERY = 10.0  # seconds


def trim() -> None:
    """Give back what is free, where the C library can."""
    with suppress(AttributeError, OSError):  # another system's
        ctypes.CDLL(None).malloc_trim(0)


async def now_and_then() -> None:
    """Do so until cancelled, beside whatever else goes on."""
    while True:
        await asyncio.sleep(EVERY)
        await asyncio.to_thread(trim)
