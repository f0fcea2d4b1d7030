"""Check yourself: can you tell before the machine does?"""
