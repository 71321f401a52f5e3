"""How do runs and lessons become a web site that needs no server? `write_site` writes the folder; a page opens from any host and from disk."""
