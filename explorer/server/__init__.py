"""The server process: its own routes, headers, limits and how it is started."""
