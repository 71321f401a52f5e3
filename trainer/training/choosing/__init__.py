"""The first training on a person's own pictures: which settings, chosen from the data and said."""
