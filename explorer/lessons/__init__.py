"""Engines of the learning pages: windows, channels, an edge kernel, batch norm, blocks, quiz."""
