"""Channels and 1 × 1: how do several channels become one number?"""
