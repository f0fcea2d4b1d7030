"""Layers: what happens to an image inside a network, layer by layer?"""
