"""Compare: which network answers better, and at what price?"""
