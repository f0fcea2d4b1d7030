"""Results kept for everyone, as many as fit; each is made once, however many ask for it at once."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from threading import Lock
from typing import Generic, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
Parts = Mapping[Hashable, int]  # what a thing is made of, in bytes; others may share it


class _Making(Generic[T]):
    """One thing that is being made, as long as somebody waits for it."""

    def __init__(self) -> None:
        self.lock = Lock()  # whoever has it makes the thing
        self.asking = 0
        self.result: list[T] = []  # at most one: for those who waited, though the cache let it go


class SizedCache(Generic[T]):
    """Keeps up to `most_bytes`, by `nbytes`; what was used longest ago gives way first.

    Where several things share memory, `nbytes` gives the parts of each: a part counts once.
    What is larger than the whole cache is handed out and not kept. Nothing is copied: whoever
    still uses what has given way keeps it alive.
    """

    def __init__(self, most_bytes: int, nbytes: Callable[[T], int | Parts]) -> None:
        self._most, self._nbytes = most_bytes, nbytes
        self._entries: OrderedDict[Hashable, T] = OrderedDict()
        self._parts: dict[Hashable, Parts] = {}  # of each, as it was when it came
        self._users: Counter[Hashable] = Counter()  # of each part
        self._making: dict[Hashable, _Making[T]] = {}
        self._lock = Lock()
        self.bytes_kept = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under `key`, else what `make` gives; never two make it at once.

        An error is not kept: who waited meanwhile tries again, one after the other.
        """
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
            making = self._making.setdefault(key, _Making())
            making.asking += 1
        try:
            with making.lock:  # the first makes it, the others wait
                if not making.result:
                    making.result.append(make())
                    self._keep(key, making.result[0])
                return making.result[0]
        finally:
            with self._lock:
                making.asking -= 1
                if not making.asking:
                    del self._making[key]

    def peek(self, key: Hashable) -> T | None:
        """What is kept under `key`, if anything is; it is not counted as a use."""
        with self._lock:
            return self._entries.get(key)

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            for memory in (self._entries, self._parts, self._users):
                memory.clear()
            self.bytes_kept = 0

    def _keep(self, key: Hashable, entry: T) -> None:
        size = self._nbytes(entry)
        with self._lock:
            self._entries[key] = entry
            parts = size if isinstance(size, Mapping) else {object(): size}
            self.bytes_kept += sum(n for part, n in parts.items() if part not in self._users)
            self._parts[key] = parts
            self._users.update(parts.keys())
            while self.bytes_kept > self._most:
                oldest, _thing = self._entries.popitem(last=False)
                self._leave(oldest)

    def _leave(self, key: Hashable) -> None:
        parts = self._parts.pop(key)
        self._users.subtract(parts.keys())
        for part in [part for part in parts if not self._users[part]]:
            del self._users[part]
            self.bytes_kept -= parts[part]


def shared(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """For a function of hashable arguments: its last `most` results are kept for everyone."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        cache: SizedCache[T] = SizedCache(most, lambda _result: 1)

        @wraps(function)
        def lookup(*args: P.args, **named: P.kwargs) -> T:
            key = (args, tuple(sorted(named.items())))
            return cache.get(key, lambda: function(*args, **named))

        return lookup

    return decorate
