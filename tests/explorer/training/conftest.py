"""Fixtures that the tests of this folder share."""

import pytest

from explorer.data import datasets
from explorer.data.datasets import Data


@pytest.fixture(scope="module", autouse=True)
def _one_thread(one_thread: None) -> None: ...


@pytest.fixture(scope="module")
def digits() -> Data:
    return datasets.load("digits")
