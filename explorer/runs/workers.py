"""Where a worker's first function was for an old host: its new processes find it by this name.

See `host.py` for why, and until when.
"""

from explorer.runs.engines.local.workers import _enter

__all__ = ["_enter"]
