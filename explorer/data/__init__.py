"""Data sets and pictures: where they come from, how they are checked and prepared."""
