"""What every room stands on: words, units, storage, devices, tasks, limits."""
