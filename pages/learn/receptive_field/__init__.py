"""Receptive field: how much of the picture does one unit see?"""
