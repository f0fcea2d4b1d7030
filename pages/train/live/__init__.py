"""Live: is it learning?"""
