"""Learn an edge kernel: can a kernel find the edge by itself?"""
