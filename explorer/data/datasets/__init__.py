"""Pictures to learn from: `load("fashion_mnist")` gives uint8 tensors, kept for this process."""

from explorer.base.tasks import Progress
from explorer.data.datasets.catalogue import DATASETS
from explorer.data.datasets.loading import at_hand, fetch, get, load, names, where
from explorer.data.datasets.own import delete, keep
from explorer.data.datasets.records import Damaged, Data, DataSet, Split, Unavailable
