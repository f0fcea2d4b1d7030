"""Garbage is collected beside the clicks, and all of it: over many, the server stays as it is."""

from pathlib import Path

import pytest

from explorer.ui.entries import PAGES
from tests.probed import probed
from tests.processes import run_apart

pytestmark = pytest.mark.browser  # with the tests that need a server

VISITORS = 2
TOURS = 2  # of all pages; `python -m benchmarks.level` does 2 000 clicks
CLICKS = VISITORS * TOURS * len(PAGES)


def test_over_many_clicks_the_server_stays_as_it_is(tmp_path: Path) -> None:
    with probed(tmp_path) as server:
        before, after = run_apart(server.after(VISITORS, (1, TOURS)))
    assert not after.in_clicks
    # One click makes some 5 000 objects; one or two are left.
    assert after.objects - before.objects < 20 * CLICKS, (before, after)
    assert after.bytes - before.bytes < 200_000 * CLICKS, (before, after)
