"""How do runs and lessons become a web site that needs no server? Files in a folder, whose pages open from any host and from disk."""
