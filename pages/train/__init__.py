"""Train: short runs, watched live."""
