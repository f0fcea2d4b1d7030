"""Fetching a data set: torchvision's addresses and checksums, with progress, within a time.

torchvision's own `download=True` shows its progress in the terminal alone, waits without end for
a server that does not answer, and cannot be stopped; so only its facts are used.
"""

import hashlib
import http.client
import socket
import threading
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.base import storage
from explorer.base.tasks import Progress, unheard
from explorer.data.datasets.records import Unavailable
from explorer.data.datasets.writing import replacing

SECONDS = 10  # without a byte until we give up
CHUNK = 1 << 16


@dataclass(frozen=True)
class Remote:
    """A file on the web: addresses to try in turn, its checksum, and where it belongs.

    The checksum is its MD5, or the first digits of its SHA-256.
    """

    urls: tuple[str, ...]
    md5: str
    path: Path
    sha256: str = ""

    def hash(self) -> Any:
        """Nothing hashed yet, by the method of the checksum that is known."""
        return hashlib.sha256() if self.sha256 else hashlib.md5(usedforsecurity=False)

    def is_whole(self, hashed: Any) -> bool:
        """Whether this is the checksum of the published file."""
        digest: str = hashed.hexdigest()
        return digest.startswith(self.sha256) if self.sha256 else digest == self.md5


def is_here(remote: Remote) -> bool:
    """Whether the file lies in its place, whole."""
    if not remote.path.is_file():
        return False
    with remote.path.open("rb") as file:
        return remote.is_whole(hashlib.file_digest(file, remote.hash))


def fetch(remotes: list[Remote], total: int, progress: Progress = unheard) -> None:
    """Bring every file that is not yet there whole; a file appears under its name only complete.

    `progress` is told how many of the `total` bytes are there; what it raises stops the download.

    Raises:
        Unavailable: the reason, a sentence's second half ("there is no answer …").
    """
    done = 0
    for remote in remotes:
        if not is_here(remote):
            before = done
            _bring(remote, lambda more, before=before: progress(min(before + more, total), total))
        done += remote.path.stat().st_size
        progress(min(done, total), total)


def _bring(remote: Remote, progress: Any) -> None:
    reasons: list[Unavailable] = []
    for url in remote.urls:
        try:
            _bring_from(url, remote, progress)
        except urllib.error.HTTPError as refusal:
            refusal.close()  # it holds the connection
            reasons.append(_reason(refusal))
        except (OSError, http.client.HTTPException, Unavailable) as error:
            reasons.append(_reason(error))
        else:
            return
    raise reasons[-1]


def _bring_from(url: str, remote: Remote, progress: Any) -> None:
    with replacing(remote.path) as part, _answer(url) as answer:
        checksum, done = remote.hash(), 0
        while chunk := answer.read(CHUNK):
            part.write(chunk)
            checksum.update(chunk)
            done += len(chunk)
            progress(done)
        if not remote.is_whole(checksum):
            raise Unavailable("not_as_published")


def _answer(url: str) -> Any:
    """The server's answer, opened. The wait has an end also where looking up a name has none.

    Raises:
        OSError: there is no answer, or a refusal.
    """
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            # The addresses are torchvision's own: https, and http where the checksum must do.
            request = urllib.request.Request(url, headers={"User-Agent": "Convscope"})  # noqa: S310
            answer.set_result(urllib.request.urlopen(request, timeout=SECONDS))  # noqa: S310
        except (OSError, http.client.HTTPException) as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return answer.result(timeout=SECONDS)


def _reason(error: Exception) -> Unavailable:
    """Why it failed."""
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, urllib.error.HTTPError):
        return Unavailable("server_answered", status=f"{error.code} {error.reason}")
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, socket.gaierror):
        return Unavailable("no_internet")
    if storage.tells_of_no_room(cause):
        return Unavailable("no_room_for_it")
    if isinstance(cause, TimeoutError):
        return Unavailable("no_answer", seconds=SECONDS)
    text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return Unavailable("sentence", text=text)
