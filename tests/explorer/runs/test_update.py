"""Processes of an earlier version that go on after an update find what they ask for by name."""

import importlib
import subprocess
import sys

from explorer.base import storage
from explorer.runs.engines.local import workers


def test_an_old_host_s_workers_find_its_main_module_and_bring_nothing_in_with_it() -> None:
    asked = "import runpy; names = runpy.run_module('explorer.runs.host', run_name='__mp_main__');"
    asked += "print(*(name for name in names if not name.startswith('__')))"
    command = [sys.executable, "-W", "error", "-c", asked]
    assert subprocess.check_output(command, cwd=storage.PROJECT, text=True).split() == ["sys"]


def test_an_old_host_s_workers_begin_with_the_new_first_function() -> None:
    assert importlib.import_module("explorer.runs.workers")._enter is workers._enter


def test_an_old_server_s_command_starts_a_host() -> None:
    command = [sys.executable, "-m", "explorer.runs.host"]
    ended = subprocess.run(
        command, cwd=storage.PROJECT, check=False, capture_output=True, text=True
    )
    assert "IndexError" in ended.stderr, "it wants to know for which device"
