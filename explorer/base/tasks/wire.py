"""What the two processes say to each other: JSON with raw numbers after it, never a pickle.

A message is its header's length (4 bytes, big endian), the header (JSON), and the bytes of the
arrays that the header announces. Whoever reads takes only so much as is allowed, and only whole
numbers: what the other side claims is checked before room is made for it.
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from explorer.base.tasks.records import Array, Ending, Overrun

LONGEST_HEADER = 1_000_000  # bytes; a hundred classes' names take six thousand
MOST_ARRAYS = 4
MOST_DIMENSIONS = 4
_Dtype = np.dtype[np.uint8] | np.dtype[np.int64]
DTYPES: dict[str, _Dtype] = {"u1": np.dtype(np.uint8), "i8": np.dtype(np.int64)}

Message = tuple[dict[str, Any], tuple[Array, ...]]


class Garbled(Exception):
    """What came is no message: the other side says what it may not say."""


def write(stream: IO[bytes], header: Mapping[str, Any], *arrays: Array) -> None:
    """Send one message."""
    announced = [[each.dtype.str[1:], list(each.shape)] for each in arrays]
    text = json.dumps({**header, "arrays": announced}).encode()
    stream.write(struct.pack(">I", len(text)) + text)
    for each in arrays:
        stream.write(_raw(np.ascontiguousarray(each)))
    stream.flush()


def read(stream: IO[bytes], most_bytes: int) -> Message:
    """The next message, whose arrays have at most so many bytes.

    Raises:
        EOFError: the other side has ended, before it or within it.
        Garbled: it is none.
        Overrun: it announces more than is allowed.
    """
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    if length > LONGEST_HEADER:
        raise Overrun(Ending.OUTPUT)
    try:
        header = json.loads(_exactly(stream, length))
        shapes = [_announced(*each) for each in header.pop("arrays")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Garbled from None
    total = sum(math.prod(shape) * dtype.itemsize for dtype, shape in shapes)
    if len(shapes) > MOST_ARRAYS or total > most_bytes:
        raise Overrun(Ending.OUTPUT)
    return header, tuple(_array(stream, dtype, shape) for dtype, shape in shapes)


_Shape = tuple[_Dtype, tuple[int, ...]]


def _announced(name: str, shape: list[int]) -> _Shape:
    if len(shape) > MOST_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise Garbled
    return DTYPES[name], tuple(shape)


def _array(stream: IO[bytes], dtype: _Dtype, shape: tuple[int, ...]) -> Array:
    found: Array = np.empty(shape, dtype)
    _fill(stream, _raw(found))
    return found


def _raw(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _exactly(stream: IO[bytes], length: int) -> bytes:
    room = bytearray(length)
    _fill(stream, memoryview(room))
    return bytes(room)


def _fill(stream: IO[bytes], room: memoryview) -> None:
    at = 0
    while at < len(room):
        got = stream.readinto(room[at:])  # type: ignore[attr-defined]  # a pipe is no plain IO
        if not got:
            raise EOFError
        at += got
