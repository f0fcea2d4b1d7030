"""Blocks: what are modern networks built from?"""
