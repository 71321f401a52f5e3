"""What can one learn from a map, step by step?"""
