"""Explore: networks layer by layer, and what they learn from."""
