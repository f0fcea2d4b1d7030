"""The course's blocks, each measured on its own: shapes, parameters, MACs, and what they keep."""

from explorer.lessons.blocks.dense import Growth, densenets_channels, growth, transition
from explorer.lessons.blocks.inception import Savings, Unreduced, Widths, googlenets, savings
from explorer.lessons.blocks.measured import Block, measure, plain
from explorer.lessons.blocks.residual import Meeting, Shortcut, meeting, shortcut
from explorer.lessons.blocks.six import definitions, growth_to, side_by_side
