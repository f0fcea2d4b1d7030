"""Pictures in one folder per class, in a folder or a zip archive, from people not to be trusted.

Nothing is ever unpacked to the disk. What an archive claims is checked before anything is read
from it: a few kilobytes can inflate to gigabytes, and a name can point out of its folder.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from explorer.base.language import N_, _
from explorer.base.tasks import Refused
from explorer.base.units import count, size

ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"}
ENDINGS = {".png", ".jpg", ".jpeg"}
IGNORED = {"__macosx", "thumbs.db", "desktop.ini"}  # what systems add by themselves
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}

MOST_ENTRIES = 40_000  # in an archive, pictures or not
MOST_PICTURES = 20_000
MOST_CLASSES = 100
MOST_NAME = 60  # characters of a class's name
MOST_FILE = 30_000_000  # bytes of one picture's file
MOST_TOTAL = 4_000_000_000  # bytes of all files, unpacked

_ENTRY = b"PK\x01\x02"  # begins each entry of an archive's list
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,  # a password is asked for
    ValueError,
    OverflowError,
)


@dataclass(frozen=True)
class Picture:
    """A picture's file: its place within the folder or archive, and how to get its bytes."""

    place: PurePosixPath
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class PictureFolder:
    """The pictures of each class, classes and files in alphabetical order."""

    classes: dict[str, list[Picture]]
    packed: int  # bytes that all of it takes on the disk


@contextmanager
def opened(source: Path | IO[bytes]) -> Iterator[PictureFolder]:
    """The pictures in a folder or zip archive, readable as long as this is open.

    Raises:
        Refused: it is neither, or it is not one folder of pictures for each class.
    """
    if isinstance(source, Path) and _is_folder(source):
        files = list(_in_folder(source))
        yield _sorted(files, sum(file.size for file in files))
        return
    try:
        _check_list(source)
        archive = zipfile.ZipFile(source)
    except Refused:
        raise
    except _BROKEN:
        words = _("This is no zip archive, or it is damaged. Pack the folder as a zip anew.")
        raise Refused(words) from None
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        files = [Picture(_safe(each), each.file_size, _reader(archive, each)) for each in entries]
        yield _sorted(files, _packed(archive))


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, or an ordinary file; nothing is opened to find out.

    Raises:
        Refused: it is neither. Others have no end, or nothing to read until somebody writes.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(_("There is no file or folder {path}.").format(path=path)) from None
    except OSError as error:
        words = _("{path} cannot be looked at: {why}. Name another zip or folder.")
        raise Refused(words.format(path=path, why=error.strerror or error)) from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        words = _("{path} is {kind}, not a zip or a folder of pictures. Name one of those.")
        kind = _(_KINDS.get(stat.S_IFMT(mode), N_("no ordinary file")))
        raise Refused(words.format(path=path, kind=kind))
    return stat.S_ISDIR(mode)


_KINDS = {
    stat.S_IFCHR: N_("a device"),
    stat.S_IFBLK: N_("a device"),
    stat.S_IFIFO: N_("a pipe"),
    stat.S_IFSOCK: N_("a socket"),
}


# -- what is in it ----------------------------------------------------------------------------


def _in_folder(folder: Path) -> Iterator[Picture]:
    for top, folders, files in os.walk(folder):  # does not follow links to folders
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for file in sorted(files):
            path = Path(top) / file
            if path.is_file():
                place = PurePosixPath(path.relative_to(folder).as_posix())
                yield Picture(place, path.stat().st_size, path.read_bytes)


def _check_list(source: Path | IO[bytes]) -> None:
    """Refuse an archive with too long a list, before zipfile makes objects of its entries."""
    file = source.open("rb") if isinstance(source, Path) else source
    file.seek(0)
    entries, tail = 0, b""
    while chunk := file.read(1 << 22):
        entries += (tail + chunk).count(_ENTRY)
        tail = chunk[-len(_ENTRY) + 1 :]
    file.seek(0)
    if isinstance(source, Path):
        file.close()
    if entries > MOST_ENTRIES:
        words = _("The archive lists {n} files; at most {most} are taken. Make it smaller.")
        raise Refused(words.format(n=count(entries), most=count(MOST_ENTRIES)))


def _packed(archive: zipfile.ZipFile) -> int:
    """Bytes of the archive.

    Raises:
        Refused: its files claim to be more, so that some are the same bytes: no program packs so.
    """
    assert archive.fp
    total = archive.fp.seek(0, os.SEEK_END)
    if sum(entry.compress_size for entry in archive.infolist()) > total:
        words = _(
            "The archive has {size}, and its files claim more: it is damaged, or made to do "
            "harm. Pack the folders anew."
        )
        raise Refused(words.format(size=size(total)))
    return total


