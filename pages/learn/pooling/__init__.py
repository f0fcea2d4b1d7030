"""Pooling: what does it forgive, and what does it lose?"""
