"""Boards: pictures that the browser draws, shared by pages."""
