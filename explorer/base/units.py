"""Numbers as people read them: 46.8 M, 187 MB; and exactly: 46 764 746."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext

from explorer.base.language import _

_STEPS = ("", "k", "M", "G", "T", "P", "E")
_THIN = "\u202f"  # narrow no-break space


def _scaled(number: float) -> tuple[str, str]:
    """Three significant digits and the letter of the power of 1000 they are to be read with."""
    step = 0
    while abs(number) >= 999.5 and step < len(_STEPS) - 1:
        number /= 1000
        step += 1
    if step == 0:
        return (str(int(number)) if number == int(number) else f"{number:.3g}"), ""
    digits = 2 if abs(number) < 9.995 else 1 if abs(number) < 99.95 else 0
    return f"{number:.{digits}f}", _STEPS[step]


def count(number: float, unit: str = "") -> str:
    """46764746 → "46.8 M"; with a unit 1876292352, "FLOPs" → "1.88 GFLOPs"."""
    digits, letter = _scaled(number)
    return f"{digits} {letter}{unit}".strip()


def size(number_of_bytes: float) -> str:
    """187058984 → "187 MB" (1 MB = 1 000 000 bytes)."""
    return count(number_of_bytes, "B")


def exact(number: int) -> str:
    """46764746 → "46 764 746", parted by thin spaces that do not break."""
    return f"{number:,}".replace(",", _THIN)


def times(shape: Iterable[int]) -> str:
    """(96, 54, 54) → "96 × 54 × 54"."""
    return " × ".join(map(str, shape))


def raised(exponent: int) -> str:
    """−12 → "⁻¹²"."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def percent(share: float | None, form: str = ".1f") -> str:
    """0.8734 → "87.3 %", 0.0004 → "< 0.1 %", None → "–"; `form` writes the hundredfold.

    Halves go up, as the boards' own `percent` rounds them: 1405 of 2000 are "70.3 %" everywhere.
    """
    if share is None:
        return "–"
    tiny = form == ".1f" and 0 < share < 0.001
    digits = "< 0.1" if tiny else _hundredfold(share, form).replace("-", "−")
    return _("{n}\u202f%").format(n=digits if digits.strip("−0.") else digits.lstrip("−"))


def _hundredfold(share: float, form: str) -> str:
    if not form.endswith("f"):
        return f"{100 * share:{form}}"
    with localcontext(rounding=ROUND_HALF_UP):
        return f"{Decimal(f'{100 * share:.12g}'):{form}}"


def ratio(more: float, less: float = 1) -> str:
    """How many times more: "0.31", "3.2", "18", "1 234"."""
    if not less:
        return "∞"
    return exact(round(more / less)) if more >= 10 * less else f"{more / less:.2g}"


def duration(seconds: float | None) -> str:
    """3.2 → "3.2 s", 138 → "2 min 18 s", 1500 → "25 min", 3725 → "1 h 2 min"; None → "–"."""
    if seconds is None:
        return "–"
    seconds = max(seconds, 0.0)
    whole = round(seconds)
    minutes = round(whole / 60)
    if whole < 100:
        return _("{n} s").format(n=f"{seconds:.1f}".removesuffix(".0") if seconds < 10 else whole)
    if whole < 600:
        return _("{m} min {s} s").format(m=whole // 60, s=whole % 60)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    return _("{h} h {m} min").format(h=minutes // 60, m=minutes % 60)


def latency(seconds: float | None) -> str:
    """Of one run of a network: 0.00123 → "1.23 ms", 2.5 → "2.5 s"; None → "–"."""
    if seconds is None:
        return "–"
    return f"{seconds:.3g}\u202fs" if seconds >= 1 else f"{1000 * seconds:.3g}\u202fms"
