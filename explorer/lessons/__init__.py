"""What is a lesson? A Markdown file with a few blocks, read into records and checked.

Nothing of it is evaluated, and no HTML is let through. `parse.py` reads a file, `check.py` holds it against the runs that are there.
"""
