"""Pictures in files, decoded once into one file that is mapped."""
