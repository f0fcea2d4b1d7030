"""Why this class? What in the picture does the answer rest on?"""
