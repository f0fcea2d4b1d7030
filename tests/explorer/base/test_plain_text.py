"""Names and notes are text: no sign in them is obeyed by a terminal or a browser."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from explorer.base import plain_text

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
    typed = "[a](http://b) ![c](d) <i> `e` $f$ :smile: *g* www.h.i j@k # l"
    told = plain_text.markdown(f"{typed}\n    m\n===")
    assert re.sub(r"\\(.)|\u2060", r"\1", told).split("  \n") == [typed, "m", "==="]
    assert not re.search(r"(?<!\\)[\[\]()`$:*#<>=!.]", told), "every sign that means something"
    links = r"https?\\?://|www\\?\.|\w@"
    assert not re.search(links, told), "what becomes a link, escaped or not"
