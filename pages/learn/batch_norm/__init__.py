"""Batch normalisation: what does it do to a batch?"""
