"""What the address of this page holds."""

from explorer.ui.state import State

STATE = State("check")
