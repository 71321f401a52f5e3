"""How does a network learn? It does so in the page, while one watches."""
