"""What a question is, and how a draft of one becomes it."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from explorer.base import python_source
from explorer.base.language import _
from explorer.base.units import exact

Value = str | int
Table = tuple[tuple[str, ...], ...]
Facts = Mapping[str, object]

MOST_WRONG, LEAST_WRONG = 3, 2  # choices besides the right one
LONGEST, LARGEST = 80, 10**15  # what may be typed: characters, and size of any number


@dataclass(frozen=True)
class See:
    """Where the very case can be looked at: a page's address and its query."""

    url: str
    params: Mapping[str, str]

    @staticmethod
    def page(url: str, prefix: str, **settings: object) -> "See":
        """A learning page, whose names begin with a word of its own."""
        return See(url, {f"{prefix}_{name}": str(value) for name, value in settings.items()})


@dataclass(frozen=True)
class Draft:
    """A question before its choices are laid out.

    `wrong` holds what real mistakes lead to → the mistake in words. `facts` are the settings from
    which the right answer follows, so that anybody can compute it again.
    """

    ask: str
    right: Value
    wrong: Mapping[Value, str]
    facts: Facts
    see: See
    code: str = ""
    table: Table = ()  # header first
    reason: tuple[str, ...] = ()  # the arithmetic, a line each
    note: str = ""


@dataclass(frozen=True)
class Question:
    """Question `number` of seed `seed`. `choices` is empty where a number is to be typed."""

    number: int
    seed: int
    kind: str
    topic: str
    level: int
    draft: Draft
    choices: tuple[Value, ...]

    @property
    def right(self) -> Value:
        return self.draft.right

    @property
    def typed(self) -> bool:
        """Whether the answer is a number that the learner types."""
        return not self.choices

    def is_right(self, answer: Value) -> bool:
        return answer == self.right

    def mistake(self, answer: Value) -> str:
        """What leads to this wrong answer, in words; empty where no known mistake does."""
        return "" if self.is_right(answer) else self.draft.wrong.get(answer, "")


def spell(value: Value) -> str:
    """An answer as it is shown."""
    return exact(value) if isinstance(value, int) else value


def lay_out(draft: Draft, rng: Random, *, typed: bool) -> tuple[Value, ...] | None:
    """The choices in random order, () for a number to be typed; None if the draft is too poor.

    Mistakes that happen to give the right answer are no wrong choices.
    """
    wrong = [value for value in draft.wrong if spell(value) != spell(draft.right)]
    if len({spell(value) for value in wrong}) < LEAST_WRONG:
        return None
    if typed and isinstance(draft.right, int):
        return ()
    if len(wrong) > MOST_WRONG:
        wrong = rng.sample(wrong, MOST_WRONG)
    choices = [draft.right, *wrong]
    if all(isinstance(value, int) for value in choices):
        return tuple(sorted(choices, key=int))  # numbers in order are read faster
    rng.shuffle(choices)
    return tuple(choices)


# -- a typed answer ---------------------------------------------------------------------------

_OPERATORS: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
_SIGNS = str.maketrans(
    {"×": "*", "x": "*", "X": "*", "·": "*", "−": "-", "–": "-", "÷": "/"}
    | {"^": "**", "²": "**2", "³": "**3"}
    | dict.fromkeys(" \u202f\u00a0\u2009'’_", "")
)
_THOUSANDS = re.compile(r"(?<=\d)[,.](?=\d{3}(?!\d))")  # 960,000 or 960.000


def read_answer(text: str) -> int:
    """A typed answer: a whole number, or the arithmetic that gives one: "6 × (5·5·1 + 1)".

    Raises:
        ValueError: says what came and what is expected.
    """
    typed = text.strip()
    if not typed:
        raise ValueError(_("Nothing has been typed. Write a whole number, or 6 × (5·5 + 1)."))
    plain = _THOUSANDS.sub("", typed.translate(_SIGNS))
    if len(plain) > LONGEST:
        message = _(
            "{n} characters came, but at most {most} are read. Write a whole number, or "
            "shorter arithmetic."
        )
        raise ValueError(message.format(n=len(plain), most=LONGEST))
    try:
        return _value(python_source.expression(plain))
    except (_NoNumber, SyntaxError, ZeroDivisionError, RecursionError, ValueError):
        raise ValueError(
            _(
                "“{given}” is not a whole number. Write one such as 156, or the arithmetic: "
                "6 × (5·5·1 + 1)."
            ).format(given=typed[:40])
        ) from None


class _NoNumber(Exception):
    """Something that is neither a whole number nor arithmetic that gives one."""


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            result = value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            result = -_value(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            result = _OPERATORS[type(op)](_value(left), _value(right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            result, rest = divmod(_value(left), _value(right))
            if rest:
                raise _NoNumber
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, exponent = _value(left), _value(right)
            if not 0 <= exponent <= LARGEST.bit_length():
                raise _NoNumber
            result = base**exponent
        case _:
            raise _NoNumber
    if abs(result) > LARGEST:
        raise _NoNumber
    return result
