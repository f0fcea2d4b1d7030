"""Pictures to learn from: `load("fashion_mnist")` gives uint8 tensors, kept for this process."""

from explorer.datasets.catalogue import DATASETS
from explorer.datasets.loading import at_hand, fetch, get, load, names, where
from explorer.datasets.own import delete, keep
from explorer.datasets.records import Damaged, Data, DataSet, Split, Unavailable
from explorer.tasks import Progress

__all__ = [
    "DATASETS",
    "Damaged",
    "Data",
    "DataSet",
    "Progress",
    "Split",
    "Unavailable",
    "at_hand",
    "delete",
    "fetch",
    "get",
    "keep",
    "load",
    "names",
    "where",
]
