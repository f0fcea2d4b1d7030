"""A picture to look at with a network, and what the network really receives of it."""

from explorer.data.pictures.preparing import FITS, NORMALISATIONS, STATISTICS, prepare, wider
from explorer.data.pictures.records import Picture, Prepared
from explorer.data.pictures.sources import (
    DRAWING,
    PHOTOGRAPHS,
    from_dataset,
    from_drawing,
    from_photograph,
    named,
    of_class,
)
from explorer.data.pictures.uploads import MOST_BYTES, from_upload, start_upload
