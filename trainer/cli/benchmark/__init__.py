"""How fast does this machine train? Loops that are equal in their work, and what is printed of them."""
