"""scikit-learn's digits, read from its package's file (importing it would take two seconds)."""

from pathlib import Path

import numpy as np
import torch

from explorer.data import photographs
from explorer.data.datasets.catalogue import DIGITS
from explorer.data.datasets.records import Data, split

INK = 16  # the darkest cell


def locate(_name: str = "") -> Path:
    """Where scikit-learn keeps them."""
    return photographs.data_folder() / "data" / "digits.csv.gz"


def read(_name: str, path: Path) -> Data:
    """All 1 797, ink from 0 to 16 spread over 0 to 255."""
    table = np.loadtxt(path, delimiter=",")  # 64 cells, then the class
    ink = np.rint(table[:, :-1] * (255 / INK)).astype(np.uint8).reshape(-1, 1, 8, 8)
    train, test = split(torch.from_numpy(ink), torch.from_numpy(table[:, -1].astype(np.int64)))
    return Data(DIGITS.name, DIGITS.classes, train, test)
