"""Tables as CSV, as a spreadsheet reads them: nothing in them is computed."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PIECE = 500  # rows
_NUMBER = r"[-+]?(?:\d[\d\u202f]*(?:[.,]\d+)?(?:e[-+]?\d+)?(?:[ \u202f]?%)?|inf|nan)"
_NUMBERS = re.compile(f"{_NUMBER}(?: {_NUMBER})*", re.IGNORECASE)


def text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV. Texts that a spreadsheet would compute as a formula begin with an apostrophe."""
    return "".join(pieces(rows))


def records(rows: Sequence[Mapping[str, object]]) -> str:
    """The same; the keys of the first row are its header."""
    return text([list(rows[0]), *(list(row.values()) for row in rows)]) if rows else ""


def pieces(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same, some hundred rows at a time."""
    rest = iter(rows)
    while piece := [[_cell(value) for value in row] for row in islice(rest, _PIECE)]:
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(piece)
        yield file.getvalue()


def _cell(value: object) -> object:
    formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if formula and not _NUMBERS.fullmatch(str(value)) else value
