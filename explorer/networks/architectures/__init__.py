"""The course's networks, one file each. Copy `lenet.py` to add one: it is found by itself."""
