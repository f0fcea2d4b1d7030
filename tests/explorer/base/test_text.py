"""What people read and type: numbers with units, tables as CSV, names that nothing obeys."""

import csv
import io
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page

from explorer.base import plain_text, spreadsheet, units
from explorer.base.units import duration, latency, percent, ratio
from tests.explorer.ui.mounted import origin

ESCAPE = "\x1b]0;owned\x07\x1b[2Jred\x1b[31m"


def test_what_a_terminal_would_obey_is_taken_out() -> None:
    assert plain_text.one_line(ESCAPE) == "]0;owned[2Jred[31m"
    assert plain_text.one_line("a\r\nb\tc\u2028d\x9b1m") == "a  b c d1m"
    assert plain_text.one_line("\u202eevil") == "evil"
    assert plain_text.one_line("\udcff\x00ok") == "ok"
    assert plain_text.one_line("Größe 测试 👩‍🔬 ﷽") == "Größe 测试 👩‍🔬 ﷽"


def test_a_note_keeps_its_lines() -> None:
    assert plain_text.lines("one \r\n\r\ntwo\u2028three\x1b[1m") == "one\n\ntwo\nthree[1m"


@given(st.text(alphabet=st.characters()))
def test_whatever_is_typed(text: str) -> None:
    line = plain_text.one_line(text)
    line.encode()
    assert not any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in line)
    assert plain_text.one_line(line) == line
    assert plain_text.lines(plain_text.lines(text)) == plain_text.lines(text)


def test_markdown_shows_it_as_it_is() -> None:
    typed = "[a](http://b) ![c](d) <i> `e` $f$ :smile: *g* www.h.i j@k # l a -> b"
    source = plain_text.markdown(f"{typed}\n    m\n===")
    assert re.sub(r"\\(.)|\u2060", r"\1", source).split("  \n") == [typed, "m", "==="]
    assert not re.search(r"(?<!\\)(?:[\[\]`$*#<]|:\S)", source), "every sign that means something"
    assert not re.search(r":\w+:|->|(?<=\n)=", source), "emoji and arrows are made of text"
    links = r"https?\\?://|www\\?\.|\w@"
    assert not re.search(links, source), "what becomes a link, escaped or not"


def test_a_spreadsheet_computes_nothing() -> None:
    formulas = "=1+1,+1 st,-2+3,@SUM(A1),\t=1,\n5,-1_0,+".split(",")
    formulas.append('=HYPERLINK("http://evil.example")')
    text = spreadsheet.text([["class", "n"], *([each, 1] for each in formulas)])
    _head, *rows = csv.reader(io.StringIO(text))
    assert [row[0] for row in rows] == [f"'{each}" for each in formulas]


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
    read = csv.DictReader(io.StringIO("".join(pieces)))
    assert [{name: int(value) for name, value in row.items()} for row in read] == rows


def test_counts_sizes_and_shapes() -> None:
    assert [units.count(n) for n in (7, 999, 46_764_746)] == ["7", "999", "46.8 M"]
    assert units.count(1_876_292_352, "FLOPs") == "1.88 GFLOPs"
    assert units.size(512) == "512 B"
    assert units.size(187_058_984) == "187 MB"
    assert units.exact(46_764_746) == "46\u202f764\u202f746"
    assert units.times((96, 54, 54)) == "96 × 54 × 54"


def test_shares() -> None:
    assert [percent(share) for share in (0.8734, 0.0004, 0.0, None)] == [
        "87.3\u202f%", "< 0.1\u202f%", "0.0\u202f%", "–"
    ]  # fmt: skip
    assert percent(0.6513, ".3g") == "65.1\u202f%"
    assert percent(-0.28, "+.0f") == "−28\u202f%"
    assert percent(-0.0004) == "0.0\u202f%"


def test_how_many_times_more() -> None:
    assert [ratio(more) for more in (0.314, 3.21, 9.99, 18.4, 1234.5)] == [
        "0.31", "3.2", "10", "18", "1\u202f234"
    ]  # fmt: skip
    assert ratio(1, 0) == "∞"


def test_durations() -> None:
    assert [duration(s) for s in (0, 4.42, 9.97, 99.4, 99.6, 125, 1500, 3725, 360_000)] == [
        "0 s", "4.4 s", "10 s", "99 s", "1 min 40 s", "2 min 5 s", "25 min", "1 h 2 min",
        "100 h 0 min",
    ]  # fmt: skip
    assert [duration(s) for s in (-3, 3569, 3570)] == ["0 s", "59 min", "1 h 0 min"]
    assert duration(None) == latency(None) == "–"
    texts = [latency(s) for s in (0.00123, 0.25, 2.5)]
    assert texts == ["1.23\u202fms", "250\u202fms", "2.5\u202fs"]


def exact_percent(right: int, n: int) -> str:
    """By hand, in decimal numbers alone."""
    hundredfold = (Decimal(100 * right) / n).quantize(Decimal("0.1"), ROUND_HALF_UP)
    tiny = 0 < 1000 * right < n
    return "< 0.1\u202f%" if tiny else f"{hundredfold}\u202f%"


PARTS = [(right, n) for n in (64, 1000, 2000, 10_000) for right in range(0, n + 1, n // 64)]
PARTS += [(1405, 2000), (1023, 2000), (1, 2000)]


def test_halves_go_up() -> None:
    assert percent(1405 / 2000) == "70.3\u202f%"
    assert [percent(right / n) for right, n in PARTS] == [exact_percent(*part) for part in PARTS]


@pytest.mark.browser
def test_the_browser_writes_the_same_number(page: Page) -> None:
    page.goto(f"{origin()}/")
    script = """async shares => {
      const { percent } = await import("/assets/0/explorer/ui/runs/curves_math.js")
      return shares.map(share => percent(share))
    }"""
    shares = [right / n for right, n in PARTS]
    assert page.evaluate(script, shares) == [percent(share) for share in shares]
