"""Work in a process of its own: with limits, progress, a place in a queue, and a stop that ends it.

What a stranger's file does to the library that reads it stays in that process, and ends with it.
"""

from explorer.tasks.records import Limits, Output, Progress, Refused, Work

__all__ = ["Limits", "Output", "Progress", "Refused", "Work"]
