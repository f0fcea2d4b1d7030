"""Results kept for everyone, as many as fit; each is made once, however many ask for it at once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class _Making(Generic[T]):
    """One thing that is being made, as long as somebody waits for it."""

    def __init__(self) -> None:
        self.lock = Lock()  # whoever has it makes the thing
        self.asking = 0
        self.made: list[T] = []  # at most one: for those who waited, though the shelf let it go


class Shelf(Generic[T]):
    """Keeps up to `most_bytes`, by `nbytes`; what was used longest ago gives way first.

    What is larger than the whole shelf is handed out and not kept. Nothing is copied: whoever
    still uses what has given way keeps it alive.
    """

    def __init__(self, most_bytes: int, nbytes: Callable[[T], int]) -> None:
        self._most, self._nbytes = most_bytes, nbytes
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, _Making[T]] = {}
        self._lock = Lock()
        self.bytes_kept = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under `key`, else what `make` gives; never two make it at once.

        An error is not kept: who waited meanwhile tries again, one after the other.
        """
        with self._lock:
            if key in self._kept:
                return self._used(key)
            making = self._making.setdefault(key, _Making())
            making.asking += 1
        try:
            with making.lock:  # the first makes it, the others wait
                if not making.made:
                    making.made.append(make())
                    self._keep(key, making.made[0])
                return making.made[0]
        finally:
            with self._lock:
                making.asking -= 1
                if not making.asking:
                    del self._making[key]

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._kept.clear()
            self.bytes_kept = 0

    def _used(self, key: Hashable) -> T:
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: Hashable, made: T) -> None:
        with self._lock:
            self._kept[key] = made
            self.bytes_kept += self._nbytes(made)
            while self.bytes_kept > self._most:
                _key, oldest = self._kept.popitem(last=False)
                self.bytes_kept -= self._nbytes(oldest)
