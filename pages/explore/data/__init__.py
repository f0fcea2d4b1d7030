"""Data: what does a network learn from?"""
