"""What a PNG or JPEG says of itself, read from its markers before anything is decoded.

A small file can ask for hours of work without being damaged: a progressive JPEG may send every
part of the picture over and over, a PNG may claim more than its bytes can hold. No encoder writes
such files.
"""

import re
import struct
from collections.abc import Iterator

from explorer.base.language import _, ngettext
from explorer.base.tasks import Refused
from explorer.base.units import count

# The richest script in libjpeg's `jpeg_simple_progression` has 18 scans (CMYK), mozjpeg's a few
# more; libjpeg-turbo's authors advise applications to set a limit, and use 500 for their own tests.
MOST_SCANS = 64
MOST_SEGMENTS = 4_000  # of a JPEG, besides its scans: a colour profile of 10 MB takes 153
MOST_INFLATED = 1_032  # bytes that deflate makes of one, at most
LEAST_CHUNK = 256  # bytes of a PNG's chunk, on the average of many; encoders write 4 kB and more
FEW_CHUNKS = 1_000

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")  # restart markers belong to the data
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_SCAN, _END, _ALONE = 0xDA, 0xD9, {0x01, 0xD8}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a PNG's kind of colour → numbers of a pixel


def check(content: bytes) -> None:
    """Refuse a picture that asks for more work than any encoder's would.

    What is neither PNG nor JPEG, or cut off, is left to the decoder to refuse.

    Raises:
        Refused: a sentence for the visitor.
    """
    if content.startswith(_JPEG):
        _check_jpeg(content)
    elif content.startswith(_PNG):
        chunks = sum(1 for _chunk in _chunks(content))
        if chunks > FEW_CHUNKS + len(content) // LEAST_CHUNK:
            words = _("This PNG is cut into {n} parts; no program saves it so. Save it anew.")
            raise Refused(words.format(n=count(chunks)))


# -- JPEG -------------------------------------------------------------------------------------


def _check_jpeg(content: bytes) -> None:
    scans, others, most = 0, 0, MOST_SCANS
    for marker, body in _segments(content):
        if marker in {_BASELINE, _EXTENDED, _PROGRESSIVE}:
            if marker != _PROGRESSIVE:  # each component is sent once
                most = body[5] if len(body) > 5 else 1
        elif marker in _OTHER_FRAMES:
            words = _(
                "This JPEG is packed in a way that few programs read (lossless, arithmetic or "
                "hierarchical). Save it anew as an ordinary JPEG or PNG."
            )
            raise Refused(words)
        elif marker == _SCAN:
            scans += 1
            if scans > most:
                words = ngettext(
                    "This JPEG sends its picture in more than {most} scan; no program saves it so. "
                    "Save it anew as an ordinary JPEG or PNG.",
                    "This JPEG sends its picture in more than {most} scans; no program saves it "
                    "so. Save it anew as an ordinary JPEG or PNG.",
                    most,
                )
                raise Refused(words.format(most=most))
        else:
            others += 1
            if others > MOST_SEGMENTS:
                words = _(
                    "This JPEG has over {most} parts beside its picture. Save it anew without them."
                )
                raise Refused(words.format(most=count(MOST_SEGMENTS)))


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with what belongs to it, as libjpeg finds them."""
    at = 2
    while match := _MARKER.search(content, at):
        marker, at = match[1][0], match.end()
        if marker == _END:
            return
        if marker in _ALONE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        yield marker, content[at + 2 : at + max(length, 2)]
        at += max(length, 2)


# -- PNG --------------------------------------------------------------------------------------


def check_claim(content: bytes) -> None:
    """Refuse a PNG whose content cannot be as much as its head claims, however well it is packed.

    Raises:
        Refused: a sentence for the visitor.
    """
    if not content.startswith(_PNG):
        return
    packed, claimed = 0, 0
    for name, start, length in _chunks(content):
        if name == b"IHDR" and start + 13 <= len(content):
            claimed = _claimed(content[start : start + 13])
        elif name == b"IDAT":
            packed += min(length, len(content) - start)
    if claimed > packed * MOST_INFLATED:
        words = _(
            "This PNG claims to be larger than its content can be: it is cut short, or no program "
            "made it. Save or send it anew."
        )
        raise Refused(words)


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's name, and where its content begins and how long it is."""
    at = len(_PNG)
    while at + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        yield name, at + 8, length
        at += 12 + length


def _claimed(head: bytes) -> int:
    """Bytes of the unpacked picture, at least."""
    width, height, depth, kind = struct.unpack_from(">IIBB", head)
    row = (width * depth * _CHANNELS.get(kind, 1) + 7) // 8 + 1
    return int(height * row)
