"""An input size as people write it, and the limits within which it makes sense."""

import re

from explorer.language import _

Picture = tuple[int, int, int]  # (C, H, W)

# Above these, numbers of elements no longer fit 64 bits in the widest networks.
MAX_CHANNELS = 1024
MAX_SIDE = 16_384
MAX_BATCH = 4096


def parse(text: str, default: Picture) -> Picture:
    """A size such as "1x224x224", "28 × 28" or "28" as (C, H, W); what is missing is `default`'s.

    One number is a square; two are height and width.

    Raises:
        ValueError: says what came, what was expected, and an example.
    """
    example = "x".join(map(str, default))
    parts = [part for part in re.split(r"[x×*,;\s]+", text.strip().lower()) if part]
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(r"[+-]?\d{1,12}", part) for part in parts):
        raise ValueError(
            _(
                "“{given}” is not an input size. Write channels × height × width, "
                "for example {example}, or one number for a square picture."
            ).format(given=text.strip()[:40], example=example)
        )
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        numbers *= 2
    channels, height, width = numbers if len(numbers) == 3 else (default[0], *numbers)
    _within(_("The number of channels"), channels, MAX_CHANNELS)
    _within(_("The height"), height, MAX_SIDE)
    _within(_("The width"), width, MAX_SIDE)
    return channels, height, width


def parse_batch(given: object) -> int:
    """The number of pictures in a batch.

    Raises:
        ValueError: not a whole number from 1 to `MAX_BATCH`.
    """
    try:
        batch = int(str(given).strip())
    except ValueError:
        message = _("The batch size is a whole number, for example 1 or 32; “{given}” is not.")
        raise ValueError(message.format(given=str(given)[:40])) from None
    _within(_("The batch size"), batch, MAX_BATCH)
    return batch


def _within(what: str, number: int, most: int) -> None:
    if not 1 <= number <= most:
        raise ValueError(
            _("{what} is {number}, but it must be between 1 and {most}.").format(
                what=what, number=number, most=most
            )
        )


def spell(picture: Picture) -> str:
    """The one spelling used in links and on the command line: "1x28x28"."""
    return "x".join(map(str, picture))
