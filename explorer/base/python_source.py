"""Python's own text, taken apart by one thread at a time; and calls as they are written.

CPython 3.11 counts for all threads together how deep it is in building a syntax tree. Where the
garbage collector runs Python code meanwhile, another thread may begin one too, and the first fails
with a SystemError (github.com/python/cpython/issues/106905 tells of its like).
"""

import ast
import inspect
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

_one_at_a_time = threading.Lock()


def text_of(thing: ModuleType | Callable[..., Any]) -> str:
    """The source of a module, a class or a function."""
    with _one_at_a_time:
        return inspect.getsource(thing)  # of a class: found in the tree of its module


def statements(text: str) -> list[ast.stmt]:
    """The statements of a module.

    Raises:
        SyntaxError: it is no Python.
    """
    with _one_at_a_time:
        return ast.parse(text).body


def expression(text: str) -> ast.expr:
    """One expression.

    Raises:
        SyntaxError: it is none.
    """
    with _one_at_a_time:
        return ast.parse(text, mode="eval").body


def call(function: str, *values: object, **settings: tuple[object, object]) -> str:
    """A call as it is written: settings are (value, default), and a default is left out."""
    unusual = [f"{name}={value}" for name, (value, usual) in settings.items() if value != usual]
    return f"{function}({', '.join([*map(str, values), *unusual])})"
