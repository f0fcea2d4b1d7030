"""Numbers as people read them: 46.8 M, 187 MB; and exactly: 46 764 746."""

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


def times(shape: tuple[int, ...]) -> str:
    """(96, 54, 54) → "96 × 54 × 54"."""
    return " × ".join(map(str, shape))


def duration(seconds: float) -> str:
    """3725 → "1 h 2 min", 125 → "2 min 5 s", 4.2 → "4 s"."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    if minutes:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    return _("{seconds} s").format(seconds=rest)
