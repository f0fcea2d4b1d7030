"""New run: what shall be trained, and what will it take?"""
