"""Garbage is collected beside the visitors' clicks, never after one, and memory given back.

Streamlit's own way, a full collection after every run of a page, is off (`runner.postScriptGC`):
it walks all that lives in the process, and 60 visitors waited 4 s. Here, what is loaded before the
first visitor is taken out of all rounds for good; the young are collected as Python does it; and
the rest, sessions and what is kept for them, from time to time.

What is freed goes to the C library first, and glibc keeps it, for every thread some of its own.
After forty visitors with forty networks that was a third of all that the server had.
"""

import asyncio
import ctypes
import gc
import time
from contextlib import suppress

EVERY = 15.0  # seconds between two collections, at least
TRIM_EVERY = 10.0  # seconds
SHARE = 0.01  # of the time, at most: nobody is served while the whole is walked
YOUNG = 5_000  # new objects before the youngest are looked at: some make way within one click
NEVER = 1_000_000  # rounds of the young before Python itself would walk the whole


def settle() -> None:
    """Take all that lives now out of the rounds, once everything that pages need is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, NEVER)


def collect() -> float:
    """Walk all that came since `settle`; the seconds that it took."""
    began = time.perf_counter()
    gc.collect()
    return time.perf_counter() - began


async def collect_now_and_then() -> None:
    """Do so until cancelled, the more rarely the longer it takes."""
    took = 0.0
    while True:
        await asyncio.sleep(max(EVERY, took / SHARE))
        took = await asyncio.to_thread(collect)


def trim() -> None:
    """Give back what is free, where the C library can."""
    with suppress(AttributeError, OSError):  # another system's
        ctypes.CDLL(None).malloc_trim(0)


async def trim_now_and_then() -> None:
    """Do so until cancelled, beside whatever else goes on."""
    while True:
        await asyncio.sleep(TRIM_EVERY)
        await asyncio.to_thread(trim)
