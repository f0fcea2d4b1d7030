"""How many of our files take part in one opening of a page: those in which a function runs.

    python -m benchmarks.opening          # Layers
    python -m benchmarks.opening new-run

A visitor stands on the first page and goes to another one. Everything has been imported by then,
and nothing is kept: whoever wants to read how the page comes about, from its address to what it
paints, has these files to read.
"""

import argparse
import functools
import gc
import logging
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer.base.cache import SizedCache
from explorer.ui.entries import ROOT, entry

OURS = (str(ROOT / "explorer"), str(ROOT / "pages"))
FRAME = str(ROOT / "explorer" / "ui" / "frame.py")


def forget() -> None:
    """Empty every cache of this process, and what objects of ours have worked out of themselves."""
    st.cache_data.clear()
    st.cache_resource.clear()
    for each in gc.get_objects():
        kind = type(each)
        if kind is functools._lru_cache_wrapper:
            each.cache_clear()
        elif kind is SizedCache:
            each.clear()
        elif str(kind.__module__).startswith(("explorer.", "pages.")):
            for name, attribute in vars(kind).items():
                if isinstance(attribute, functools.cached_property):
                    vars(each).pop(name, None)


def opened(url: str, calls: Counter[str]) -> None:
    """Open the page at `url`; `calls` counts, by file, the functions of ours that are called."""

    def on_event(frame: FrameType, event: str, _argument: object) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(OURS):
            calls[str(Path(name).relative_to(ROOT))] += 1

    at = AppTest.from_file(FRAME, default_timeout=60).run()
    at.switch_page(str(entry(url).path))
    threading.settrace(on_event)  # the page's script runs in a thread of its own
    sys.settrace(on_event)
    try:
        at.run()
    finally:
        sys.settrace(None)
        threading.settrace(None)
    if at.exception:
        raise SystemExit(at.exception[0].message)


def main() -> None:
    """Print every file with its calls, and how many files there are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("page", nargs="?", default="layers", help="as its address ends")
    page = parser.parse_args().page
    logging.disable(logging.WARNING)  # Streamlit misses the server
    opened(page, Counter())
    forget()
    calls: Counter[str] = Counter()
    opened(page, calls)
    for file, number in sorted(calls.items()):
        print(f"{number:8} {file}")
    print(f"{len(calls):8} files")


if __name__ == "__main__":
    main()
