"""What Pillow raises over files that are no pictures, or are broken ones."""

import struct
import zlib

UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    LookupError,
    struct.error,
    zlib.error,
)
