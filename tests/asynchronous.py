"""Asynchronous work in a test that a browser's may come before."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")
PATIENCE = 120  # seconds


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` gives, done in a thread of its own: Playwright leaves a loop running in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(work, PATIENCE)).result()
