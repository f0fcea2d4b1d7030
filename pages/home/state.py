"""Nothing can be chosen on this page."""

from explorer.ui.state import State

STATE = State("")
