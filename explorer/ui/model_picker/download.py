"""The weights that torchvision publishes: here already, or to be had with a button."""

from explorer.base.language import _
from explorer.ui import download_view, downloads
from explorer.ui.state import State
from explorer.weights import published


def here(network: str) -> bool:
    """Whether the file is on this machine already."""
    return published.exist(network) and published.at_hand(network)


def at_hand(state: State, network: str) -> bool:
    """Whether the weights are here; else what can be done about it is on the page."""
    if here(network):
        return True
    download = downloads.of_weights(network)
    if not download_view.going(state, download):
        words = _("The published weights of {network} are not on this machine yet.")
        download_view.offer(state, download, _("Download them"), words.format(network=network))
    return False
