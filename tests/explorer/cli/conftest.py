"""A command of the command line, given in this process."""

from collections.abc import Callable

import pytest

from explorer.cli.main import main

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Its exit status, output and errors."""
    return lambda *arguments: (main(arguments), *capsys.readouterr())
