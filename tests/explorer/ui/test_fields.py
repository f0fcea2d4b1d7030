"""What a page's address can hold: each kind of field against what people write into links."""

import pytest

from explorer.ui.entries import PAGES, Entry
from explorer.ui.state import Number, OneOf, Open, Switch
from explorer.ui.url_state import Field, same, spell

FIELDS: tuple[Field, ...] = (
    Open("text", "abc"),
    OneOf("word", "max", ("max", "avg")),
    OneOf("side", 3, (1, 3, 5)),
    Switch("flip"),
    Number("whole", 2, 0, 9),
    Number("rate", 0.5, 0.0, 1.0, 0.05),
    Number("any", 4),
)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_what_is_spelled_is_read_again(field: Field) -> None:
    value = field.read(spell(field.default))
    assert value == field.default
    assert type(value) is type(field.default)


@pytest.mark.parametrize(
    ("said", "value"),
    [("5", 5), ("-1", 0), ("99", 9)],
)
def test_a_number_outside_becomes_the_nearest(said: str, value: int) -> None:
    assert Number("whole", 2, 0, 9).read(said) == value


@pytest.mark.parametrize("field", FIELDS[1:], ids=lambda field: field.name)
@pytest.mark.parametrize("said", ["zzz", "nan", "inf", "", "1e999", "2.5.1"])
def test_nonsense_is_refused(field: Field, said: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        field.read(said)


@pytest.mark.parametrize(
    ("said", "value", "is_same"),
    [
        ("2.50", 2.5, True),
        ("4", 4.0, True),
        ("TRUE", True, True),
        ("nan", "nan", True),
        ("3", 4, False),
        ("2.5", 2, False),
        ("x", 0, False),
    ],
)
def test_what_a_link_says_is_what_is_shown(said: str, value: object, *, is_same: bool) -> None:
    assert same(said, value) is is_same


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url or "home")
def test_every_page_begins_with_what_its_fields_can_hold(page: Entry) -> None:
    assert page.state.page == page.url
    for field in page.state.fields.values():
        assert field.read(spell(field.default)) == field.default, field.name
