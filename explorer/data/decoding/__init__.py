"""Reading strangers' files: what runs in a process of its own (`tasks`), light to start."""
