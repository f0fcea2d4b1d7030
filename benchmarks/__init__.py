"""How fast the explorer is, measured beside a peer in the same run."""
