"""What there can be under a name of a page's address: a text, one of a few, on or off, a number."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.base.language import _
from explorer.ui import link_warnings


@dataclass(frozen=True)
class Open:
    """A text of which only the page can tell whether there is such a thing: a layer, a run."""

    name: str
    default: str = ""
    shared: bool = False  # by all pages that have it, in the session under "<name> chosen"

    def read(self, given: str) -> str:
        """As it is."""
        return given

    @property
    def there(self) -> str:
        """Nothing is refused here."""
        return ""


@dataclass(frozen=True)
class OneOf:
    """One of a few names or whole numbers; or names with their titles, marked with N_."""

    name: str
    default: str | int
    choices: Sequence[str | int] | Mapping[str, str]

    def read(self, given: str) -> str | int:
        """Raises ValueError if it is none of them."""
        for choice in self.choices:
            if str(choice) == given:
                return choice
        raise ValueError(given)

    @property
    def there(self) -> Iterable[object]:
        """What there can be."""
        return self.choices

    @property
    def words(self) -> dict[str, str]:
        """The titles by name, in the reader's language."""
        assert isinstance(self.choices, Mapping)
        return {name: _(title) for name, title in self.choices.items()}


@dataclass(frozen=True)
class Switch:
    """On or off."""

    name: str
    default: bool = False

    def read(self, given: str) -> bool:
        """Raises ValueError if it is neither "true" nor "false"."""
        if given.lower() not in self.there:
            raise ValueError(given)
        return given.lower() == "true"

    @property
    def there(self) -> tuple[str, ...]:
        """What there can be."""
        return ("true", "false")


@dataclass(frozen=True)
class Number:
    """A number within bounds, whole if its default is. What lies outside becomes the nearest."""

    name: str
    default: float
    least: float | None = None
    most: float | None = None
    step: float = 1

    def read(self, given: str) -> float:
        """Raises ValueError if it is no number."""
        value = type(self.default)(given)
        if not math.isfinite(value):
            raise ValueError(given)
        value = value if self.least is None else max(value, self.least)
        return value if self.most is None else min(value, self.most)

    @property
    def there(self) -> str:
        """Which numbers there are."""
        if self.least is None:
            return _("a whole number")
        if self.most is None:
            return _("{least} or more").format(least=self.least)
        return link_warnings.between(self.least, self.most)


Field = Open | OneOf | Switch | Number


def spell(value: object) -> str:
    """A value as addresses have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def same(said: str, value: object) -> bool:
    """Whether an address that has `said` this means the `value`."""
    spelled = spell(value)
    if said.lower() == spelled.lower():
        return True
    try:
        return float(said) == float(spelled)
    except ValueError:  # a word
        return False


def take(field: Field, said: str) -> Any:
    """What a field holds at an address that has `said` this; nonsense is told, and as nothing."""
    try:
        value = field.read(said) if said else field.default
    except ValueError:
        value = field.default
    tell(field, said, value)
    return value


def tell(field: Field, said: str, value: object) -> None:
    """Say so if the address has `said` something else than the `value` that is shown."""
    if said and not same(said, value):
        link_warnings.refuse(field.name, said, field.there, spell(value))
