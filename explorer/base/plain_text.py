"""What people typed, as text: without the signs that a terminal or a browser would obey."""

import re
import unicodedata

# Signs that turn the direction of the text around them, and can make a name read as another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPACES = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
_UNSEEN = frozenset({"Cc", "Cs"})  # control signs, ESC among them, and halves of characters
# What Markdown, and Streamlit in it, obeys: these signs anywhere, others where a line begins.
_ACTIVE = re.compile(r"[\\`*_\[\]$<~&#|]|:(?=\S)|^[+=>-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
# What becomes a link, an emoji, an icon or an arrow after that, escaped or not: broken in two.
_DRAWN = re.compile(
    r"(?=://|@)|(?<=www)(?=\.)|(?<=:)(?=[\w+/-]+:)|(?<=[<>~-])(?=[=>-])", re.IGNORECASE
)
_UNSEEN_BREAK = "\u2060"  # a word joiner


def one_line(text: str) -> str:
    """Without control signs, and on one line: a name, or anything that a terminal shows."""
    spaced = "".join(" " if sign in _SPACES else sign for sign in text)
    return "".join(
        sign
        for sign in spaced
        if sign not in _TURNING and unicodedata.category(sign) not in _UNSEEN
    )


def lines(text: str) -> str:
    """Without control signs but for the ends of lines, which all become alike: a note."""
    return "\n".join(one_line(line).rstrip() for line in text.splitlines())


def markdown(text: object) -> str:
    """So that Markdown shows it as it is, line by line: no link, picture, formula or icon in it.

    A browser makes links of addresses, emoji and arrows after it has read the Markdown, whatever
    was escaped there; a sign without width, which nobody sees, keeps it from that.
    """
    rows = (_DRAWN.sub(_UNSEEN_BREAK, line.strip()) for line in lines(str(text)).split("\n"))
    return "  \n".join(_ACTIVE.sub(r"\\\g<0>", row) for row in rows)
