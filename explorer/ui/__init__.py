"""The page layer: the only room of the package that imports streamlit."""
