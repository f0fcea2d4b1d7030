"""Padding and stride: how large is the output, and what is never read?"""
