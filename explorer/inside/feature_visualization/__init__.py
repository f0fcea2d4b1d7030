"""What a channel answers to most: among the pictures of a data set, and drawn by its gradient."""

from explorer.inside.feature_visualization.activation_maximization import (
    GOALS,
    Ascent,
    Settings,
    ascend,
)
from explorer.inside.feature_visualization.probe import Box, Fields, Probe
from explorer.inside.feature_visualization.searching import BEST, Gallery, TopPictures, strongest
