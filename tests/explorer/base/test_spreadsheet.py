"""Tables leave as a spreadsheet reads them, and nothing in them is computed there."""

import csv
import io

from explorer.base import spreadsheet

FORMULAS = (
    "=1+1",
    "+1 st",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\n5",
    "-1_0",
    "+",
    '=HYPERLINK("http://evil.example")',
)


def test_a_spreadsheet_computes_nothing() -> None:
    text = spreadsheet.text([["class", "n"], *([each, 1] for each in FORMULAS)])
    _head, *rows = csv.reader(io.StringIO(text))
    assert [row[0] for row in rows] == [f"'{each}" for each in FORMULAS]


def test_numbers_stay_numbers() -> None:
    rows = [[-0.5, -3, "-0.5", "+1e-3", "−", None, "cat", "-1 0 2"]]
    assert spreadsheet.text(rows) == "-0.5,-3,-0.5,+1e-3,−,,cat,-1 0 2\n"
    assert spreadsheet.text([["-3.2 %", "-1\u202f234"]]) == "-3.2 %,-1\u202f234\n"
    assert spreadsheet.records([]) == ""


def test_a_long_table_comes_in_pieces() -> None:
    rows = [{"n": n, "square": n * n} for n in range(1201)]
    pieces = list(spreadsheet.pieces([["n", "square"], *(row.values() for row in rows)]))
    assert len(pieces) == 3
    assert "".join(pieces) == spreadsheet.records(rows)
    assert [int(row["square"]) for row in csv.DictReader(io.StringIO("".join(pieces)))] == [
        row["square"] for row in rows
    ]
