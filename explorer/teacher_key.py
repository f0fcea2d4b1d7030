"""The teacher's key: made or given at the start, kept only as a salted sum, tried a bounded number
of times.

scrypt, which is slow on purpose: a key that a teacher has thought up is short enough to be found
by trying where a fast sum of it is known, and the sum stands in the environment of processes.
"""

import os
import secrets
import stat
import time
from collections import deque
from collections.abc import Callable, Mapping
from hashlib import scrypt
from hmac import compare_digest
from pathlib import Path
from threading import Lock

from explorer.language import _, ngettext

VARIABLE = "CONVSCOPE_TEACHER_KEY"
SHORTEST = 12  # characters of a key that is given
LONGEST = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # those that look alike are left out
_GROUPS, _GROUP = 4, 4  # 31 to the power of 16: 79 bits
_COST = {"n": 2**14, "r": 8, "p": 1}  # 16 MB and some 50 ms for each try


def made() -> str:
    """A new key that can be read out and typed: `k7pm-3xqd-9wfa-tn4e`."""
    groups = ("".join(secrets.choice(_LETTERS) for _sign in range(_GROUP)) for _g in range(_GROUPS))
    return "-".join(groups)


def given(file: Path | None, environment: Mapping[str, str] = os.environ) -> str:
    """The key that the teacher has chosen: in a file, or in the environment; "" for none.

    Raises:
        ValueError: the file cannot be read, others can read it, or the key is too short or long.
    """
    key = _read(file) if file else environment.get(VARIABLE, "").strip()
    if (file or key) and not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(
            _(
                "The teacher's key has {count} characters; it needs {least} to {most}. "
                "Give a longer one, or none, and one is made up."
            ).format(count=len(key), least=SHORTEST, most=LONGEST)
        )
    return key


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        with file.open(encoding="utf-8") as opened:
            text = opened.read(LONGEST + 2)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        text_for_people = _("The teacher's key cannot be read from {file}: {why}.")
        raise ValueError(text_for_people.format(file=file, why=why)) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(
            _("Others on this machine can read {file}. Close it with: chmod 600 {file}").format(
                file=file
            )
        )
    return text.strip()


def summed(key: str, salt: str = "") -> str:
    """What is kept of a key: its salt and its sum, as hexadecimal digits."""
    salt = salt or secrets.token_hex(16)
    return f"{salt}:{scrypt(key.encode(), salt=bytes.fromhex(salt), **_COST, dklen=32).hex()}"


def fits(key: str, kept: str) -> bool:
    """Whether `key` is the one of which `summed` was kept; takes equally long if it is not."""
    salt = kept.partition(":")[0]
    return len(key) <= LONGEST and compare_digest(summed(key.strip(), salt), kept)


class Throttle:
    """How often keys may be tried: so many wrong ones by one visitor, and so many by all.

    Within `seconds` the next try is refused, unheard. All together are bounded, too, since a new
    visitor costs nothing: with the key that we make, guessing would take longer than the world is
    old; with one of twelve letters, longer than a school year.
    """

    def __init__(
        self,
        each: int = 5,
        together: int = 60,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each, self._together, self._seconds, self._clock = each, together, seconds, clock
        self._wrong: deque[tuple[float, str]] = deque()  # when, and by whom
        self._lock = Lock()

    def try_out(self, who: str, key: str, kept: str) -> bool:
        """Whether this is the key.

        Raises:
            ValueError: too many wrong ones were tried before.
        """
        with self._lock:  # one at a time: what a try costs is bounded, too
            self._refuse_too_many(who)
            right = fits(key, kept)
            if not right:
                self._wrong.append((self._clock(), who))
            return right

    def _refuse_too_many(self, who: str) -> None:
        now = self._clock()
        while self._wrong and now - self._wrong[0][0] >= self._seconds:
            self._wrong.popleft()
        own = [when for when, whose in self._wrong if whose == who]
        if len(own) >= self._each:
            raise ValueError(_too_many(self._seconds - (now - own[-self._each])))
        if len(self._wrong) >= self._together:
            raise ValueError(_too_many(self._seconds - (now - self._wrong[-self._together][0])))


def _too_many(seconds: float) -> str:
    whole = max(1, round(seconds))
    return ngettext(
        "Too many wrong keys were tried. Try again in {n} second.",
        "Too many wrong keys were tried. Try again in {n} seconds.",
        whole,
    ).format(n=whole)
