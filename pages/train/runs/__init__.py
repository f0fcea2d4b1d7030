"""Runs: which run did better, and why?"""
