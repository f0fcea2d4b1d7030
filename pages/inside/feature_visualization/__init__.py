"""What excites it: what does a channel answer to most?"""
