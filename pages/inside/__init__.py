"""Look inside: what trained networks see and answer."""
