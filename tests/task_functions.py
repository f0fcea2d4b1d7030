"""What the tests have done in processes of their own (`tests/explorer/base/test_tasks.py`)."""

import os
import sys
import time

import numpy as np

from explorer.base import language
from explorer.base.tasks import Output, Progress, Refused
from explorer.data.decoding import markers, pictures


def look(content: bytes, progress: Progress, *, word: str) -> Output:
    """What such a process has and knows."""
    progress(1, 2)
    facts = {
        "content": len(content),
        "word": word,
        "language": language.current(),
        "surroundings": sorted(os.environ),
        "heavy": sorted({"torch", "streamlit", "torchvision"} & sys.modules.keys()),
    }
    return Output(facts, (np.arange(6, dtype=np.uint8).reshape(2, 3), np.array([-1, 2**40])))


def refuse(_content: bytes, _progress: Progress) -> Output:
    """A sentence for the visitor."""
    raise Refused("Not this one.")


def fail(_content: bytes, _progress: Progress) -> Output:
    """A fault of ours, whose words are not for visitors."""
    raise ValueError("a secret of ours")


def spin(_content: bytes, progress: Progress) -> Output:
    """Take a core, for ever, and say which process does."""
    progress(os.getpid(), 2 * os.getpid())
    while True:
        pass


def sleep(_content: bytes, _progress: Progress) -> Output:
    """Take time, and nothing else."""
    time.sleep(1_000)
    return Output()


def linger(_content: bytes, progress: Progress, **_arguments: str) -> Output:
    """Do a fourth of the work, and no more."""
    progress(10, 40)
    time.sleep(1_000)
    return Output()


def grow(_content: bytes, _progress: Progress) -> Output:
    """Take memory, without end."""
    held = []
    while True:
        held.append(np.ones(4_000_000, np.uint8))
        time.sleep(0.001)


def flood(_content: bytes, _progress: Progress) -> Output:
    """Answer with more than anybody wants."""
    return Output(arrays=(np.zeros(10_000_000, np.uint8),))


def write(_content: bytes, _progress: Progress, *, path: str) -> Output:
    """Write a file."""
    with open(path, "wb") as file:  # noqa: PTH123 (as a stranger would)
        file.write(b"x" * 100)
        file.flush()
    return Output()


def babble(_content: bytes, _progress: Progress, *, raw: str, then: str = "live on") -> Output:
    """Speak past the one who listens for answers, and then "end", "hang up" or live on."""
    os.write(1, bytes.fromhex(raw))
    if then == "end":
        os._exit(0)
    if then == "hang up":
        os.close(1)
    time.sleep(1_000)
    return Output()


def decode_unchecked(content: bytes, progress: Progress) -> Output:
    """A picture whose markers would give it away, as if they did not."""
    markers.check = lambda _content: None
    return pictures.decode(content, progress, side=1024)
