"""The product: one folder a page, by section."""
