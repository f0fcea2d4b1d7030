"""Fixtures that the tests of this folder share."""

from collections.abc import Iterator

import pytest
import torch

from explorer.data import datasets
from explorer.data.datasets import Data


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits() -> Data:
    return datasets.load("digits")
