"""Where is this visitor in a lesson?"""