def _safe(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Where the entry lies.

    Raises:
        Refused: not within the archive, or as no honest archive is packed.
    """
    name = entry.filename.replace("\\", "/")
    place = PurePosixPath(name)
    linked = stat.S_ISLNK(entry.external_attr >> 16)
    drive = name[1:2] == ":"  # of Windows
    if place.is_absolute() or ".." in place.parts or drive or linked:
        words = _("The archive holds “{name}”, which leads out of it. Pack the folders anew.")
        raise Refused(words.format(name=name[:MOST_NAME]))
    if entry.flag_bits & 1:
        raise Refused(_("The archive is locked by a password. Pack it without one."))
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refused(_("The archive is packed in an unusual way. Pack it as an ordinary zip."))
    return place


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            # `archive.read(entry)` would inflate gigabytes before it cuts off what is not claimed.
            with archive.open(entry) as file:
                return file.read(entry.file_size)  # and it is checked against its sum
        except _BROKEN:
            words = _("The archive is damaged at “{name}”. Pack it anew, or copy it again.")
            raise Refused(words.format(name=entry.filename[:MOST_NAME])) from None

    return read


# -- sorted into classes ----------------------------------------------------------------------


def _sorted(files: list[Picture], packed: int) -> PictureFolder:
    files = [
        file
        for file in files
        if not any(part.startswith(".") or part.lower() in IGNORED for part in file.place.parts)
    ]
    pictures = [file for file in files if file.place.suffix.lower() in ENDINGS]
    top = _common(pictures)
    classes: dict[str, list[Picture]] = {}
    for picture in sorted(pictures, key=lambda each: each.place):
        below = picture.place.parts[top:]
        if len(below) > 1:
            classes.setdefault(below[0], []).append(picture)
    _check_nested(files, classes)
    _check(classes)
    return PictureFolder(dict(sorted(classes.items())), packed)


def _common(pictures: list[Picture]) -> int:
    """How many folders, from the outermost, all pictures share: "pets/" above "cat/" and "dog/"."""
    top = 0
    while pictures and all(len(each.place.parts) > top + 2 for each in pictures):
        if len({each.place.parts[top] for each in pictures}) > 1:
            break
        top += 1
    return top


def _check_nested(files: list[Picture], classes: dict[str, list[Picture]]) -> None:
    """Archives in an archive are not opened: each could hold a thousand more."""
    nested = [file.place for file in files if file.place.suffix.lower() in ARCHIVES]
    if nested and len(classes) < 2:
        words = _(
            "The pictures seem to be in another archive, {name}, which is not opened. Unpack "
            "it, and give its folder, or pack that as a zip."
        )
        raise Refused(words.format(name=nested[0]))


def _count_words(classes: Iterable[str]) -> str:
    """The one class that there is, or that there is none."""
    for name in classes:
        text = name[:MOST_NAME] if name.isprintable() else ascii(name[:MOST_NAME]).strip("'")
        return _("only one is there, “{name}”").format(name=text)
    return _("no folder of such pictures is there")


def _check(classes: dict[str, list[Picture]]) -> None:
    """Refuse what is too little, too much, or oddly named."""
    if len(classes) < 2:
        words = _(
            "There must be one folder of PNG or JPEG pictures for each class, two classes at "
            "least; {found}. Example: cats/1.jpg, cats/2.jpg, dogs/1.jpg, dogs/2.jpg."
        )
        raise Refused(words.format(found=_count_words(classes)))
    if all(name.lower() in SPLITS for name in classes):
        words = _(
            "The outer folders are called {names}. Give one of them: its folders are then the "
            "classes, and pictures to test with are set aside here."
        )
        raise Refused(words.format(names=", ".join(classes)))
    if len(classes) > MOST_CLASSES:
        words = _("There are {n} classes; at most {most} are taken.")
        raise Refused(words.format(n=count(len(classes)), most=MOST_CLASSES))
    for name, pictures in classes.items():
        _check_class(name, pictures)
    _check_sizes([picture for pictures in classes.values() for picture in pictures])


def _check_class(name: str, pictures: list[Picture]) -> None:
    if len(name) > MOST_NAME or not name.isprintable() or set(name) & set('<>|*?"'):
        words = _(
            "The folder “{name}” has no name fit for a class: use up to {most} letters, "
            "digits, spaces."
        )
        raise Refused(words.format(name=ascii(name[:MOST_NAME]).strip("'"), most=MOST_NAME))
    if len(pictures) < 2:
        words = _(
            "The class “{name}” has one picture; it needs two at least: one to train on, one "
            "to test with."
        )
        raise Refused(words.format(name=name))


def _check_sizes(pictures: list[Picture]) -> None:
    if len(pictures) > MOST_PICTURES:
        words = _("There are {n} pictures; at most {most} are taken. Leave some out.")
        raise Refused(words.format(n=count(len(pictures)), most=count(MOST_PICTURES)))
    for picture in pictures:
        if picture.size > MOST_FILE:
            words = _("{name} has {size} unpacked; at most {most} are taken. Save it smaller.")
            bytes_ = dict(size=size(picture.size), most=size(MOST_FILE))
            raise Refused(words.format(name=picture.place, **bytes_))
    total = sum(picture.size for picture in pictures)
    if total > MOST_TOTAL:
        words = _("The pictures have {size} unpacked; at most {most} are taken.")
        raise Refused(words.format(size=size(total), most=size(MOST_TOTAL)))
