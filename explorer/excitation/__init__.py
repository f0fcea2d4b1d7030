"""What a channel answers to most: among the pictures of a data set, and drawn by its gradient."""

from explorer.excitation.ascending import GOALS, Ascent, Settings, ascend
from explorer.excitation.fields import Box, Fields
from explorer.excitation.gallery import Gallery
from explorer.excitation.probe import Probe
from explorer.excitation.searching import BEST, Found, strongest

__all__ = [
    "BEST",
    "GOALS",
    "Ascent",
    "Box",
    "Fields",
    "Found",
    "Gallery",
    "Probe",
    "Settings",
    "ascend",
    "strongest",
]
