"""The teacher's key: made or given at the start, kept only as a salted sum, tried a bounded number
of times; and who has given it, which all processes of a server know while that key holds.

scrypt, which is slow on purpose: a key that a teacher has thought up is short enough to be found
by trying where a fast sum of it is known, and the sum stands in the environment of processes.
"""

import os
import secrets
import stat
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import scrypt, sha256
from hmac import compare_digest
from pathlib import Path
from threading import Lock

from explorer.base import storage
from explorer.base.language import _, ngettext

VARIABLE = "CONVSCOPE_TEACHER_KEY"
SHORTEST = 12  # characters of a key that is given
LONGEST = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # those that look alike are left out
_GROUPS, _GROUP = 4, 4  # 31 to the power of 16: 79 bits
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms for each try
_KEPT = 30 * 86_400.0  # seconds; by then the server was started anew, or the teacher asks again
_only_here: set[Path] = set()  # a full disk is when a teacher is needed


def new_key() -> str:
    """A new key that can be read out and typed: `k7pm-3xqd-9wfa-tn4e`."""
    groups = ("".join(secrets.choice(_LETTERS) for _sign in range(_GROUP)) for _g in range(_GROUPS))
    return "-".join(groups)


def chosen_key(file: Path | None, environment: Mapping[str, str] = os.environ) -> str:
    """The key that the teacher has chosen: in a file, or in the environment; "" for none.

    Raises:
        ValueError: the file cannot be read, others can read it, or the key is too short or long.
    """
    key = _read(file) if file else environment.get(VARIABLE, "").strip()
    if (file or key) and not SHORTEST <= len(key) <= LONGEST:
        message = _(
            "The teacher's key has {count} characters; it needs {least} to {most}. "
            "Give a longer one, or none, and one is made up."
        )
        raise ValueError(message.format(count=len(key), least=SHORTEST, most=LONGEST))
    return key


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        with file.open(encoding="utf-8") as opened:
            text = opened.read(LONGEST + 2)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        message = _("The teacher's key cannot be read from {file}: {why}.")
        raise ValueError(message.format(file=file, why=why)) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = _("Others on this machine can read {file}. Close it with: chmod 600 {file}")
        raise ValueError(message.format(file=file))
    return text.strip()


def hash_key(key: str, salt: str = "") -> str:
    """What is kept of a key: its salt and its sum, as hexadecimal digits."""
    salt = salt or secrets.token_hex(16)
    return f"{salt}:{scrypt(key.encode(), salt=bytes.fromhex(salt), **_COST, dklen=32).hex()}"


def fits(key: str, hashed: str) -> bool:
    """Whether `key` is the one that `hash_key` made this of; takes equally long if it is not."""
    salt = hashed.partition(":")[0]
    return len(key) <= LONGEST and compare_digest(hash_key(key.strip(), salt), hashed)


@dataclass(frozen=True, eq=False)
class _Try:
    """A key that was given, or is being compared."""

    when: float
    visitor: str
    address: str


class Throttle:
    """How often keys may be tried: so many wrong ones by one visitor, and from one address.

    Within `seconds` a visitor's next try is refused, unheard. A new visitor costs nothing, so that
    past the bound of their network address tries are late: heard one after another, `pause`
    seconds each, of all such addresses together. Nobody is refused for what others have tried:
    whoever shares the address waits, and all others do not even notice. With the key that we make,
    guessing takes longer than the world is old; of one that was thought up, a room full of pupils
    tries some million in a year of lessons. Each process of a server counts for itself.
    """

    def __init__(
        self,
        each: int = 5,
        together: int = 20,
        seconds: float = 60.0,
        pause: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._each, self._together, self._seconds, self._pause = each, together, seconds, pause
        self._clock, self._sleep = clock, sleep
        self._tries: deque[_Try] = deque()  # wrong ones, and those that are not compared yet
        self._lock = Lock()
        self._late = Lock()
        self._comparing = Lock()  # one at a time: what a try costs is bounded, too

    def try_out(self, visitor: str, key: str, hashed: str, address: str = "") -> bool:
        """Whether this is the key.

        Raises:
            ValueError: this visitor has tried too many wrong ones before.
        """
        counted, late = self._count(visitor, address)
        if late:
            with self._late:
                self._sleep(self._pause)
        with self._comparing:
            right = fits(key, hashed)
        if right:
            with self._lock, suppress(ValueError):  # it is forgotten already, if it was late
                self._tries.remove(counted)
        return right

    def _count(self, visitor: str, address: str) -> tuple[_Try, bool]:
        """Count a try before it is heard, so that many at once are many; whether it is late."""
        with self._lock:
            now = self._clock()
            while self._tries and now - self._tries[0].when >= self._seconds:
                self._tries.popleft()
            own = [each.when for each in self._tries if each.visitor == visitor]
            if len(own) >= self._each:
                raise ValueError(_too_many(self._seconds - (now - own[-self._each])))
            late = sum(each.address == address for each in self._tries) >= self._together
            counted = _Try(now, visitor, address)
            self._tries.append(counted)
            return counted, late


def _too_many(seconds: float) -> str:
    whole = max(1, round(seconds))
    return ngettext(
        "Too many wrong keys were tried. Try again in {n} second.",
        "Too many wrong keys were tried. Try again in {n} seconds.",
        whole,
    ).format(n=whole)


# -- who has given it: an empty file each. Its name is a sum of the browser's cookie and of the key
# as it is kept, which no two starts of a server share: with the key all who gave it are forgotten.


def _mark(owner: str, key: str) -> Path:
    return storage.home() / "teachers" / sha256(f"{key} {owner}".encode()).hexdigest()


def add(owner: str, key: str) -> None:
    """Count `owner` (see `access.Visitor`) among the teachers; `key` is as `Rules` keeps it."""
    mark = _mark(owner, key)
    try:
        storage.private(mark.parent)
        mark.touch(mode=0o600)
        _sweep(mark.parent)
    except OSError:
        _only_here.add(mark)


def remove(owner: str, key: str) -> None:
    """Count `owner` among the visitors again."""
    mark = _mark(owner, key)
    _only_here.discard(mark)
    with suppress(FileNotFoundError, NotADirectoryError):
        mark.unlink()


def include(owner: str, key: str) -> bool:
    """Whether `owner` is one of them."""
    mark = _mark(owner, key)
    return mark.exists() or mark in _only_here


def _sweep(folder: Path) -> None:
    """Forget those of servers that have ended long ago."""
    for mark in folder.iterdir():
        with suppress(OSError):
            if time.time() - mark.stat().st_mtime > _KEPT:
                mark.unlink()
