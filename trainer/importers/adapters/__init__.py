"""Which parts of a model encode and decode: adapters in lists, and what the answers of a part mean."""
