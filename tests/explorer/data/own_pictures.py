"""Pictures to bring: drawn, packed and kept."""

import io
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from PIL import Image

from explorer.base.tasks import Progress, unheard
from explorer.data.datasets import own
from explorer.data.decoding import archives

RED, BLUE = (200, 30, 40), (20, 60, 220)


def png(
    color: tuple[int, ...] | int = RED, size: tuple[int, int] = (20, 16), mode: str = "RGB"
) -> bytes:
    """A picture of one colour."""
    return saved(Image.new(mode, size, color))


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG."""
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def claiming(
    width: int, height: int, packed: bytes, *, depth: int = 8, kind: int = 0, extra: bytes = b""
) -> bytes:
    """A PNG that claims to be of this size, whatever is `packed` in it; `kind` 0 is grey."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = chunk(b"IHDR", head) + extra + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """An archive of these files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of one name twice
        for name, content in files.items():
            archive.writestr(name, content)
    written.seek(0)
    return written


def cats_and_dogs(number: int = 5, top: str = "") -> dict[str, bytes]:
    """Red cats and blue dogs, no two alike."""
    files = {f"{top}cats/{n}.png": png((200, 30, n)) for n in range(number)}
    return files | {f"{top}dogs/{n}.png": png((20, n, 220)) for n in range(number)}


def keep(source: Path | IO[bytes], title: str = "", progress: Progress = unheard) -> str:
    """As `datasets.keep` does it, but in this process: it has no start, and limits can be set."""
    if isinstance(source, Path):
        output = archives.decode(b"", progress, path=str(source))
        return own.store(title or source.stem, output)
    source.seek(0)
    return own.store(title, archives.decode(source.read(), progress))


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    """The same as a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
