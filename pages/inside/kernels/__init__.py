"""Kernels: what does each layer look for?"""
