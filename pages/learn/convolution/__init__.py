"""Convolution: where does this number come from?"""
