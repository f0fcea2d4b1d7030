"""Feature maps: what does each layer see?"""
